/** Jobs of other versions: older ones are understood, newer ones left to whoever understands them, none is lost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue as BullQueue } from "bullmq";
import { Redis } from "ioredis";
import { SluiceError } from "../../../src/core/errors.ts";
import { envelope, FORMAT, openEnvelope } from "../../../src/storage/queue/format.ts";
import { jobOptions, LANES } from "../../../src/storage/queue/policy.ts";
import { PREFIX } from "../../../src/storage/redis/connect.ts";
import { createJob } from "../../contracts/jobs.ts";
import { startRedis } from "../../helpers/redis.ts";
import { openQueue } from "./open-queue.ts";

test("what was put into an envelope comes out of it", () => {
  const job = createJob();
  assert.deepEqual(openEnvelope(JSON.parse(JSON.stringify(envelope(job)))), { job, unspent: 0 });
  assert.deepEqual(openEnvelope(envelope(job, 2)), { job, unspent: 2 });
});

test("a bare job, as it stood before there were versions, is one still", () => {
  const job = createJob();
  assert.deepEqual(openEnvelope(job), { job, unspent: 0 });
});

test("a newer one is only named", () => {
  assert.deepEqual(openEnvelope({ v: FORMAT + 1, job: { kind: "teleport" } }), { newer: FORMAT + 1 });
});

test("a job of a newer version is put off unread, said once, and still there", {
  timeout: 30_000,
}, async () => {
  await using server = await startRedis();
  const heard: unknown[] = [];
  await using opened = await openQueue(server.url, (error) => heard.push(error));
  const connection = new Redis(server.url);
  const bull = new BullQueue(LANES.create, { connection, prefix: PREFIX });
  const ids = ["newer-1", "newer-2"];
  for (const id of ids)
    await bull.add("create", { v: FORMAT + 1, sealed: id }, jobOptions(createJob({ id })));
  const known = Promise.withResolvers<string>();
  const consumer = await opened.queue.consume(
    async ({ id }) => {
      known.resolve(id);
      return { kind: "done" };
    },
    { concurrency: 2 },
  );
  await opened.queue.enqueue([createJob({ id: "known" })]);
  assert.equal(await known.promise, "known");
  while ((await opened.queue.depth()).delayed < ids.length) await new Promise(setImmediate);
  await consumer.stop(1_000);
  assert.deepEqual(await opened.queue.holds(ids), new Set(ids));
  assert.deepEqual((await bull.getJob("newer-1"))?.data, { v: FORMAT + 1, sealed: "newer-1" });
  assert.deepEqual(
    heard.map((error) => error instanceof SluiceError && error.code),
    ["SLUICE_STORE_VERSION"],
  );
  await bull.close();
  connection.disconnect();
});
