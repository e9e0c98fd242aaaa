/** Group commit: who shares a write, in which order, and who hears of its failure. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inBatches } from "../../../src/storage/queue/batch.ts";

/** A writer whose writes end when the test says so. */
function slowWriter() {
  const writes: { readonly items: readonly number[]; resolve(): void; reject(error: Error): void }[] = [];
  const write = (items: readonly number[]) =>
    new Promise<void>((resolve, reject) => {
      writes.push({ items, resolve, reject });
    });
  return { writes, write };
}

const turn = () => new Promise(setImmediate);

test("a lone call is written at once, and what comes meanwhile goes together in the next", async () => {
  const { writes, write } = slowWriter();
  const put = inBatches(write, 10);
  const first = put([1]);
  const rest = Promise.all([put([2]), put([3, 4])]);
  assert.deepEqual(
    writes.map(({ items }) => items),
    [[1]],
  );
  writes[0]?.resolve();
  await first;
  await turn();
  assert.deepEqual(writes[1]?.items, [2, 3, 4]);
  writes[1]?.resolve();
  await rest;
});

test("a full write takes no further call, and never half of one", async () => {
  const { writes, write } = slowWriter();
  const put = inBatches(write, 3);
  const all = Promise.all([put([1]), put([2, 3]), put([4, 5, 6, 7]), put([8])]);
  for (let i = 0; i < 3; i++) {
    await turn();
    writes[i]?.resolve();
  }
  await all;
  assert.deepEqual(
    writes.map(({ items }) => items),
    [[1], [2, 3, 4, 5, 6, 7], [8]],
  );
});

test("a failed write fails the calls that it carried, and only those", async () => {
  const { writes, write } = slowWriter();
  const put = inBatches(write, 10);
  const first = put([1]);
  const second = put([2]);
  writes[0]?.reject(new Error("disk full"));
  await assert.rejects(first, /disk full/);
  await turn();
  writes[1]?.resolve();
  await second;
});

test("nothing is not written", async () => {
  const { writes, write } = slowWriter();
  await inBatches(write, 10)([]);
  assert.equal(writes.length, 0);
});
