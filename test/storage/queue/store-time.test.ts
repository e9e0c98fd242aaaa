/** The queue beside a wrong clock: what one gateway puts off, the others take when it is due, and not before. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Queue } from "../../../src/core/queue.ts";
import { shiftOf } from "../../../src/storage/queue/store-time.ts";
import { createJob } from "../../contracts/jobs.ts";
import { eventually } from "../../helpers/gateway.ts";
import { STORE_DRIVERS } from "../../helpers/stores.ts";
import { openQueue } from "./open-queue.ts";

const HOUR = 3_600_000;
/** Milliseconds that a try is put off; clocks and stores may round by a few. */
const AFTER_MS = 2_500;
const EARLIEST_MS = AFTER_MS - 100;
const LATEST_MS = 60_000;

const right = Date.now.bind(Date);

test("clocks that differ by less than a second are left alone", () => {
  assert.equal(shiftOf(() => Date.now() + 900)(), 0);
  assert.ok(Math.abs(shiftOf(() => Date.now() - HOUR)() + HOUR) < 100);
});

for (const store of ["redis", "postgres"] as const) {
  for (const off of [HOUR, -HOUR]) {
    test(`a try put off on ${store} is due in time, though a clock is ${off / HOUR} h wrong`, async (t) => {
      await using driver = await STORE_DRIVERS[store]();
      await using fresh = await driver.open();
      await using opened = await openQueue(fresh.url, () => {}, right);
      const { queue } = opened;
      await queue.enqueue([createJob({ id: "late" })]);
      await under(t, off, () => putOff(queue));
      const waited = await putOff(queue);
      assert.ok(waited >= EARLIEST_MS, `put off by the wrong clock, taken after ${waited} ms`);
      const again = await under(t, off, () => putOff(queue));
      assert.ok(again >= EARLIEST_MS, `taken by the wrong clock after ${again} ms`);
    });
  }
}

let putOffAt = 0;

/** Takes the one job and puts it off again. @returns milliseconds since it was put off before. */
async function putOff(queue: Queue): Promise<number> {
  const taken = Promise.withResolvers<number>();
  const late = setTimeout(() => taken.reject(new Error(`not taken within ${LATEST_MS} ms`)), LATEST_MS);
  const consumer = await queue.consume(
    async () => {
      taken.resolve(performance.now() - putOffAt);
      putOffAt = performance.now();
      return { kind: "retry", afterMs: AFTER_MS };
    },
    { concurrency: 1 },
  );
  const waited = await taken.promise.finally(() => clearTimeout(late));
  await eventually(
    () => queue.depth(),
    ({ delayed }) => delayed === 1,
  );
  await consumer.stop(5_000);
  return waited;
}

/** Does something while this process's clock is wrong. */
async function under<T>(t: TestContext, off: number, work: () => Promise<T>): Promise<T> {
  const mock = t.mock.method(Date, "now", () => right() + off);
  try {
    return await work();
  } finally {
    mock.mock.restore();
  }
}
