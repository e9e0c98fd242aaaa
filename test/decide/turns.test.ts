/** Turns of deciding: cheap listeners never wait, expensive ones share, one at a time, and are refused beyond a bound. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../src/core/errors.ts";
import { createTurns, EXPENSIVE_STEPS, type Visit } from "../../src/decide/turns.ts";

/** A scheduler whose time and event loop stand still until they are told to go on. */
function stillTurns() {
  let now = 0;
  let due: { run: () => void; at: number }[] = [];
  const later = (run: () => void, ms: number) => due.push({ run, at: now + ms });
  const turns = createTurns({ clock: () => now, afterLoop: (run) => later(run, 0), later });
  return {
    turns,
    pass(ms: number) {
      now += ms;
    },
    /** Runs what is due, and what that makes due. */
    async advance(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = due.toSorted((a, b) => a.at - b.at).find(({ at }) => at <= end);
        if (next === undefined) break;
        due = due.filter((one) => one !== next);
        now = Math.max(now, next.at);
        next.run();
        for (let i = 0; i < 5; i++) await Promise.resolve();
      }
      now = Math.max(now, end);
    },
  };
}

const enterAtOnce = (entered: Visit | Promise<Visit>): Visit => {
  assert.ok(!(entered instanceof Promise), "it waits");
  return entered;
};

async function makeExpensive({ turns, advance }: ReturnType<typeof stillTurns>, listener: string) {
  enterAtOnce(turns.enter(listener, 0)).leave(EXPENSIVE_STEPS);
  await advance(1_000);
}

test("cheap deliveries pass at once, however many others wait", async () => {
  const still = stillTurns();
  const first = enterAtOnce(still.turns.enter("a", 10));
  still.pass(20);
  const paused = first.pause(200_000);
  for (let i = 0; i < 100; i++) enterAtOnce(still.turns.enter("b", 10)).leave(100);
  await still.advance(20);
  await paused;
});

test("an expensive listener's deliveries go one at a time, and rest for as long as each took", async () => {
  const still = stillTurns();
  await makeExpensive(still, "a");
  const order: string[] = [];
  enterAtOnce(still.turns.enter("a", 0));
  for (const name of ["second", "third"]) {
    const entered = still.turns.enter("a", 0);
    assert.ok(entered instanceof Promise);
    entered.then(() => {
      order.push(name);
      still.pass(40);
    });
  }
  await still.advance(0);
  assert.deepEqual(order, ["second"]);
  await still.advance(39);
  assert.deepEqual(order, ["second"]);
  await still.advance(1);
  assert.deepEqual(order, ["second", "third"]);
});

test("of expensive listeners the one that used least goes first, whoever came first", async () => {
  const still = stillTurns();
  for (const listener of ["greedy", "modest"]) await makeExpensive(still, listener);
  const order: string[] = [];
  const greedy = enterAtOnce(still.turns.enter("greedy", 0));
  const turn = (listener: string, visit: Visit, spent: number) =>
    visit.pause(spent).then(() => order.push(listener));
  turn("greedy", greedy, 5_000_000);
  const modest = still.turns.enter("modest", 0);
  assert.ok(modest instanceof Promise);
  modest.then(() => order.push("modest"));
  await still.advance(1_000);
  assert.deepEqual(order, ["greedy", "modest"]);
});

test("what has begun is finished before the next of its listener begins", async () => {
  const still = stillTurns();
  await makeExpensive(still, "a");
  const order: string[] = [];
  const first = enterAtOnce(still.turns.enter("a", 0));
  Promise.resolve(still.turns.enter("a", 0)).then(() => order.push("next"));
  first.pause(200_000).then(() => order.push("first"));
  await still.advance(1_000);
  assert.deepEqual(order, ["first", "next"]);
});

test("beyond 64 deliveries or 16 MiB an expensive listener is refused, and what waited for 5 s too", async () => {
  const busy = { code: "SLUICE_LISTENER_BUSY" };
  const still = stillTurns();
  await makeExpensive(still, "a");
  const first = enterAtOnce(still.turns.enter("a", 0));
  const waiting = Array.from({ length: 64 }, () => Promise.resolve(still.turns.enter("a", 0)));
  assert.throws(() => still.turns.enter("a", 0), busy);
  enterAtOnce(still.turns.enter("b", 0));
  const unbounded = still.turns.enter("a", 0, false);
  assert.ok(unbounded instanceof Promise, "a worker waits");
  void first;
  still.pass(5_001);
  const settled = Promise.allSettled(waiting);
  await still.advance(10_000);
  const refused = (await settled).filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 64);
  assert.ok((refused[0] as PromiseRejectedResult).reason instanceof SluiceError);
  await unbounded;

  const other = stillTurns();
  await makeExpensive(other, "a");
  enterAtOnce(other.turns.enter("a", 0));
  void other.turns.enter("a", 16 * 1024 * 1024);
  assert.throws(() => other.turns.enter("a", 1), busy);
});

test("a minute after its last expensive delivery a listener is cheap again", async () => {
  const still = stillTurns();
  await makeExpensive(still, "a");
  await still.advance(61_000);
  enterAtOnce(still.turns.enter("a", 0));
  enterAtOnce(still.turns.enter("a", 0));
});
