/** Since when jobs are due, on every queue: what is planned is not overdue; a part of the queue's contract. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disposition } from "../../src/core/queue.ts";
import { eventually } from "../helpers/gateway.ts";
import type { FreshStore } from "../helpers/stores.ts";
import { createJob } from "./jobs.ts";
import type { QueueContractParts } from "./queue.ts";

export function dueTests(fresh: () => Promise<FreshStore>, open: QueueContractParts["open"]): void {
  test("a job is due since its receipt, its reopening, or the time of its next try; put off, it stays due", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    const { queue } = opened;
    const dueNow = async () => Math.round((await queue.depth()).dueMs / 1_000);
    const receivedAt = Date.now() - 3_600_000;
    await queue.enqueue([createJob({ id: "again", receivedAt, reopened: { at: Date.now(), attempts: 3 } })]);
    assert.ok((await dueNow()) < 5);
    const doOnce = async (disposition: Disposition) => {
      const done = Promise.withResolvers<void>();
      const consumer = await queue.consume(
        async () => {
          done.resolve();
          return disposition;
        },
        { concurrency: 1 },
      );
      await done.promise;
      await consumer.stop(5_000);
    };
    // Since an hour, and put off for another: that it is due has not changed.
    await doOnce({ kind: "done" });
    await queue.enqueue([createJob({ id: "off", receivedAt })]);
    await doOnce({ kind: "aside", afterMs: 3_600_000 });
    assert.equal((await queue.depth()).delayed, 1);
    assert.ok(Math.abs((await dueNow()) - 3_600) < 5, `${await dueNow()} s`);
  });

  test("a job that was tried is overdue from the moment of its next try", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    const { queue } = opened;
    await queue.enqueue([createJob({ id: "tried", receivedAt: Date.now() - 3_600_000 })]);
    const tried = Promise.withResolvers<void>();
    const consumer = await queue.consume(
      async () => {
        tried.resolve();
        return { kind: "retry", afterMs: 50 };
      },
      { concurrency: 1 },
    );
    await tried.promise;
    await consumer.stop(5_000);
    const { oldestMs, dueMs } = await eventually(
      () => queue.depth(),
      ({ dueMs }) => dueMs > 0,
      10_000,
    );
    assert.ok(oldestMs >= 3_600_000 && dueMs < 10_000, `${oldestMs} ms old, due since ${dueMs} ms`);
  });
}
