/** Acts in lists: an order of many is one entry, however many deliveries it was done to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { foldedActs } from "../../src/admin/acts.ts";
import type { Act } from "../../src/core/act.ts";

/** A ledger that holds these, oldest first, and pages through them newest first. */
function ledgerOf(acts: readonly Act[], done: Readonly<Record<string, number>> = {}) {
  const newest = acts.toReversed();
  return {
    async batch(id: string) {
      const order = { batch: { id, done: done[id], endedAt: 1 }, request: {}, saidAt: 1 };
      return id in done ? { id, at: 1, text: JSON.stringify(order) } : undefined;
    },
    async acts({ limit, cursor = "0" }: { readonly limit: number; readonly cursor?: string }) {
      const end = Number(cursor) + limit;
      const items = newest.slice(Number(cursor), end);
      return { items, ...(end < newest.length && { next: String(end) }) };
    },
  };
}

const by = { actor: "ann", reason: "quota" };
const order: Act = { at: 1, verb: "drop", subject: "fingerprint=abc", ...by, batch: "b1" };
const dropOf = (i: number): Act => ({ at: 2 + i, verb: "drop", subject: `019ab-${i}`, ...by, batch: "b1" });
const pause: Act = { at: 5, verb: "pause", subject: "queue", actor: "bob" };

test("what an order did to 41 deliveries is one entry with its words, its reason and their number", async () => {
  const drops = Array.from({ length: 41 }, (_, i) => dropOf(i));
  // Somebody else did something meanwhile.
  const ledger = ledgerOf([order, ...drops.slice(0, 20), pause, ...drops.slice(20)]);
  assert.deepEqual((await foldedActs(ledger, { limit: 20 })).items, [{ ...order, at: 42, count: 41 }, pause]);
});

test("an order of a single delivery, and one of which only the order is written down, stay as they are", async () => {
  const replay: Act = { at: 1, verb: "replay", subject: "event=push", actor: "ann", batch: "b2" };
  const { items } = await foldedActs(ledgerOf([replay, dropOf(0)]), { limit: 20 });
  assert.deepEqual(items, [{ ...dropOf(0), count: 1 }, replay]);
});

test("an order to drop all counts what was dropped, and not itself", async () => {
  const all: Act = { ...order, subject: "all" };
  const one = await foldedActs(ledgerOf([all, dropOf(0)], { b1: 1 }), { limit: 20 });
  assert.deepEqual(one.items, [{ ...all, at: 2, count: 1 }]);
  const none = await foldedActs(ledgerOf([all], { b1: 0 }), { limit: 20 });
  assert.deepEqual(none.items, [{ ...all, count: 0 }]);
  const onTheNextPage = await foldedActs(ledgerOf([all], { b1: 3 }), { limit: 20 });
  assert.deepEqual(onTheNextPage.items, [all]);
});

test("an order to replay or retry, which writes nothing for each, has the number that its batch has done", async () => {
  const replay: Act = { at: 1, verb: "replay", subject: "event=push", actor: "ann", batch: "b2" };
  const retry: Act = { at: 2, verb: "retry", subject: "019ab-0", actor: "ann", batch: "b3" };
  const { items } = await foldedActs(ledgerOf([replay, retry], { b2: 5, b3: 0 }), { limit: 20 });
  assert.deepEqual(items, [
    { ...retry, count: 0 },
    { ...replay, count: 5 },
  ]);
});

test("a page holds no more than was asked for, and the next one goes on behind it", async () => {
  const acts: Act[] = Array.from({ length: 9 }, (_, i) => ({ at: i, verb: "pause", subject: "queue" }));
  const first = await foldedActs(ledgerOf(acts), { limit: 4 });
  assert.deepEqual(first.items, acts.slice(5).toReversed());
  const second = await foldedActs(ledgerOf(acts), { limit: 9, cursor: first.next ?? "" });
  assert.deepEqual(second, { items: acts.slice(0, 5).toReversed() });
});
