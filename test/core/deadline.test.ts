/** Waiting, but not for ever. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { within } from "../../src/core/deadline.ts";

const AGES = 3_600_000;

test("gives what the work gives in time", async () => {
  assert.equal(await within(Promise.resolve(7), AGES, () => "late"), 7);
});

test("takes undefined for an answer, not for a late one", async () => {
  assert.equal(await within(Promise.resolve(undefined), AGES, () => "late"), undefined);
});

test("fails as the work fails", async () => {
  await assert.rejects(
    within(Promise.reject(new Error("broken")), AGES, () => "late"),
    /broken/,
  );
});

test("gives what stands for late work, and lets the work go on", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const work = Promise.withResolvers<number>();
  const answer = within(work.promise, 500, () => "late");
  t.mock.timers.tick(500);
  assert.equal(await answer, "late");
  work.resolve(7);
  assert.equal(await work.promise, 7);
});

test("throws what the answer to late work throws, and hears later failures of the work", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const work = Promise.withResolvers<number>();
  const answer = within(work.promise, 500, () => {
    throw new Error("too late");
  });
  t.mock.timers.tick(500);
  await assert.rejects(answer, /too late/);
  // An unheard rejection would end the process, and with it this test.
  work.reject(new Error("broken, later"));
  await turn();
});
