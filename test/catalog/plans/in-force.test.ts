/** The plans in force: nothing at first, then one state after the other, each with its own secrets. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createInForce, plansOf } from "../../../src/catalog/plans/in-force.ts";
import { compiled } from "../../helpers/flows.ts";
import { listener, OPEN, secret, trigger } from "../../helpers/objects.ts";

const state = (name: string, token: string) =>
  compiled([secret("hook", token), listener(name, [trigger("a")], OPEN)]);

test("before the first state there are no listeners and no secrets", async () => {
  const { plans, secrets } = createInForce();
  assert.deepEqual([plans.all(), plans.find("ci", "git")], [[], undefined]);
  assert.equal(secrets.peek("ci", "hook"), null);
  assert.equal(await secrets.read("ci", "hook"), null);
});

test("a swap changes plans and secrets together, for everybody who holds them", async () => {
  const { plans, secrets, swap } = createInForce();
  const token = async () => [
    secrets.peek("ci", "hook")?.get("token")?.toString(),
    (await secrets.read("ci", "hook"))?.get("token")?.toString(),
  ];
  swap(await state("git", "one"));
  const first = plans.find("ci", "git");
  assert.ok(first);
  assert.deepEqual(await token(), ["one", "one"]);
  swap(await state("other", "two"));
  assert.deepEqual([plans.find("ci", "git"), plans.all().length], [undefined, 1]);
  assert.deepEqual(await token(), ["two", "two"]);
  assert.equal(first.groups[0]?.triggers.length, 1, "whoever is in the midst of a delivery keeps his plan");
});

test("a listener is found by namespace and name, and by nothing that only looks like them", async () => {
  const { plans } = await state("git", "s");
  const fixed = plansOf(plans.all());
  assert.equal(fixed.find("ci", "git"), plans.all()[0]);
  for (const [namespace, name] of [
    ["", "ci/git"],
    ["ci", ""],
    ["__proto__", "toString"],
    ["CI", "git"],
  ] as const) {
    assert.equal(fixed.find(namespace, name), undefined);
  }
});
