/** What a queue must do with a trigger whose jobs hang; a part of the queue's contract. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CreateJob } from "../../src/core/job.ts";
import type { Disposition } from "../../src/core/queue.ts";
import type { FreshStore } from "../helpers/stores.ts";
import { createJob } from "./jobs.ts";
import type { QueueContractParts } from "./queue.ts";

const DONE: Disposition = { kind: "done" };
const jobsOf = (name: string, count: number): readonly CreateJob[] =>
  Array.from({ length: count }, (_, i) =>
    createJob({ id: `${name}-${i}`, trigger: { namespace: "ci", name } }),
  );

export function fairTests(fresh: () => Promise<FreshStore>, open: QueueContractParts["open"]): void {
  test("a trigger whose jobs hang keeps no other waiting, and none of its own is lost or loses an attempt", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    const { queue } = opened;
    const hanging = jobsOf("hanging", 6);
    const healthy = jobsOf("healthy", 12);
    // Nobody else's job ends meanwhile: the worker has to find out by itself that it may take more.
    await queue.enqueue([...hanging, ...healthy]);
    const mended = Promise.withResolvers<void>();
    const othersDone = Promise.withResolvers<void>();
    const allDone = Promise.withResolvers<void>();
    const attempts = new Map<string, number>();
    let hung = 0;
    let most = 0;
    const consumer = await queue.consume(
      async (job, attempt) => {
        if (job.id.startsWith("hanging")) {
          most = Math.max(most, ++hung);
          await mended.promise;
          hung--;
        }
        attempts.set(job.id, attempt);
        if (attempts.size === healthy.length) othersDone.resolve();
        if (attempts.size === healthy.length + hanging.length) allDone.resolve();
        return DONE;
      },
      { concurrency: 2 },
    );
    await othersDone.promise;
    assert.deepEqual([...attempts.keys()].sort(), healthy.map(({ id }) => id).sort());
    assert.ok(most <= 4, `${most} of them hung at once`);
    mended.resolve();
    await allDone.promise;
    assert.deepEqual(
      [...attempts].filter(([, attempt]) => attempt !== 1),
      [],
    );
    await consumer.stop(5_000);
    assert.deepEqual(await queue.holds([...hanging, ...healthy].map(({ id }) => id)), new Set());
  });

  test("a trigger that is slow, and alone, has as many jobs at once as asked for, and no more", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    const slow = jobsOf("slow", 9);
    await opened.queue.enqueue(slow);
    const done = Promise.withResolvers<void>();
    let running = 0;
    let finished = 0;
    const seen: number[] = [];
    const consumer = await opened.queue.consume(
      async () => {
        seen.push(++running);
        await new Promise((resolve) => setTimeout(resolve, 700));
        running--;
        if (++finished === slow.length) done.resolve();
        return DONE;
      },
      { concurrency: 3 },
    );
    await done.promise;
    await consumer.stop(5_000);
    assert.equal(Math.max(...seen), 3);
    assert.equal(seen.length, slow.length);
  });
}
