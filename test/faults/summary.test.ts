/** What all runs of a row came to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "./perform.ts";
import { summarize } from "./summary.ts";

const outcome = (row: number, over: Partial<Outcome> = {}): Outcome => ({
  ...{ row, name: `row ${row}`, sent: 10, accepted: 9, unanswered: 1, objects: 20 },
  ...{ lost: 0, twice: 0, strangers: 0, faults: [], statuses: { 202: 9 }, drainMs: 5, tookMs: 50 },
  ...{ measured: {}, defects: {} },
  ...over,
});

test("adds up what was counted and keeps the worst of what was measured, row by row", () => {
  const first = outcome(2, { measured: { p95: 7, kills: 5 }, statuses: { 202: 9, 503: 4 } });
  const second = outcome(2, { measured: { p95: 11 }, drainMs: 9, defects: { oops: 2 } });
  const [one, two, ...more] = summarize([first, outcome(1), second]);
  assert.deepEqual([one?.row, one?.runs, more.length], [1, 1, 0]);
  assert.deepEqual(two, {
    ...{ row: 2, name: "row 2", runs: 2, sent: 20, accepted: 18, unanswered: 2, objects: 40 },
    ...{ lost: 0, twice: 0, strangers: 0, statuses: { 202: 18, 503: 4 }, drainMs: 9 },
    ...{ measured: { p95: 11, kills: 5 }, defects: { oops: 2 }, faults: [] },
  });
});

test("one run that failed shows among many that held", () => {
  const broken = outcome(1, { lost: 1, faults: ["delivery 7 is lost"] });
  const [summary] = summarize([outcome(1), broken, outcome(1)]);
  assert.equal(summary?.lost, 1);
  assert.deepEqual(summary?.faults, ["delivery 7 is lost"]);
});
