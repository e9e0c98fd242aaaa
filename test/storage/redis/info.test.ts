/** The console stays ours: a Redis that forgets is told of by its check, and by nobody in words of his own. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../../src/storage/open.ts";
import { createJob } from "../../contracts/jobs.ts";
import { startRedis } from "../../helpers/redis.ts";

test("a policy that forgets fails its check, and BullMQ's queues and workers print nothing of it", {
  timeout: 60_000,
}, async (t) => {
  await using server = await startRedis({
    settings: () => ({ maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" }),
  });
  const warn = t.mock.method(console, "warn", () => {});
  const store = await openStore(server.url);
  // A job that is done has been through every connection: producer, worker, and the one that the worker waits on.
  const done = Promise.withResolvers<void>();
  const consumer = await store.queue.consume(
    async () => {
      done.resolve();
      return { kind: "done" };
    },
    { concurrency: 1 },
  );
  await store.queue.enqueue([createJob()]);
  await done.promise;
  const checks = store.checks?.() ?? [];
  const eviction = await checks.find(({ name }) => name === "store-eviction")?.check();
  await consumer.stop(1_000);
  await store.close();
  assert.deepEqual([eviction?.state, /allkeys-lru/.test(eviction?.message ?? "")], ["failed", true]);
  assert.deepEqual(
    warn.mock.calls.map(({ arguments: said }) => said),
    [],
  );
});
