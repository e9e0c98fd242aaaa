/** The cost budget: what a trigger, an unproved and a proved delivery may cost, and when the event loop has a turn. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createCostBudget, MAX_TRIGGER_STEPS, STEPS_PER_MS } from "../../src/core/cost-budget.ts";

const exceeded = (what: RegExp) => ({ code: "SLUICE_COST_EXCEEDED", message: what });

test("a trigger has 50 ms, whatever is left of the delivery's", () => {
  const budget = createCostBudget({ bytes: 0 });
  budget.prove();
  const cost = budget.begin();
  cost.charge(MAX_TRIGGER_STEPS);
  assert.throws(() => cost.charge(1), exceeded(/than this trigger may: 50 ms/));
  budget.begin().charge(MAX_TRIGGER_STEPS);
});

test("all triggers share the delivery's, a tenth of it without a proof", () => {
  const budget = createCostBudget({ bytes: 0, limitMs: 100 });
  budget.begin().charge(9 * STEPS_PER_MS);
  assert.throws(
    () => budget.begin().charge(STEPS_PER_MS),
    exceeded(/triggers of this delivery together may: 10 ms/),
  );
  budget.prove();
  budget.begin().charge(40 * STEPS_PER_MS);
  budget.begin().charge(40 * STEPS_PER_MS);
  assert.throws(() => budget.begin().charge(40 * STEPS_PER_MS), exceeded(/together may: 100 ms/));
});

test("the body's bytes add to it, up to a megabyte", () => {
  const spend = (bytes: number, ms: number) => {
    const budget = createCostBudget({ bytes, limitMs: 10 });
    for (let i = 0; i < ms; i++) budget.begin().charge(STEPS_PER_MS - 20);
  };
  spend(100_000, 51);
  assert.throws(() => spend(100_000, 52));
  assert.throws(() => spend(100 * 1024 * 1024, 600));
});

test("after 5 ms of work the event loop should have a turn, and after 5 more again", () => {
  const budget = createCostBudget({ bytes: 0 });
  budget.begin().charge(4 * STEPS_PER_MS);
  assert.equal(budget.due(), false);
  budget.begin().charge(STEPS_PER_MS);
  assert.equal(budget.due(), true);
  budget.turn();
  assert.equal(budget.due(), false);
});
