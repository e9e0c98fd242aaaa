/** Fields of Tekton Pipelines that are gone, in what templates create. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkGone } from "../../../src/catalog/lint/gone.ts";
import type { Use } from "../../../src/catalog/lint/use.ts";

function goneIn(resource: object): readonly (string | undefined)[] {
  const template = {
    spec: { params: [], resourcetemplates: [resource] },
    annotations: {},
    owner: {},
    path: ["spec"],
  };
  return checkGone({ template } as unknown as Use).map(({ values }) => values["instead"]);
}

test("spec.resources and what moved in v1 are named with what replaced them", () => {
  const run = (spec: object, apiVersion = "tekton.dev/v1") => ({ apiVersion, kind: "PipelineRun", spec });
  assert.match(goneIn(run({ resources: [] })).join(), /went with PipelineResources/);
  assert.match(goneIn(run({ serviceAccountName: "a" })).join(), /spec\.taskRunTemplate\.serviceAccountName/);
  assert.deepEqual(goneIn(run({ serviceAccountName: "a" }, "tekton.dev/v1beta1")), []);
  assert.deepEqual(goneIn(run({ params: [] })), []);
  assert.deepEqual(goneIn({ apiVersion: "other/v1", kind: "PipelineRun", spec: { resources: [] } }), []);
});
