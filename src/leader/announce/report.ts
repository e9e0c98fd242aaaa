/** What is told about one listener: its status, its Service, an Event when it cannot fire and one when it can again. */

import { isJsonObject, parseJson } from "../../core/json.ts";
import { SERVED_BY } from "../../core/labels.ts";
import type { Plans, VisiblePlan } from "../../core/plan.ts";
import { allVisible } from "../../core/plan.ts";
import type { Api, Events } from "../../kubernetes/index.ts";
import { mergePatch, refusedWrite, versionPath } from "../../kubernetes/index.ts";
import type { Places } from "./address.ts";
import { addressOf } from "./address.ts";
import type { SeenListener } from "./listener.ts";
import { readListener } from "./listener.ts";
import { ensureService, type ServiceState } from "./service.ts";
import type { Verdict } from "./verdict.ts";
import { conditionsOf, verdictOf } from "./verdict.ts";

export interface ReportNeeds {
  readonly api: Api;
  readonly plans: Pick<Plans, "find">;
  /** Default: every trigger may be used. */
  readonly visible?: VisiblePlan;
  readonly places: Places;
  /** Whose gateways these are: the namespace of their Lease. */
  readonly installation: string;
  /** Whether listeners get Services of their own; for that `places.service` must be known. */
  readonly services: boolean;
  readonly events: Events;
  /**
   * Milliseconds. For so long a listener that nobody holds is left to Tekton's controller, which is to come first where
   * there is one, and for so long must it be unable to fire before that is worth an Event: whoever applies a file makes
   * listeners before their triggers.
   */
  readonly settle: number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
}

/** A listener, and what was told of it. */
export interface Known {
  readonly seen: SeenListener;
  /** When it was first seen. */
  readonly since: number;
  readonly verdict?: { readonly words: string; readonly since: number };
  /** Whether an Event told that it cannot fire. */
  readonly warned?: boolean;
}

/**
 * Tells what is new about a listener that is ours.
 *
 * @returns what is known to be told now.
 * @throws SluiceError when the server refuses or does not answer.
 */
export async function report(needs: ReportNeeds, known: Known): Promise<Known> {
  const { api, plans, visible = allVisible, places, settle, clock } = needs;
  const { seen, since } = known;
  const plan = plans.find(seen.namespace, seen.name);
  const ours = seen.owner === "sluice" || (seen.owner === "nobody" && clock() >= since + settle);
  // What the catalog does not know yet, it will know the next time.
  if (plan === undefined || !ours) return known;
  const verdict = verdictOf(await visible(plan));
  const { service: gateway } = places;
  const own = needs.services && gateway ? await ensureService(api, seen, gateway, places) : undefined;
  const written = await writeStatus(needs, seen, verdict, own);
  return say(needs, { ...known, seen: written ?? seen }, verdict);
}

/** @returns the listener as it is after it was written; undefined when nothing was. */
async function writeStatus(
  { api, places, installation }: ReportNeeds,
  seen: SeenListener,
  verdict: Verdict,
  service?: ServiceState,
): Promise<SeenListener | undefined> {
  const { namespace, name, apiVersion, resourceVersion, conditions: before } = seen;
  const conditions = conditionsOf(verdict, before, now(), service);
  const url = addressOf(seen, places, service?.exists === true);
  if (url === seen.address && JSON.stringify(conditions) === JSON.stringify(before)) return undefined;
  const path = `${versionPath(apiVersion)}/namespaces/${namespace}/eventlisteners/${name}/status`;
  const annotations = { [SERVED_BY]: installation };
  const status = { address: url === "" ? null : { url }, annotations, conditions };
  // With its version: of two that write at once one is refused, and looks again.
  const response = await api.send(mergePatch(path, { metadata: { resourceVersion }, status }));
  if (response.status === 404 || response.status === 409) return undefined;
  const after = response.status === 200 ? parseJson(response.body) : undefined;
  if (isJsonObject(after)) return readListener(after, installation);
  throw refusedWrite(response, `patch the status of EventListener ${namespace}/${name}`);
}

async function say(needs: ReportNeeds, known: Known, { ready, reason, message }: Verdict): Promise<Known> {
  const words = `${reason}: ${message}`;
  const since = known.verdict?.words === words ? known.verdict.since : needs.clock();
  const told = { ...known, verdict: { words, since } };
  if (ready === (known.warned !== true) || needs.clock() < since + needs.settle) return told;
  const { apiVersion, namespace, name, uid } = known.seen;
  await needs.events.say(
    { apiVersion, kind: "EventListener", namespace, name, uid },
    ready
      ? { type: "Normal", reason: "CanFire", action: "Compile", note: message }
      : { type: "Warning", reason: "CannotFire", action: "Compile", note: words },
  );
  return { ...told, warned: !ready };
}

/** metav1.Time: whole seconds, UTC. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+/, "");
}
