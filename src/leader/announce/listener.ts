/** An EventListener as the cluster has it: what tells whose it is, and what its status says. */

import type { ObjectName } from "../../core/delivery.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, objectAt, ownValue } from "../../core/json.ts";
import { SERVED_BY } from "../../core/labels.ts";

/** One of `status.conditions` (knative.dev/pkg/apis: Condition). */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export interface SeenListener extends ObjectName {
  readonly apiVersion: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly owner: Owner;
  readonly address: string;
  readonly conditions: readonly Condition[];
}

/**
 * Who writes a listener's status. `sluice`: we may. `tekton`: its controller holds it. `other`: somebody wrote a status
 * that is not ours, be it the gateways of another installation. `nobody`: our turn, unless Tekton's controller comes first.
 */
export type Owner = "sluice" | "tekton" | "other" | "nobody";

/** `true`: Sluice's, Tekton's finalizer or not; the name of an installation: that one's; anything else: nobody's of us. */
export const MANAGED = "sluice.dev/managed";
/** What Tekton's controller puts on each listener before it does anything else (knative.dev/pkg genreconciler). */
const TEKTON_FINALIZER = "eventlisteners.triggers.tekton.dev";
/** Ends the reason of the condition Available where the status is ours. */
export const OURS = "BySluice";

/** @param installation whose gateways ask: the namespace of their Lease. */
export function readListener(object: JsonObject, installation: string): SeenListener | undefined {
  const metadata = objectAt(object, "metadata");
  const { name, namespace, uid, resourceVersion } = metadata;
  const { apiVersion } = object;
  if (typeof name !== "string" || typeof namespace !== "string" || typeof apiVersion !== "string")
    return undefined;
  const status = objectAt(object, "status");
  const conditions = listAt(status, "conditions").filter(isJsonObject).map(conditionOf);
  return {
    ...{ name, namespace, apiVersion, uid: textOf(uid), resourceVersion: textOf(resourceVersion) },
    owner: ownerOf(metadata, status, conditions, installation),
    address: textOf(objectAt(status, "address").url),
    conditions,
  };
}

function ownerOf(
  metadata: JsonObject,
  status: JsonObject,
  conditions: readonly Condition[],
  installation: string,
): Owner {
  const managed = ownValue(objectAt(metadata, "annotations"), MANAGED);
  if (managed !== undefined && managed !== "true" && managed !== installation) return "other";
  if (metadata.deletionTimestamp !== undefined) return "other";
  if (managed === installation) return "sluice";
  // Two installations that write in turns would never end.
  const servedBy = ownValue(objectAt(status, "annotations"), SERVED_BY) ?? installation;
  if (servedBy !== installation) return "other";
  if (managed === "true") return "sluice";
  if (listAt(metadata, "finalizers").includes(TEKTON_FINALIZER)) return "tekton";
  if (conditions.length === 0) return "nobody";
  const available = conditions.find(({ type }) => type === "Available");
  return available?.reason.endsWith(OURS) ? "sluice" : "other";
}

function conditionOf({ type, status, reason, message, lastTransitionTime }: JsonObject): Condition {
  return {
    ...{ type: textOf(type), status: textOf(status), reason: textOf(reason), message: textOf(message) },
    lastTransitionTime: textOf(lastTransitionTime),
  };
}

const textOf = (value: JsonValue | undefined): string => (typeof value === "string" ? value : "");

function listAt(object: JsonObject, key: string): readonly JsonValue[] {
  const value = ownValue(object, key);
  return Array.isArray(value) ? value : [];
}
