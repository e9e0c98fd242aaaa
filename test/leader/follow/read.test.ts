/** What a run's status means: Tekton's words for how it stands, and what is no run of ours. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../src/core/json.ts";
import { readRun } from "../../../src/leader/follow/read.ts";

const ID = "01a20460-afb3-761a-b7c5-e1e28ac78e64";
const AT = {
  created: "2026-01-01T00:00:01Z",
  started: "2026-01-01T00:00:04Z",
  ended: "2026-01-01T00:02:04Z",
};
const [createdAt, startedAt, endedAt] = Object.values(AT).map((time) => Date.parse(time));

function run(status: unknown, metadata: JsonObject = {}): JsonObject {
  const labels = { "triggers.tekton.dev/triggers-eventid": ID };
  const base = { namespace: "ci", name: "build-1", creationTimestamp: AT.created, labels };
  return { kind: "PipelineRun", metadata: { ...base, ...metadata }, status } as JsonObject;
}

const condition = (status: string, reason: string) => [
  { type: "Ready", status: "True" },
  { type: "Succeeded", status, reason, message: "said", lastTransitionTime: AT.ended },
];

for (const [status, reason, phase] of [
  ["Unknown", "Started", "running"],
  ["Unknown", "Cancelled", "running"],
  ["Unknown", "StoppedRunningFinally", "running"],
  ["True", "Succeeded", "succeeded"],
  ["True", "Completed", "succeeded"],
  ["False", "Failed", "failed"],
  ["False", "CouldntGetPipeline", "failed"],
  ["False", "Cancelled", "cancelled"],
  ["False", "TaskRunCancelled", "cancelled"],
  ["False", "PipelineRunTimeout", "timed-out"],
  ["False", "TaskRunTimeout", "timed-out"],
] as const) {
  test(`Succeeded=${status} with reason ${reason} is ${phase}`, () => {
    const seen = readRun(run({ startTime: AT.started, conditions: condition(status, reason) }));
    const ended = phase === "running" ? {} : { endedAt };
    assert.deepEqual(seen, {
      ...{ delivery: ID, run: { kind: "PipelineRun", namespace: "ci", name: "build-1" }, createdAt },
      progress: { phase, createdAt, startedAt, ...ended, reason, message: "said" },
    });
  });
}

test("what has not started waits; what was cancelled before has an end and no start", () => {
  for (const status of [undefined, null, {}, { conditions: condition("Unknown", "PipelineRunPending") }])
    assert.equal(readRun(run(status))?.progress, undefined, JSON.stringify(status));
  const cancelled = readRun(run({ conditions: condition("False", "Cancelled"), completionTime: AT.ended }));
  assert.deepEqual(cancelled?.progress, {
    ...{ phase: "cancelled", createdAt, endedAt, reason: "Cancelled", message: "said" },
  });
});

test("what is no run of ours, or no run at all, is none", () => {
  const labelled = (id: unknown) =>
    ({ labels: { "triggers.tekton.dev/triggers-eventid": id } }) as JsonObject;
  for (const id of ["", "x", `${ID}x`, ID.toUpperCase(), "9b2f9a0e-6f0f-4c5d-8a49-1c6c25d7a1f0", 7, null])
    assert.equal(readRun(run({}, labelled(id))), undefined, JSON.stringify(id));
  for (const metadata of [{ labels: null }, { labels: [] }, { name: 1 }, { namespace: null }])
    assert.equal(readRun(run({}, metadata as JsonObject)), undefined, JSON.stringify(metadata));
  for (const object of [{}, { kind: "PipelineRun" }, { metadata: [] }])
    assert.equal(readRun(object), undefined);
});

test("a status of nonsense says nothing", () => {
  for (const status of [
    7,
    [],
    "x",
    { conditions: "x" },
    { conditions: [null, 1, { type: 1 }] },
    { startTime: "soon" },
  ])
    assert.equal(readRun(run(status))?.progress, undefined, JSON.stringify(status));
  const odd = {
    startTime: AT.started,
    conditions: [{ type: "Succeeded", status: "False", reason: {}, message: [] }],
  };
  assert.deepEqual(readRun(run(odd))?.progress, {
    phase: "failed",
    createdAt,
    startedAt,
    endedAt: startedAt,
  });
});
