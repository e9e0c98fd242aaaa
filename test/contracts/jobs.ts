/** Jobs for tests of queues. */

import type { CreateJob } from "../../src/core/job.ts";

/** A small create job; `fields` replace its own. */
export function createJob(fields: Partial<CreateJob> = {}): CreateJob {
  return {
    kind: "create",
    id: "job",
    delivery: "01890a5d-ac96-774b-bcce-b302099a8057",
    listener: { namespace: "ci", name: "main" },
    trigger: { namespace: "ci", name: "push" },
    receivedAt: Date.now(),
    objects: [{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { name: "run" } }],
    ...fields,
  };
}
