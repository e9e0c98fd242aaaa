/** A store that goes away: callers hear of it in time, and everything goes on by itself when it is back. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import type { Queue } from "../../../src/core/queue.ts";
import { openRedis } from "../../../src/storage/redis/store.ts";
import { createJob } from "../../contracts/jobs.ts";
import { startPostgres } from "../../helpers/postgres.ts";
import { freePort, startRedis } from "../../helpers/redis.ts";
import { openQueue } from "./open-queue.ts";

suite("a store that goes away", { timeout: 60_000 }, () => {
  test("Redis restarted on its append-only file: jobs are there, and the consumer goes on", async () => {
    await using server = await startRedis({ appendfsync: "always" });
    await using opened = await openQueue(server.url);
    await restartUnder(opened.queue, server);
  });

  test("Redis killed and started again: what enqueue had answered for is there", async () => {
    await using server = await startRedis({ appendfsync: "always" });
    await using opened = await openQueue(server.url);
    await restartUnder(opened.queue, { stop: server.kill, restart: server.restart });
  });

  test("Postgres restarted: jobs are there, and the consumer goes on", async () => {
    await using server = await startPostgres();
    await using opened = await openQueue(server.url);
    await restartUnder(opened.queue, server);
  });

  test("a Redis that hangs is away after a moment, and back when it answers", async () => {
    await using server = await startRedis();
    const lost = Promise.withResolvers<string>();
    const back = Promise.withResolvers<void>();
    const news = { lost: lost.resolve, reached: back.resolve };
    const parts = await openRedis({ url: server.url, onError: () => {}, news });
    server.freeze();
    await assertAway(() => parts.queue.enqueue([createJob({ id: "hangs" })]), 2_000);
    await assertAway(() => parts.queue.ping(), 1_200);
    // Its socket is given up after 5 s without an answer, and a new one is tried.
    assert.match(await lost.promise, /^the connection to Redis is lost/);
    server.thaw();
    await back.promise;
    await untilUp(parts.queue);
    await parts.close();
  });

  test("a store that is not there when it is opened is said to be away", async () => {
    const port = await freePort();
    for (const url of [`redis://127.0.0.1:${port}`, `postgres://u:p@127.0.0.1:${port}/db`])
      await assertAway(() => openQueue(url), 6_000);
  });

  test("a consumer stops in time though its Redis is gone", async () => {
    await using server = await startRedis();
    await using opened = await openQueue(server.url);
    const taken = Promise.withResolvers<void>();
    await opened.queue.enqueue([createJob()]);
    const consumer = await opened.queue.consume(
      () => {
        taken.resolve();
        return new Promise(() => {});
      },
      { concurrency: 2 },
    );
    await taken.promise;
    await server.kill();
    const asked = performance.now();
    await consumer.stop(100);
    assert.ok(performance.now() - asked < 4_000, `${performance.now() - asked} ms`);
  });
});

/** One job done before, one enqueued before and done after, one enqueued after. */
async function restartUnder(
  queue: Queue,
  server: { stop(): Promise<void>; restart(): Promise<void> },
): Promise<void> {
  const done = new Set<string>();
  const heard = new Map<string, PromiseWithResolvers<void>>();
  const hear = (id: string) => {
    const known = heard.get(id) ?? Promise.withResolvers<void>();
    heard.set(id, known);
    return known;
  };
  const gate = Promise.withResolvers<void>();
  const consumer = await queue.consume(
    async ({ id }) => {
      hear(`${id} taken`).resolve();
      if (id === "across") await gate.promise;
      done.add(id);
      hear(id).resolve();
      return { kind: "done" };
    },
    { concurrency: 1 },
  );
  await queue.enqueue([createJob({ id: "before" })]);
  await hear("before").promise;
  await queue.enqueue([createJob({ id: "across" }), createJob({ id: "kept" })]);
  await hear("across taken").promise;

  await server.stop();
  await assertAway(() => queue.enqueue([createJob({ id: "refused" })]), 2_000);
  await assertAway(() => queue.ping(), 1_200);
  // Its verdict falls while the store is away, and has to be kept until it is back.
  gate.resolve();
  await hear("across").promise;
  await server.restart();

  await hear("kept").promise;
  await untilUp(queue);
  await queue.enqueue([createJob({ id: "after" })]);
  await hear("after").promise;
  await consumer.stop(5_000);
  assert.deepEqual(
    [...done].sort().filter((id) => id !== "refused"),
    ["across", "after", "before", "kept"],
  );
  const { waiting, active, delayed } = await queue.depth();
  assert.deepEqual({ waiting, active, delayed }, { waiting: 0, active: 0, delayed: 0 });
}

async function assertAway(work: () => Promise<unknown>, withinMs: number): Promise<void> {
  const asked = performance.now();
  await assert.rejects(work, (error) => error instanceof SluiceError && error.code === "SLUICE_STORE_AWAY");
  const took = performance.now() - asked;
  assert.ok(took <= withinMs, `said so after ${took} ms, not within ${withinMs}`);
}

/** Asks until the store answers. */
async function untilUp(queue: Queue): Promise<void> {
  for (;;) {
    try {
      return await queue.ping();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
