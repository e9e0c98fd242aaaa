/** Whose an existing object is: the label that Tekton puts on everything a delivery made. */

import type { CreateJob } from "../core/job.ts";
import { isJsonObject, ownValue } from "../core/json.ts";

/** Label that holds the delivery's id (tektoncd/triggers pkg/apis/triggers: EventIDLabelKey). */
const EVENT_LABEL = "triggers.tekton.dev/triggers-eventid";

/** True when an object's metadata says that this job's delivery made it. */
export function isMadeBy(metadata: unknown, job: Pick<CreateJob, "delivery">): boolean {
  const labels = isJsonObject(metadata) ? ownValue(metadata, "labels") : undefined;
  return isJsonObject(labels) && ownValue(labels, EVENT_LABEL) === job.delivery;
}
