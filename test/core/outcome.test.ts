/** The five classes of the conservation law, as a function of decisions and jobs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DecisionResult } from "../../src/core/decision.ts";
import type { JobRecord, Outcome } from "../../src/core/ledger.ts";
import { outcomeOf } from "../../src/core/outcome.ts";

type State = JobRecord["state"];

const decided = (results: readonly DecisionResult[]) => results.map((result) => ({ result }));
const jobs = (states: readonly State[]) => states.map((state) => ({ state }));

test("nothing is settled before somebody has decided", () => {
  assert.equal(outcomeOf(undefined), "pending");
  assert.equal(outcomeOf(undefined, jobs(["created"])), "pending");
});

const CASES: readonly [readonly DecisionResult[], readonly State[], Outcome][] = [
  [[], [], "filtered"],
  [["filtered", "filtered"], [], "filtered"],
  [["failed"], [], "dead"],
  [["filtered", "failed"], [], "dead"],
  [["matched"], [], "pending"],
  [["matched"], ["pending"], "pending"],
  [["matched"], ["created"], "created"],
  [["matched"], ["dead"], "dead"],
  [["matched", "filtered"], ["created"], "created"],
  [["matched", "failed"], ["pending"], "pending"],
  [["matched", "failed"], ["created"], "dead"],
  [["matched", "waiting"], ["created"], "pending"],
  [["filtered", "waiting"], [], "pending"],
  [["failed", "waiting"], [], "pending"],
  [["matched", "matched"], ["created"], "pending"],
  [["matched", "matched"], ["dead", "pending"], "pending"],
  [["matched", "matched"], ["dead", "created"], "dead"],
  [["matched", "matched"], ["created", "created"], "created"],
];

for (const [results, states, outcome] of CASES) {
  test(`decisions [${results}] with jobs [${states}] are ${outcome}`, () => {
    assert.equal(outcomeOf(decided(results), jobs(states)), outcome);
    assert.equal(outcomeOf(decided(results).reverse(), jobs(states).reverse()), outcome);
  });
}
