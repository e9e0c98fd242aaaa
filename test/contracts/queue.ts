/** What every queue must do, whatever storage it stands on. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Job } from "../../src/core/job.ts";
import type { Disposition, Queue } from "../../src/core/queue.ts";
import type { FreshStore, StoreDriver } from "../helpers/stores.ts";
import { createJob } from "./jobs.ts";
import { backTests } from "./queue-back.ts";
import { dueTests } from "./queue-due.ts";
import { fairTests } from "./queue-fair.ts";
import { pauseTests } from "./queue-pause.ts";

export interface QueueContractParts {
  readonly name: string;
  /** Starts what the fresh stores of this suite share. */
  readonly start: () => Promise<StoreDriver>;
  readonly open: (url: string) => Promise<{ readonly queue: Queue } & AsyncDisposable>;
  /** Milliseconds within which a job is handed out again whose worker was killed. */
  readonly recoveredWithin: number;
}

const DONE: Disposition = { kind: "done" };
const victim = join(import.meta.dirname, "../storage/queue/victim.ts");

export function queueContract({ name, start, open, recoveredWithin }: QueueContractParts): void {
  suite(`queue contract on ${name}`, { timeout: 120_000 }, () => {
    let driver: StoreDriver;
    let shared: FreshStore;
    let opened: Awaited<ReturnType<typeof open>>;
    let queue: Queue;
    before(async () => {
      driver = await start();
      shared = await driver.open();
      opened = await open(shared.url);
      queue = opened.queue;
    });
    after(async () => {
      await opened[Symbol.asyncDispose]();
      await shared[Symbol.asyncDispose]();
      await driver[Symbol.asyncDispose]();
    });

    test("a job comes out as it went in", async () => {
      const text = 'quotes " and \\ and \u0000 and \u2028 and 😀';
      const job = createJob({
        id: "as-is",
        serviceAccount: text,
        objects: [
          JSON.parse(
            `{"kind":"K","apiVersion":"v1","metadata":{"name":"n"},"zebra":1,"__proto__":{"a":1e21},"aa":[],"n":0.1}`,
          ),
        ],
      });
      await queue.enqueue([job]);
      const [seen] = await consumed(queue, 1);
      assert.equal(JSON.stringify(seen?.job), JSON.stringify(job), "same keys in the same order");
      assert.equal(seen?.attempt, 1);
    });

    test("jobs enqueued twice, in one call or in two, run once", async () => {
      const job = createJob({ id: "twice" });
      await queue.enqueue([job, job]);
      await queue.enqueue([job, createJob({ id: "other" })]);
      assert.equal((await queue.depth()).waiting, 2);
      const seen = await consumed(queue, 2);
      assert.deepEqual(seen.map(({ job }) => job.id).sort(), ["other", "twice"]);
      assert.equal((await queue.depth()).waiting, 0);
    });

    test("a job that is done is forgotten, and its id may come again", async () => {
      await queue.enqueue([createJob({ id: "again" })]);
      await consumed(queue, 1);
      assert.deepEqual(await queue.holds(["again"]), new Set());
      await queue.enqueue([createJob({ id: "again" })]);
      const [seen] = await consumed(queue, 1);
      assert.equal(seen?.attempt, 1);
    });

    test("many calls at once all arrive", async () => {
      const ids = Array.from({ length: 120 }, (_, i) => `many-${i}`);
      await Promise.all(ids.map((id) => queue.enqueue([createJob({ id })])));
      const seen = await consumed(queue, ids.length);
      assert.deepEqual(seen.map(({ job }) => job.id).sort(), ids.sort());
    });

    test("nothing enqueued is nothing done", async () => {
      await queue.enqueue([]);
      assert.deepEqual(await queue.holds([]), new Set());
      assert.deepEqual(await queue.depth(), { waiting: 0, active: 0, delayed: 0, oldestMs: 0, dueMs: 0 });
    });

    test("a retry comes after its delay, with the next attempt number", async () => {
      await queue.enqueue([createJob({ id: "later" })]);
      const starts: { attempt: number; at: number }[] = [];
      const finished = Promise.withResolvers<void>();
      const consumer = await queue.consume(
        async (_job, attempt) => {
          starts.push({ attempt, at: performance.now() });
          if (attempt < 3) return { kind: "retry", afterMs: 300 };
          finished.resolve();
          return DONE;
        },
        { concurrency: 1 },
      );
      await finished.promise;
      await consumer.stop(5_000);
      assert.deepEqual(
        starts.map(({ attempt }) => attempt),
        [1, 2, 3],
      );
      for (const [i, { at }] of starts.entries()) {
        const waited = at - (starts[i - 1]?.at ?? Number.NEGATIVE_INFINITY);
        assert.ok(waited >= 290, `came after ${waited} ms, not after 300`);
      }
      assert.deepEqual(await queue.holds(["later"]), new Set());
    });

    test("an attempt number survives the consumer", async () => {
      await queue.enqueue([createJob({ id: "survives" })]);
      const first = Promise.withResolvers<void>();
      const before = await queue.consume(
        async () => {
          first.resolve();
          return { kind: "retry", afterMs: 1 };
        },
        { concurrency: 1 },
      );
      await first.promise;
      await before.stop(5_000);
      const [seen] = await consumed(queue, 1);
      assert.ok(seen !== undefined && seen.attempt >= 2, `attempt ${seen?.attempt}`);
    });

    test("a handler that throws is called again after about a second", async () => {
      await queue.enqueue([createJob({ id: "throws" })]);
      const starts: number[] = [];
      const finished = Promise.withResolvers<void>();
      const consumer = await queue.consume(
        async () => {
          starts.push(performance.now());
          if (starts.length === 1) throw new Error("on purpose");
          finished.resolve();
          return DONE;
        },
        { concurrency: 1 },
      );
      await finished.promise;
      await consumer.stop(5_000);
      const waited = (starts[1] as number) - (starts[0] as number);
      assert.ok(waited >= 900 && waited < 4_000, `${waited} ms`);
    });

    test("as many jobs at once as asked for, and no more", async () => {
      await queue.enqueue(Array.from({ length: 8 }, (_, i) => createJob({ id: `wide-${i}` })));
      const three = Promise.withResolvers<void>();
      const all = Promise.withResolvers<void>();
      const open = Promise.withResolvers<void>();
      let running = 0;
      let most = 0;
      let done = 0;
      const consumer = await queue.consume(
        async () => {
          most = Math.max(most, ++running);
          if (running === 3) three.resolve();
          await open.promise;
          // A turn in which a fourth one could start, were it allowed.
          await new Promise(setImmediate);
          running--;
          if (++done === 8) all.resolve();
          return DONE;
        },
        { concurrency: 3 },
      );
      await three.promise;
      const { active, waiting } = await queue.depth();
      assert.deepEqual({ active, waiting }, { active: 3, waiting: 5 });
      open.resolve();
      await all.promise;
      await consumer.stop(5_000);
      assert.equal(most, 3);
    });

    test("depth counts by state and tells the age of the oldest from its receipt", async () => {
      const delayed = Promise.withResolvers<void>();
      await queue.enqueue([createJob({ id: "old", receivedAt: Date.now() - 60_000 })]);
      const consumer = await queue.consume(
        async () => {
          delayed.resolve();
          return { kind: "retry", afterMs: 60_000 };
        },
        { concurrency: 1 },
      );
      await delayed.promise;
      await consumer.stop(5_000);
      await queue.enqueue([createJob({ id: "young-1" }), createJob({ id: "young-2" })]);
      const { oldestMs, dueMs, ...counts } = await queue.depth();
      assert.deepEqual(counts, { waiting: 2, active: 0, delayed: 1 });
      assert.ok(oldestMs >= 60_000 && oldestMs < 70_000, `${oldestMs} ms`);
      // The old one is to be tried in a minute: what is planned is not due.
      assert.ok(dueMs < 10_000, `${dueMs} ms`);
      assert.deepEqual(await queue.holds(["old", "young-1", "none"]), new Set(["old", "young-1"]));
      await consumed(queue, 2);
    });

    test("stop lets a job finish within the grace period", async () => {
      await using own = await ownQueue(driver, open);
      await own.queue.enqueue([createJob({ id: "finishes" }), createJob({ id: "stays" })]);
      const taken = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const consumer = await own.queue.consume(
        async () => {
          taken.resolve();
          await finish.promise;
          return DONE;
        },
        { concurrency: 1 },
      );
      await taken.promise;
      const stopped = consumer.stop(10_000);
      finish.resolve();
      await stopped;
      assert.deepEqual(await own.queue.holds(["finishes", "stays"]), new Set(["stays"]));
    });

    test("stop hands back what is not finished in time, and the next consumer gets it at once", async () => {
      await using own = await ownQueue(driver, open);
      await own.queue.enqueue([createJob({ id: "slow" })]);
      const taken = Promise.withResolvers<void>();
      const never = Promise.withResolvers<Disposition>();
      const consumer = await own.queue.consume(
        () => {
          taken.resolve();
          return never.promise;
        },
        { concurrency: 1 },
      );
      await taken.promise;
      const asked = performance.now();
      await consumer.stop(100);
      assert.ok(performance.now() - asked < 3_000, "stop keeps to the grace period");
      const { waiting, active } = await own.queue.depth();
      assert.deepEqual({ waiting, active }, { waiting: 1, active: 0 });
      const [seen] = await consumed(own.queue, 1);
      assert.equal(seen?.job.id, "slow");
      assert.equal(seen?.attempt, 2);
      // The late verdict of the first handler must not touch what became of the job since.
      never.resolve({ kind: "retry", afterMs: 1 });
      await new Promise(setImmediate);
      assert.deepEqual(await own.queue.holds(["slow"]), new Set());
    });

    dueTests(() => driver.open(), open);
    pauseTests(() => driver.open(), open);
    backTests(() => driver.open(), open);
    fairTests(() => driver.open(), open);

    test("a process killed in the middle of a job loses nothing", async () => {
      await using fresh = await driver.open();
      const child = spawn(process.execPath, [victim, fresh.url], { stdio: ["ignore", "pipe", "inherit"] });
      const gone = once(child, "exit");
      // Jobs of one bulk come in any order.
      const [said] = await once(child.stdout, "data").finally(() => child.kill("SIGKILL"));
      await gone;
      const killed = performance.now();
      const [, taken] = /^took (one|two|three) 1\n$/.exec(String(said)) ?? [];
      assert.ok(taken !== undefined, String(said));
      await using opened = await open(fresh.url);
      const seen = await consumed(opened.queue, 3);
      assert.deepEqual(
        new Map(seen.map(({ job, attempt }) => [job.id, attempt])),
        new Map(["one", "two", "three"].map((id) => [id, id === taken ? 2 : 1])),
      );
      const took = performance.now() - killed;
      assert.ok(took < recoveredWithin, `recovered after ${took} ms`);
    });
  });
}

async function ownQueue(
  driver: StoreDriver,
  open: QueueContractParts["open"],
): Promise<{ readonly queue: Queue } & AsyncDisposable> {
  const fresh = await driver.open();
  const opened = await open(fresh.url);
  return {
    queue: opened.queue,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await fresh[Symbol.asyncDispose]();
    },
  };
}

/** Consumes until `count` jobs are done, and stops. */
export async function consumed(queue: Queue, count: number): Promise<{ job: Job; attempt: number }[]> {
  const seen: { job: Job; attempt: number }[] = [];
  const all = Promise.withResolvers<void>();
  const consumer = await queue.consume(
    async (job, attempt) => {
      seen.push({ job, attempt });
      if (seen.length === count) all.resolve();
      return DONE;
    },
    { concurrency: 4 },
  );
  await all.promise;
  await consumer.stop(5_000);
  return seen;
}
