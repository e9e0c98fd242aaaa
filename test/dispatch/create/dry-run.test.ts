/** The dry-run target. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createDryRunTarget } from "../../../src/dispatch/create/dry-run.ts";
import { jobOf, pipelineRun, runOf } from "../../contracts/target.ts";

test("a dry run says what it would have created", async () => {
  const target = createDryRunTarget();
  await target.ready();
  const run = runOf(await target.create(pipelineRun("d", "", "build"), jobOf("d", "ci")));
  assert.deepEqual(run, {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    namespace: "ci",
    name: "build",
    where: "dry-run",
    outcome: "created",
  });
  await target.close();
});
