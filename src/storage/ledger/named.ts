/** Names in filters, as lists and records print them: `name`, or `namespace/name`. No name of Kubernetes holds a slash. */

import type { Decision } from "../../core/decision.ts";
import type { ObjectName } from "../../core/delivery.ts";
import type { DeliveryFilter } from "../../core/ledger.ts";
import { askedOf, type StoredSummary, triggersOf } from "./record.ts";

/** The name alone: what the indexes hold. */
export const bareName = (text: string): string => text.slice(text.lastIndexOf("/") + 1);

/** Undefined for a name alone: its namespace does not matter. */
export function fullName(text: string | undefined): ObjectName | undefined {
  const slash = text?.lastIndexOf("/") ?? -1;
  return text === undefined || slash < 0
    ? undefined
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** A listener's namespace is a field of its own. Where both are asked for and differ, nothing matches. */
export function splitListener<F extends Pick<DeliveryFilter, "listener" | "namespace">>(filter: F): F {
  const full = fullName(filter.listener);
  if (full === undefined || (filter.namespace ?? full.namespace) !== full.namespace) return filter;
  return { ...filter, namespace: full.namespace, listener: full.name };
}

/** @param runs as summaries name them: `Kind namespace/name`. */
export const hasMade = (runs: readonly string[], { namespace, name }: ObjectName): boolean =>
  runs.some((run) => run.endsWith(` ${namespace}/${name}`));

/** The decision of a trigger that was asked and did not fire. @param wanted `name` or `namespace/name`. */
export function notFiredOf(decisions: readonly Decision[], wanted: string): Decision | undefined {
  const full = fullName(wanted);
  return decisions.find(
    ({ trigger, result }) =>
      (result === "filtered" || result === "failed") &&
      trigger.name === (full?.name ?? wanted) &&
      (full === undefined || trigger.namespace === full.namespace),
  );
}

/** Whether this very trigger matched or failed. */
export const hasFired = (decisions: readonly Decision[], { namespace, name }: ObjectName): boolean =>
  triggersOf(decisions.filter(({ trigger }) => trigger.namespace === namespace)).includes(name);

/** A summary where its decisions are those that are asked for, with the answer where one trigger is asked about. */
export function sifted(
  stored: StoredSummary,
  decisions: readonly Decision[],
  { trigger, notFired }: { readonly trigger: ObjectName | undefined; readonly notFired: string | undefined },
): readonly StoredSummary[] {
  if (trigger !== undefined && !hasFired(decisions, trigger)) return [];
  if (notFired === undefined) return [stored];
  const why = notFiredOf(decisions, notFired);
  return why === undefined ? [] : [askedOf(stored, why)];
}
