/** What a pause must do on every queue; a part of the queue's contract. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disposition } from "../../src/core/queue.ts";
import type { FreshStore } from "../helpers/stores.ts";
import { createJob } from "./jobs.ts";
import type { QueueContractParts } from "./queue.ts";

const DONE: Disposition = { kind: "done" };

export function pauseTests(fresh: () => Promise<FreshStore>, open: QueueContractParts["open"]): void {
  test("a pause keeps jobs from being handed out, by any worker and after a restart, until it is resumed", async () => {
    await using store = await fresh();
    const note = { at: 1_700_000_000_123, actor: "ann", reason: 'upgrade "\u0000" 😀' };
    {
      await using first = await open(store.url);
      assert.deepEqual(await first.queue.state(), { paused: false });
      await first.queue.pause({ at: 1 });
      await first.queue.pause(note);
      await first.queue.enqueue([createJob({ id: "held" })]);
    }
    await using second = await open(store.url);
    assert.deepEqual(await second.queue.state(), { paused: true, note });
    let taken = 0;
    const worked = Promise.withResolvers<void>();
    const consumer = await second.queue.consume(
      async () => {
        if (++taken === 2) worked.resolve();
        return DONE;
      },
      { concurrency: 2 },
    );
    await second.queue.enqueue([createJob({ id: "held-too" })]);
    const { waiting, active } = await second.queue.depth();
    assert.deepEqual({ waiting, active, taken }, { waiting: 2, active: 0, taken: 0 });
    assert.deepEqual(await second.queue.holds(["held", "held-too"]), new Set(["held", "held-too"]));
    await second.queue.resume();
    await worked.promise;
    assert.deepEqual(await second.queue.state(), { paused: false });
    await consumer.stop(5_000);
  });

  test("a job in hand when the pause comes is finished, and its verdict stands", async () => {
    await using store = await fresh();
    await using own = await open(store.url);
    await own.queue.enqueue([createJob({ id: "in-hand" }), createJob({ id: "next" })]);
    const taken = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const seen: string[] = [];
    const both = Promise.withResolvers<void>();
    const consumer = await own.queue.consume(
      async ({ id }) => {
        taken.resolve();
        await finish.promise;
        if (seen.push(id) === 2) both.resolve();
        return DONE;
      },
      { concurrency: 1 },
    );
    await taken.promise;
    await own.queue.pause({ at: Date.now() });
    finish.resolve();
    while ((await own.queue.holds(["in-hand"])).size > 0) await new Promise(setImmediate);
    assert.deepEqual(seen, ["in-hand"]);
    await own.queue.resume();
    await both.promise;
    assert.deepEqual(seen, ["in-hand", "next"]);
    await consumer.stop(5_000);
  });
}
