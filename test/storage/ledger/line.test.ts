/** What lists say of decisions in one line: of several triggers that said no, the one that came closest. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision, TraceStep } from "../../../src/core/decision.ts";
import { lineOf } from "../../../src/storage/ledger/record.ts";

const pass: TraceStep = { station: "intercept", name: "github", verdict: "pass" };
const stop: TraceStep = { station: "intercept", name: "cel", verdict: "stop" };
const no = (name: string, reason: string, passes: number): Decision => ({
  ...{ trigger: { namespace: "t", name }, result: "filtered", reason },
  trace: [...Array.from({ length: passes }, () => pass), stop],
});
const push = no("push", "event type pull_request is not among push", 0);
const pr = no("pr", "body.action is “closed”", 2);

test("the trigger that came closest says why, wherever it stands; of equal ones the first", () => {
  const closest = "pr: body.action is “closed” (and 2 more triggers)";
  assert.equal(lineOf([push, pr, no("tag", "no tag", 1)]), closest);
  assert.equal(lineOf([pr, push, no("other", "no", 2)]), closest);
});

test("a failure goes before every no", () => {
  const failed: Decision = { ...push, result: "failed", reason: "no such template", trace: [] };
  assert.equal(lineOf([pr, failed]), "push: no such template (and 1 more trigger)");
});
