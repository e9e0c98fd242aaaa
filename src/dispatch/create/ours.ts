/** Whose an existing object is: the labels that Tekton puts on everything a delivery made. */

import type { CreateJob } from "../../core/job.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import { LABELS } from "../../core/labels.ts";

/**
 * True when an object's metadata says that this job made it: this delivery for this trigger. Of two triggers that give
 * their objects one name the second has made nothing.
 */
export function isMadeBy(metadata: unknown, { delivery, trigger }: CreateJob): boolean {
  const labels = isJsonObject(metadata) ? ownValue(metadata, "labels") : undefined;
  if (!isJsonObject(labels)) return false;
  return ownValue(labels, LABELS.event) === delivery && ownValue(labels, LABELS.trigger) === trigger.name;
}
