/** What is sent to Redis in one turn leaves with one write. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Command, Redis } from "ioredis";
import { sendTogether } from "../../../src/storage/redis/together.ts";
import { shareRedis } from "../../helpers/shared-redis.ts";

const database = shareRedis();

async function connected(): Promise<Redis> {
  const redis = new Redis(database(), {
    enableOfflineQueue: false,
    lazyConnect: true,
    maxRetriesPerRequest: 0,
  });
  sendTogether(redis);
  await redis.connect();
  await turn();
  after(() => redis.disconnect());
  return redis;
}

test("keeps the commands of a turn back until its end, then lets go of all of them", async () => {
  const redis = await connected();
  const answers = [redis.set("a", "1"), redis.incr("a"), redis.get("a")];
  const first = redis.stream.writableLength;
  await Promise.resolve();
  answers.push(redis.incr("a"));
  assert.ok(first > 0);
  assert.ok(redis.stream.writableLength > first);
  assert.deepEqual(await Promise.all(answers), ["OK", 2, "2", 3]);
  assert.equal(redis.stream.writableLength, 0);
  assert.equal(redis.stream.writableCorked, 0);
});

test("keeps the order of commands, pipelines and transactions that share a turn", async () => {
  const redis = await connected();
  const before = redis.rpush("l", "1");
  const pipeline = redis.pipeline().rpush("l", "2").rpush("l", "3").exec();
  const between = redis.rpush("l", "4");
  const transaction = redis.multi().rpush("l", "5").rpush("l", "6").exec();
  const last = redis.lrange("l", 0, -1);
  await Promise.all([before, pipeline, between, transaction]);
  assert.deepEqual(await last, ["1", "2", "3", "4", "5", "6"]);
});

test("what was kept back when the connection ended fails, and the next connection works", async () => {
  const redis = await connected();
  const answer = redis.set("a", "1");
  const closed = once(redis, "close");
  redis.stream.destroy();
  await assert.rejects(answer);
  await closed;
  await once(redis, "ready");
  assert.equal(await redis.set("a", "2"), "OK");
});

test("a command that was answered keeps none of its arguments; one that failed keeps them for its error", async () => {
  const redis = await connected();
  const set = new Command("set", ["a", Buffer.alloc(20_000)]);
  await redis.sendCommand(set);
  assert.deepEqual(set.args, []);
  const wrong = new Command("lpush", ["a", "1"]);
  await assert.rejects(redis.sendCommand(wrong) as Promise<unknown>, {
    command: { name: "lpush", args: ["a", "1"] },
  });
});
