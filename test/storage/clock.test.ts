/** The store's clock: measured, counted on, and not believed where it cannot be right. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact } from "../../src/core/fact.ts";
import { HOLD_MS, openStoreClock } from "../../src/storage/clock.ts";

const START = Date.UTC(2026, 0, 1);
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** A store and a machine with clocks of their own. */
async function world(given: { readonly off?: number; readonly last?: number; readonly trip?: number } = {}) {
  const state = { passed: 0, store: START, wall: START + (given.off ?? 0), trip: given.trip ?? 0 };
  const facts: Fact[] = [];
  const clock = await openStoreClock({
    ask: async () => {
      state.passed += state.trip / 2;
      const time = state.store + state.passed;
      state.passed += state.trip / 2;
      return time;
    },
    highWater: async () => given.last,
    tell: (fact) => facts.push(fact),
    wall: () => state.wall + state.passed,
    monotonic: () => state.passed,
    every: DAY,
  });
  const codes = () => facts.map((fact) => (fact.type === "clock.wrong" ? fact.error.code : fact.type));
  return { state, clock, codes, [Symbol.dispose]: () => clock.close() };
}

test("time is the store's, whatever this machine's clock says, and whatever it is set to meanwhile", async () => {
  using here = await world({ off: 15 * DAY });
  assert.equal(here.clock.now(), START);
  here.state.passed += 5 * SECOND;
  here.state.wall += 40 * DAY;
  assert.equal(here.clock.now(), START + 5 * SECOND);
});

test("a measurement counts from the middle of its round trip, and what is within its error changes nothing", async () => {
  using here = await world({ trip: 200 });
  assert.equal(here.clock.now(), START + 200);
  here.state.store += 100;
  await here.clock.measure();
  assert.equal(here.clock.now(), START + 400, "no jitter");
  here.state.store += 2;
  await here.clock.measure();
  assert.equal(here.clock.now(), START + 702);
  here.state.trip = 5 * SECOND;
  here.state.store += 4 * SECOND;
  await here.clock.measure();
  assert.equal(here.clock.now(), START + 5_702, "a trip that slow says nothing");
});

test("a gateway that is off by more than a minute is not ready, by a code of its own, and tells it once", async () => {
  for (const [off, way] of [
    [HOUR, "60 min ahead of"],
    [-HOUR, "behind"],
    [61 * SECOND, "61.0 s ahead of"],
  ] as const) {
    using here = await world({ off });
    const { state, message, faults } = await here.clock.check.check();
    assert.equal(state, "failed");
    assert.match(message, new RegExp(way));
    assert.equal(faults?.[0]?.code, "SLUICE_CLOCK_SKEW");
    assert.equal(here.clock.fault()?.code, "SLUICE_CLOCK_SKEW");
    await here.clock.measure();
    assert.deepEqual(here.codes(), ["SLUICE_CLOCK_SKEW"]);
    here.state.wall -= off;
    await here.clock.measure();
    assert.deepEqual(here.codes(), ["SLUICE_CLOCK_SKEW", "clock.right"]);
    assert.equal(here.clock.fault(), undefined);
    assert.equal((await here.clock.check.check()).state, "ok");
  }
  using near = await world({ off: 30 * SECOND });
  assert.equal((await near.clock.check.check()).state, "degraded");
  assert.equal(near.clock.fault(), undefined);
});

test("a clock far ahead of what the store knows is not believed for an hour, and ages nothing meanwhile", async () => {
  using here = await world({ last: START - 15 * DAY });
  assert.equal(here.clock.fault()?.code, "SLUICE_CLOCK_JUMP");
  assert.match(here.clock.fault()?.message ?? "", /15 days ahead of .* for another 60 min/);
  assert.equal(here.clock.jumped(), 15 * DAY);
  assert.equal((await here.clock.check.check()).state, "degraded", "deliveries are taken");
  here.state.passed += HOLD_MS - 1;
  assert.equal(here.clock.jumped(), 15 * DAY);
  here.state.passed += 1;
  assert.equal(here.clock.jumped(), 0);
  assert.equal(here.clock.fault(), undefined);
  await here.clock.measure();
  assert.deepEqual(here.codes(), ["SLUICE_CLOCK_JUMP", "clock.right"]);
});

test("a jump is told in whole milliseconds, as stores take them", async () => {
  using here = await world({ last: START - DAY - 0.25, trip: 1.5 });
  for (const time of [here.clock.jumped(), here.clock.now()]) assert.ok(Number.isInteger(time), `${time}`);
  assert.ok(Math.abs(here.clock.jumped() - DAY) < 5);
});

test("a stop of less than an hour is no jump, nor is an empty store", async () => {
  for (const last of [undefined, START - HOUR + 1, START, START + HOUR / 2]) {
    using here = await world(last === undefined ? {} : { last });
    assert.equal(here.clock.fault(), undefined, `${last}`);
    assert.deepEqual(here.codes(), []);
  }
  using behind = await world({ last: START + 4 * DAY });
  assert.equal(behind.clock.fault()?.code, "SLUICE_CLOCK_JUMP");
  assert.equal(behind.clock.jumped(), 0, "nothing ages too early");
});

test("a store's clock that jumps later is not believed either, until it is set right", async () => {
  using here = await world({ last: START - SECOND });
  here.state.passed += HOUR;
  here.state.store += 4 * DAY;
  here.state.wall += 4 * DAY;
  await here.clock.measure();
  assert.equal(here.clock.now(), START + HOUR + 4 * DAY, "its time counts");
  assert.equal(here.clock.jumped(), 4 * DAY);
  here.state.passed += HOUR / 2;
  here.state.store -= 4 * DAY;
  here.state.wall -= 4 * DAY;
  await here.clock.measure();
  assert.equal(here.clock.fault(), undefined);
  assert.equal(here.clock.now(), START + 1.5 * HOUR);
  assert.deepEqual(here.codes(), ["SLUICE_CLOCK_JUMP", "clock.right"]);
});

test("a store that may not be asked for its time is opened by ours, and says so", async () => {
  const clock = await openStoreClock({
    ask: () => Promise.reject(new Error("NOPERM User sluice has no permissions to run the 'time' command")),
    highWater: async () => undefined,
    tell: () => undefined,
    wall: () => START,
    monotonic: () => 0,
    every: DAY,
  });
  assert.equal(clock.now(), START);
  const { state, message, fix } = await clock.check.check();
  assert.equal(state, "degraded");
  assert.match(`${message} ${fix}`, /NOPERM.*ours counts.*\+time/);
  clock.close();
});
