/** One object that a trigger made, here or there: what it is compared by. */

import type { JsonObject } from "../../core/json.ts";
import { isJsonObject, objectAt, ownValue, textAt } from "../../core/json.ts";
import { LABELS } from "../../core/labels.ts";

export interface ShadowRun {
  /** Of the listener and the trigger only the names are on an object. */
  readonly listener: string;
  readonly trigger: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The id of the delivery, by the count of whoever made the object. */
  readonly event: string;
  /** Milliseconds since the epoch; undefined where nobody wrote it down. */
  readonly at: number | undefined;
  readonly object: JsonObject;
}

/**
 * Reads an object by its labels.
 *
 * @param at when it was made, where the object does not say it: milliseconds since the epoch.
 * @returns undefined for what no trigger made. Labels are not enough: Tekton Pipelines hands those of a PipelineRun down to
 *   its TaskRuns, which belong to it.
 */
export function readRun(object: JsonObject, at?: number): ShadowRun | undefined {
  const metadata = objectAt(object, "metadata");
  const labels = objectAt(metadata, "labels");
  const event = textAt(labels, LABELS.event);
  const listener = textAt(labels, LABELS.listener);
  if (event === "" || listener === "" || isOwned(metadata)) return undefined;
  const created = Date.parse(textAt(metadata, "creationTimestamp"));
  return {
    listener,
    event,
    trigger: textAt(labels, LABELS.trigger),
    kind: textAt(object, "kind"),
    namespace: textAt(metadata, "namespace"),
    name: textAt(metadata, "name"),
    at: Number.isNaN(created) ? at : created,
    object,
  };
}

/** Runs of different groups are never the same. As JSON, so that no name can pass for two. */
export function groupOf({ listener, trigger, kind, namespace, object }: ShadowRun): string {
  // A cluster may show a kind in another version than the template wrote.
  const [group] = textAt(object, "apiVersion").split("/");
  return JSON.stringify([listener, trigger, kind, namespace, group]);
}

/** Whether a controller made it, for another object. */
function isOwned(metadata: JsonObject): boolean {
  const owners = ownValue(metadata, "ownerReferences");
  return Array.isArray(owners) && owners.some((owner) => isJsonObject(owner) && owner.controller === true);
}
