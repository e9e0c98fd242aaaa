/** Shares of slots, in time that the test moves on. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, suite, test } from "node:test";
import type { Entered } from "../../../src/storage/queue/fair.ts";
import { createFair } from "../../../src/storage/queue/fair.ts";

const SLOW = 500;
const AWAY = 30_000;

suite("fair shares", () => {
  let lent: number[];
  let now: number;
  let fair: ReturnType<typeof createFair>;
  const pass = (ms: number) => {
    now += ms;
    mock.timers.tick(ms);
  };
  const enter = (key: string, count: number) => Array.from({ length: count }, () => fair.enter(key));
  const isIn = (one: Entered) => "leave" in one;
  const leave = (...all: readonly Entered[]) => {
    for (const one of all) if ("leave" in one) one.leave(true);
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    lent = [];
    now = 1_000;
    const onLent = (count: number) => lent.push(count);
    fair = createFair({ slots: 8, slowMs: SLOW, awayMs: AWAY, onLent, clock: () => now, random: () => 0.5 });
  });
  afterEach(() => mock.timers.reset());

  test("who is quick may have every slot, and nothing is lent", () => {
    for (let round = 0; round < 3; round++) {
      const all = enter("quick", 8);
      assert.ok(all.every(isIn));
      pass(SLOW - 1);
      leave(...all);
    }
    assert.deepEqual(lent, []);
  });

  test("slots that are held for long are lent, and given back one by one", () => {
    const [one, two] = enter("hangs", 2);
    assert.ok(one && two);
    pass(SLOW);
    assert.deepEqual(lent, [2]);
    leave(one);
    leave(two);
    assert.deepEqual(lent, [2, 1, 0]);
  });

  test("a slow key has as many slots as there are, and comes again for more when one should be free", () => {
    const first = enter("slow", 3);
    pass(SLOW);
    const more = enter("slow", 7);
    assert.equal(more.filter(isIn).length, 5);
    assert.equal(lent.at(-1), 8);
    const away = more.flatMap((one) => ("afterMs" in one ? one.afterMs : []));
    assert.deepEqual(away, [SLOW, SLOW + SLOW / 8]);
    pass(10_000);
    leave(...first);
    const later = enter("slow", 5).flatMap((one) => ("afterMs" in one ? one.afterMs : []));
    assert.equal(later.length, 2);
    assert.equal((later[1] ?? 0) - (later[0] ?? 0), (10_000 + SLOW) / 8);
  });

  test("slow keys share, and quick ones are not asked to", () => {
    const [a, b] = [enter("a", 1), enter("b", 1)];
    pass(SLOW);
    assert.equal([...a, ...enter("a", 9)].filter(isIn).length, 4);
    assert.equal([...b, ...enter("b", 9)].filter(isIn).length, 4);
    assert.equal(enter("quick", 8).filter(isIn).length, 8);
  });

  test("each slow key has a slot at least, and no more is lent than three times the slots", () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
    for (const key of keys) enter(key, 1);
    pass(SLOW);
    for (const key of keys) assert.ok(!enter(key, 1).some(isIn), key);
    assert.ok(enter("key-new", 1).some(isIn));
    assert.equal(lent.at(-1), 24);
  });

  test("nobody is turned away for longer than the limit", () => {
    enter("hangs", 8);
    pass(SLOW);
    const waits = enter("hangs", 5_000).map((one) => ("afterMs" in one ? one.afterMs : 0));
    assert.ok(Math.max(...waits) <= AWAY && Math.min(...waits) >= SLOW, `${Math.max(...waits)}`);
    assert.equal(waits.at(-1), AWAY * 0.9);
  });

  for (const [tried, took] of [
    [true, SLOW - 1],
    [false, SLOW],
  ] as const) {
    test(`a slow key is free again after a job that ${tried ? "was quick" : "was not tried"}`, () => {
      const one = enter("mends", 1);
      pass(SLOW);
      leave(...one);
      const some = enter("mends", 9);
      assert.equal(some.filter(isIn).length, 8, "still slow");
      pass(took);
      for (const each of some) if ("leave" in each) each.leave(tried);
      assert.equal(enter("mends", 20).filter(isIn).length, 20);
    });
  }
});
