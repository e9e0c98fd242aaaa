/** Work under way at once: bounded, and waited for no longer than till the end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createCrowd } from "../../src/core/crowd.ts";

/** Whether a promise is settled once everything that is due now has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

test("the next may begin at once while there is room, else when one of them is done", async () => {
  const crowd = createCrowd(2);
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  assert.equal(await isSettled(crowd.add(first.promise)), true);
  const room = crowd.add(second.promise);
  assert.equal(await isSettled(room), false);
  second.resolve();
  assert.equal(await isSettled(room), true);
  const done = crowd.done();
  assert.equal(await isSettled(done), false);
  first.resolve();
  assert.equal(await isSettled(done), true);
  assert.equal(crowd.over(), false);
});

test("at the end nobody waits any more, for room or for work", async () => {
  const end = Promise.withResolvers<void>();
  const crowd = createCrowd(1, end.promise);
  const waits = [crowd.add(Promise.withResolvers<void>().promise), crowd.done()];
  assert.deepEqual(await Promise.all(waits.map(isSettled)), [false, false]);
  end.resolve();
  assert.deepEqual(await Promise.all(waits.map(isSettled)), [true, true]);
  assert.equal(crowd.over(), true);
  assert.equal(await isSettled(createCrowd(1).done()), true, "of nobody");
});
