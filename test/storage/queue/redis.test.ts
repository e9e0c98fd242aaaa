/** The queue on redis. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { POLICY } from "../../../src/storage/queue/policy.ts";
import { createJob } from "../../contracts/jobs.ts";
import { queueContract } from "../../contracts/queue.ts";
import { startRedis } from "../../helpers/redis.ts";
import { STORE_DRIVERS } from "../../helpers/stores.ts";
import { openQueue } from "./open-queue.ts";

test("a handler that works longer than its lock lasts keeps its job", { timeout: 60_000 }, async () => {
  await using server = await startRedis();
  await using first = await openQueue(server.url);
  await using second = await openQueue(server.url);
  let starts = 0;
  const done = Promise.withResolvers<void>();
  const handler = async () => {
    starts++;
    await setTimeout(POLICY.lockMs + 2 * POLICY.stalledEveryMs);
    done.resolve();
    return { kind: "done" } as const;
  };
  await first.queue.enqueue([createJob({ id: "long" })]);
  const consumers = [
    await first.queue.consume(handler, { concurrency: 1 }),
    await second.queue.consume(handler, { concurrency: 1 }),
  ];
  await done.promise;
  for (const consumer of consumers) await consumer.stop(5_000);
  assert.equal(starts, 1);
  assert.deepEqual(await first.queue.holds(["long"]), new Set());
});

queueContract({ name: "redis", start: STORE_DRIVERS.redis, open: openQueue, recoveredWithin: 25_000 });
