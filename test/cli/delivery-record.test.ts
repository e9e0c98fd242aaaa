/** What `deliveries show` says of a delivery: whom it waits for; how long its runs waited and ran, and how they ended. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createConsole } from "../../src/cli/console.ts";
import { printRecord } from "../../src/cli/delivery-record.ts";
import type { DeliveryRecord } from "../../src/core/ledger.ts";
import type { RunProgress } from "../../src/core/progress.ts";
import { attemptOf, jobsIn, newDelivery, runOf, START } from "../storage/ledger/samples.ts";

/** The lines about the run of a delivery that has one. */
function shown(progress?: RunProgress): readonly string[] {
  const { delivery, decisions = [], facts } = newDelivery({ decided: "m" });
  const [job] = jobsIn({ delivery, decisions, facts });
  assert.ok(job);
  const { body: _, ...request } = delivery;
  const run = { ...runOf(job), ...(progress && { progress }) };
  const record: DeliveryRecord = {
    ...{ ...request, ...facts, size: 2, outcome: "created", reason: "", runs: [], decided: true },
    decisions: [],
    jobs: [{ job, state: "created", attempts: [attemptOf(job, 1, "done")], runs: [run] }],
  };
  const lines = linesOf(record);
  return lines.slice(lines.findIndex((line) => line.includes("created PipelineRun")) + 1);
}

function linesOf(record: DeliveryRecord): readonly string[] {
  const lines: string[] = [];
  const write = (text: string | Uint8Array) => lines.push(...String(text).trimEnd().split("\n")) > 0;
  const stream = { isTTY: true, write };
  printRecord(createConsole({ stdout: stream, stderr: stream }, false), record);
  return lines;
}

const running: RunProgress = { phase: "running", createdAt: START, startedAt: START + 3_000 };

test("each state of a run has a line of its own", () => {
  assert.deepEqual(shown(), []);
  assert.deepEqual(shown(running), ["    running  waited 3s, since 2026-01-01T00:00:03.000Z"]);
  const done = { ...running, phase: "succeeded", endedAt: START + 250_000, reason: "Completed" } as const;
  assert.deepEqual(shown(done), ["    succeeded  waited 3s, ran 4m07s, ended 2026-01-01T00:04:10.000Z"]);
  const failed = { ...done, phase: "failed", reason: "Failed", message: "task test failed" } as const;
  assert.match(shown(failed)[0] ?? "", /^ {4}failed .*Z {2}Failed: task test failed$/);
  const { startedAt: _, ...cancelled } = { ...done, phase: "cancelled" as const, reason: "Cancelled" };
  assert.match(shown(cancelled)[0] ?? "", /^ {4}cancelled {2}never started, ended .* Cancelled$/);
  assert.match(shown({ ...done, endedAt: START + 11_000_000 })[0] ?? "", /ran 3h03m/);
});

test("what a cluster says of a run cannot drive the terminal or add lines", () => {
  const hostile = { ...running, phase: "failed", message: "x\nforged\u001b[2J" } as const;
  const lines = shown({ ...hostile, endedAt: START + 9_000, reason: "\u001b[31mRed" });
  assert.equal(lines.length, 1);
  assert.ok(!lines.join("").includes("\u001b"));
});

test("a trigger that waits is shown with its reason, and the delivery is not called undecided", () => {
  const { delivery, decisions = [], facts } = newDelivery({ decided: "nw" });
  const { body: _, ...request } = delivery;
  const record: DeliveryRecord = {
    ...{ ...request, ...facts, size: 2, outcome: "pending", reason: "", runs: [], decided: false, jobs: [] },
    decisions,
  };
  const lines = linesOf(record);
  assert.ok(lines.includes("trigger ci/trigger-1  waiting"), lines.join("\n"));
  assert.ok(lines.includes("  = gate: connection refused [SLUICE_INTERCEPTOR_FAILED]"), lines.join("\n"));
  const undecided = (some: DeliveryRecord) => linesOf(some).some((line) => line.includes("not decided yet"));
  assert.deepEqual([undecided(record), undecided({ ...record, decisions: [] })], [false, true]);
});
