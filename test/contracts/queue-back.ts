/** What a queue must do with jobs that are handed back untried; a part of the queue's contract. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disposition, JobHandler } from "../../src/core/queue.ts";
import type { FreshStore } from "../helpers/stores.ts";
import { createJob } from "./jobs.ts";
import type { QueueContractParts } from "./queue.ts";

const DONE: Disposition = { kind: "done" };
const range = (length: number) => Array.from({ length }, (_, i) => i);
const decideJob = (id: string) =>
  ({ kind: "decide", id, delivery: "d", listener: { namespace: "ci", name: "git" }, receivedAt: 1 }) as const;

export function backTests(fresh: () => Promise<FreshStore>, open: QueueContractParts["open"]): void {
  test("jobs handed back hold no lock, keep their numbers, and are all worked on once they may be", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    const { queue } = opened;
    const ids = Array.from({ length: 40 }, (_, i) => `back-${i}`);
    await queue.enqueue(ids.map((id) => createJob({ id })));
    const gate = Promise.withResolvers<void>();
    const turnedAway = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<void>();
    const worked = Promise.withResolvers<void>();
    let away = true;
    let asked = 0;
    const attempts = new Map<string, number>();
    const handler: JobHandler = async (job, attempt) => {
      if (job.kind === "decide") decided.resolve();
      else if (away) {
        if (++asked === 4) turnedAway.resolve();
        return { kind: "back", until: gate.promise };
      } else if (attempts.set(job.id, attempt).size === ids.length) worked.resolve();
      return DONE;
    };
    const consumer = await queue.consume(handler, { concurrency: 4 });
    await turnedAway.promise;
    await queue.enqueue([decideJob("goes-on"), createJob({ id: "late" })]);
    await decided.promise;
    ids.push("late");
    while ((await queue.depth()).active > 0) await new Promise(setImmediate);
    assert.equal((await queue.depth()).waiting, ids.length);
    assert.ok(asked <= 12, `${asked} jobs were taken up in vain`);
    away = false;
    const opensAt = performance.now();
    gate.resolve();
    await worked.promise;
    assert.ok(performance.now() - opensAt < 8_000, `${performance.now() - opensAt} ms`);
    assert.deepEqual(
      [...attempts.entries()].filter(([, attempt]) => attempt !== 1),
      [],
    );
    await consumer.stop(5_000);
  });

  test("a job handed back again and again loses no attempt, and a real one counts", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    await opened.queue.enqueue([createJob({ id: "often" })]);
    const seen: number[] = [];
    const done = Promise.withResolvers<void>();
    const verdicts: readonly Disposition[] = [
      { kind: "back", until: Promise.resolve() },
      { kind: "back", until: Promise.resolve() },
      { kind: "retry", afterMs: 1 },
      { kind: "back", until: Promise.resolve() },
      DONE,
    ];
    const consumer = await opened.queue.consume(
      async (_job, attempt) => {
        const verdict = verdicts[seen.push(attempt) - 1] ?? DONE;
        if (verdict === DONE) done.resolve();
        return verdict;
      },
      { concurrency: 2 },
    );
    await done.promise;
    await consumer.stop(5_000);
    assert.deepEqual(seen, [1, 1, 1, 2, 2]);
    assert.deepEqual(await opened.queue.holds(["often"]), new Set());
  });

  test("a job put aside comes again untried, and meanwhile the others go on", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    const { queue } = opened;
    await queue.enqueue([createJob({ id: "aside" }), ...range(8).map((i) => createJob({ id: `on-${i}` }))]);
    const othersDone = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    const seen: number[] = [];
    let others = 0;
    const handler: JobHandler = async (job, attempt) => {
      if (job.id !== "aside") {
        if (++others === 8) othersDone.resolve();
        return DONE;
      }
      seen.push(attempt);
      // Turned away until all others are through: were they held up by it, it would never end.
      if (others < 8 || seen.length < 3) return { kind: "aside", afterMs: 20 };
      if (attempt === 1) return { kind: "retry", afterMs: 1 };
      finished.resolve();
      return DONE;
    };
    const consumer = await queue.consume(handler, { concurrency: 1 });
    await othersDone.promise;
    await finished.promise;
    await consumer.stop(5_000);
    assert.deepEqual([...new Set(seen)], [1, 2]);
    assert.equal(seen.at(-1), 2);
    assert.deepEqual(await queue.holds(["aside"]), new Set());
  });

  test("what one consumer hands back, another may take", async () => {
    await using store = await fresh();
    await using opened = await open(store.url);
    const never = Promise.withResolvers<void>();
    const back = Promise.withResolvers<void>();
    const first = await opened.queue.consume(
      async () => {
        back.resolve();
        return { kind: "back", until: never.promise };
      },
      { concurrency: 1 },
    );
    await opened.queue.enqueue([createJob({ id: "theirs" })]);
    await back.promise;
    const taken = Promise.withResolvers<number>();
    const second = await opened.queue.consume(
      async (_job, attempt) => {
        taken.resolve(attempt);
        return DONE;
      },
      { concurrency: 1 },
    );
    assert.equal(await taken.promise, 1);
    const asked = performance.now();
    await Promise.all([first.stop(5_000), second.stop(5_000)]);
    assert.ok(performance.now() - asked < 4_000, "a consumer that holds back stops at once");
  });
}
