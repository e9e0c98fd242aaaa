/** What a gateway remembers of its answers: a store that forgot is told of, once, whether or not it was ever away. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import { createAcknowledged } from "../../src/reconcile/acknowledged.ts";
import { accepted } from "../record/facts.ts";

const NEVER = 1_000_000;

/** A store that knows all but what it forgot. */
function open(options: { size?: number; every?: number; later?: number } = {}) {
  const forgotten = new Set<string>();
  const asked: (readonly string[])[] = [];
  const facts: Fact[] = [];
  const { promise: told, resolve } = Promise.withResolvers<Fact>();
  const state: { away?: Error } = {};
  const ledger = {
    async missing(ids: readonly string[]) {
      asked.push(ids);
      if (state.away !== undefined) throw state.away;
      return ids.filter((id) => forgotten.has(id));
    },
  };
  const tell = (fact: Fact) => {
    facts.push(fact);
    resolve(fact);
  };
  const store = { name: "redis redis://here", ledger };
  const acknowledged = createAcknowledged({
    ...{ store: () => store, tell, every: NEVER, later: NEVER, clock: () => 7, ...options },
  });
  const answer = (...ids: readonly string[]) => {
    for (const id of ids) acknowledged.tell({ ...accepted, id });
  };
  return { acknowledged, answer, forgotten, asked, facts, told, state, [Symbol.dispose]: acknowledged.stop };
}

test("all that was acknowledged is looked for, and nothing is told while it is there", async () => {
  using world = open();
  world.answer("a", "b");
  world.acknowledged.tell({ ...accepted, id: "second", duplicateOf: "a" });
  assert.deepEqual(await world.acknowledged.look(), {
    ...{ store: "redis redis://here", since: 7, count: 2, looked: 2 },
  });
  assert.deepEqual([world.asked, world.facts], [[["a", "b"]], []]);
});

test("what is gone is told of once, with the first and the last, and stays in the report", async () => {
  using world = open();
  world.answer("a", "b", "c", "d");
  for (const id of ["b", "d"]) world.forgotten.add(id);
  const forgotten = { count: 2, first: "b", last: "d", at: 7 };
  assert.deepEqual((await world.acknowledged.look()).forgotten, forgotten);
  assert.deepEqual(world.facts, [{ type: "store.forgot", count: 2, first: "b", last: "d", looked: 4 }]);
  assert.deepEqual((await world.acknowledged.look()).forgotten, forgotten);
  assert.equal(world.facts.length, 1);
  world.answer("e");
  world.forgotten.add("e");
  assert.deepEqual((await world.acknowledged.look()).forgotten, { ...forgotten, count: 3, last: "e" });
});

test("the oldest make room, and the order stays", async () => {
  using world = open({ size: 3 });
  world.answer("a", "b", "c", "d", "e");
  const { count, looked } = await world.acknowledged.look();
  assert.deepEqual([count, looked, world.asked], [5, 3, [["c", "d", "e"]]]);
});

test("many are asked for a thousand at a time", async () => {
  using world = open();
  world.answer(...Array.from({ length: 2_500 }, (_, i) => String(i)));
  await world.acknowledged.look();
  assert.deepEqual(
    world.asked.map(({ length }) => length),
    [1_000, 1_000, 500],
  );
});

test("when the store is back all are looked for, and again a while later", async () => {
  using world = open({ later: 20 });
  world.answer("a");
  world.acknowledged.tell({ type: "store.back" });
  // The one that was deposed is wiped only now.
  world.forgotten.add("a");
  assert.equal((await world.told).type, "store.forgot");
  assert.deepEqual(world.asked, [["a"], ["a"]]);
});

test("a sample that misses one has all looked for, on a store that never was away", async () => {
  using world = open({ every: 5 });
  const all = Array.from({ length: 500 }, (_, i) => String(i));
  for (const id of all.slice(0, 400)) world.forgotten.add(id);
  world.answer(...all);
  assert.deepEqual(await world.told, {
    ...{ type: "store.forgot", count: 400, first: "0", last: "399", looked: 500 },
  });
});

test("a store that is away is no defect; whoever asks is told", async () => {
  using world = open({ every: 5 });
  world.answer("a");
  world.state.away = fault("SLUICE_STORE_AWAY", { reason: "gone" });
  await assert.rejects(world.acknowledged.look(), { code: "SLUICE_STORE_AWAY" });
  world.acknowledged.tell({ type: "store.back" });
  while (world.asked.length < 4) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(world.facts, []);
});
