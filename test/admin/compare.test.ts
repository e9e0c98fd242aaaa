/** What a dry run says would differ. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "../../src/admin/compare.ts";
import type { Decision } from "../../src/core/decision.ts";
import type { CreateJob, KubernetesObject } from "../../src/core/job.ts";
import type { JsonObject } from "../../src/core/json.ts";

const run = (spec: JsonObject, name = "run-1"): KubernetesObject => ({
  ...{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { name, namespace: "ci" } },
  spec,
});

function decision(name: string, ...objects: readonly KubernetesObject[]): Decision {
  const trigger = { namespace: "ci", name };
  const base = { trigger, reason: objects.length > 0 ? "fires" : "no", trace: [] };
  if (objects.length === 0) return { ...base, result: "filtered" };
  const place = { id: `d-${name}`, delivery: "d", listener: { namespace: "ci", name: "git" }, receivedAt: 1 };
  const job: CreateJob = { kind: "create", ...place, trigger, objects };
  return { ...base, result: "matched", job };
}

const recordOf = (...decisions: readonly Decision[]) => ({
  decisions,
  jobs: decisions.flatMap(({ job }) =>
    job === undefined ? [] : { job, state: "created" as const, attempts: [], runs: [] },
  ),
});

test("the same decisions and objects differ in nothing, whatever the order of keys", () => {
  const then = recordOf(decision("a", run({ x: 1, y: [2] })), decision("b"));
  assert.deepEqual(compare(then, [decision("a", run({ y: [2], x: 1 })), decision("b")]), []);
});

test("a changed object is named with the paths that changed, hostile keys included", () => {
  const hostile = JSON.parse('{"__proto__": {"x": 1}, "list": [1, 2]}') as JsonObject;
  const now = JSON.parse('{"__proto__": {"x": 2}, "list": [1], "new": true}') as JsonObject;
  const [difference, ...more] = compare(recordOf(decision("a", run(hostile))), [decision("a", run(now))]);
  assert.deepEqual(more, []);
  assert.deepEqual(difference?.objects, [
    {
      object: "PipelineRun ci/run-1",
      change: "changed",
      fields: ["spec.__proto__.x", "spec.list[1]", "spec.new"],
    },
  ]);
});

test("triggers that came, went or decided otherwise are rows; other names are other objects", () => {
  const then = recordOf(decision("gone", run({})), decision("other", run({})), decision("renamed", run({})));
  const now = [decision("other"), decision("renamed", run({}, "run-2")), decision("new", run({}))];
  assert.deepEqual(
    compare(then, now).map(({ trigger, before, now, objects }) => [
      trigger.name,
      before ?? "-",
      now ?? "-",
      objects.map(({ change }) => change).join(),
    ]),
    [
      ["gone", "matched: fires", "-", "removed"],
      ["other", "matched: fires", "filtered: no", "removed"],
      ["renamed", "matched: fires", "matched: fires", "removed,added"],
      ["new", "-", "matched: fires", "added"],
    ],
  );
  assert.deepEqual(
    compare(then, [decision("other")], "ci/other").map(({ trigger }) => trigger.name),
    ["other"],
  );
});

test("triggers of one name are told apart by their order", () => {
  const then = recordOf(decision(""), decision(""));
  const now: Decision = { ...decision(""), reason: "another" };
  assert.deepEqual(
    compare(then, [decision(""), now]).map((one) => [one.before, one.now]),
    [["filtered: no", "filtered: another"]],
  );
});
