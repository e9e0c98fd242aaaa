/** The preflight of Redis: real servers set wrongly are named, with a cure; what cannot be asked is said to be so. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import type { CheckAnswer } from "../../../src/core/check.ts";
import type { RedisSurvey } from "../../../src/storage/redis/preflight.ts";
import { redisJudges, surveyRedis } from "../../../src/storage/redis/preflight.ts";
import type { Durability } from "../../../src/storage/survey.ts";
import { startRedis } from "../../helpers/redis.ts";

test("a Redis as we want it is ok in every point", { timeout: 30_000 }, async () => {
  await using server = await startRedis({ appendfsync: "always", settings: () => ({ maxmemory: "100mb" }) });
  const answers = await judged(server.url);
  for (const [name, { state, message }] of answers) assert.equal(state, "ok", `${name}: ${message}`);
  assert.deepEqual(
    [...answers.keys()],
    [
      "store-eviction",
      "store-aof",
      "store-fsync",
      "store-disk",
      "store-memory",
      "store-role",
      "store-replication",
      "store-version",
    ],
  );
});

test("a Redis that may forget is not ready when strict, and degraded when relaxed", async () => {
  await using server = await startRedis({
    settings: () => ({ appendonly: "no", "maxmemory-policy": "allkeys-lru" }),
  });
  for (const [durability, state] of [
    ["strict", "failed"],
    ["relaxed", "degraded"],
  ] as const) {
    const answers = await judged(server.url, durability);
    assert.equal(answers.get("store-eviction")?.state, state);
    assert.match(answers.get("store-eviction")?.message ?? "", /allkeys-lru/);
    assert.equal(answers.get("store-aof")?.state, state);
    assert.match(answers.get("store-aof")?.fix ?? "", /appendonly yes/);
  }
});

test("appendfsync everysec and no tell what a crash loses", async () => {
  for (const appendfsync of ["everysec", "no"] as const) {
    await using server = await startRedis({ appendfsync });
    const answer = (await judged(server.url)).get("store-fsync");
    assert.equal(answer?.state, "degraded");
    assert.match(answer?.message ?? "", new RegExp(`appendfsync ${appendfsync}.*loses`));
  }
});

test("a user without CONFIG is told that appendfsync could not be asked; the rest is judged", async () => {
  await using server = await startRedis({ appendfsync: "always" });
  await using admin = connection(server.url);
  await admin.redis.call("ACL", "SETUSER", "poor", "on", ">word", "~*", "+@all", "-config");
  const answers = await judged(`redis://poor:word@127.0.0.1:${server.port}/0`);
  assert.equal(answers.get("store-fsync")?.state, "degraded");
  assert.match(answers.get("store-fsync")?.message ?? "", /could not be asked: NOPERM/);
  assert.equal(answers.get("store-aof")?.state, "ok");
  assert.equal(answers.get("store-eviction")?.state, "ok");
});

test("memory nearly full is degraded", async () => {
  await using server = await startRedis();
  await using admin = connection(server.url);
  const used = /used_memory:(\d+)/.exec(await admin.redis.info("memory"))?.[1];
  await admin.redis.config("SET", "maxmemory", String(Math.round(Number(used) * 1.05)));
  const answer = (await judged(server.url)).get("store-memory");
  assert.equal(answer?.state, "degraded", answer?.message);
  assert.match(answer?.message ?? "", /refused with 503/);
});

test("a replica is not ready; its master is told that a failover may lose", async () => {
  await using master = await startRedis();
  await using replica = await startRedis({
    settings: () => ({ replicaof: `127.0.0.1 ${master.port}`, "repl-diskless-sync-delay": "0" }),
  });
  const answers = await judged(replica.url);
  assert.equal(answers.get("store-role")?.state, "failed");
  assert.match(answers.get("store-role")?.fix ?? "", /redis\+sentinel/);

  await using admin = connection(master.url);
  while (!(await admin.redis.info("replication")).includes("connected_slaves:1"))
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal((await judged(master.url)).get("store-replication")?.state, "degraded");
  await admin.redis.config("SET", "min-replicas-to-write", "1");
  while (!(await admin.redis.info("replication")).includes("min_slaves_good_slaves:1"))
    await new Promise((resolve) => setTimeout(resolve, 20));
  const bounded = (await judged(master.url)).get("store-replication");
  assert.deepEqual(bounded, { state: "ok", message: "a failover loses at most what came in the last 10 s" });
});

test("what a server reports of itself is judged field by field", () => {
  const states = (info: Record<string, string>, config: Record<string, string> = {}) => {
    const survey = { info: new Map(Object.entries(info)), config: new Map(Object.entries(config)) };
    const judges = redisJudges({ durability: "strict", failsOver: false });
    return (name: string) => judges[name]?.(survey).state;
  };
  assert.equal(states({ aof_last_write_status: "err" })("store-disk"), "degraded");
  assert.equal(states({ rdb_last_bgsave_status: "err" })("store-disk"), "degraded");
  assert.equal(states({ role: "master", loading: "1" })("store-role"), "failed");
  const demanding = { "min-replicas-to-write": "2", "min-replicas-max-lag": "10" };
  const followed = (good: string) => ({ connected_slaves: "2", min_slaves_good_slaves: good });
  assert.equal(states(followed("1"), demanding)("store-replication"), "failed");
  assert.equal(states(followed("2"), demanding)("store-replication"), "ok");
  assert.equal(states({ connected_slaves: "0" }, demanding)("store-replication"), "failed");
  assert.equal(states({ redis_version: "6.0.16" })("store-version"), "degraded");
  assert.equal(states({ redis_version: "6.2.0" })("store-version"), "ok");
  assert.equal(states({ redis_version: "10.0.0" })("store-version"), "ok");
  const rewriting = { appendfsync: "always", "no-appendfsync-on-rewrite": "yes" };
  assert.equal(states({}, rewriting)("store-fsync"), "degraded");
});

test("a server that says nothing is ok in nothing that matters", () => {
  const silent: RedisSurvey = { info: new Map(), config: new Map() };
  for (const name of [
    "store-eviction",
    "store-aof",
    "store-fsync",
    "store-memory",
    "store-role",
    "store-version",
  ])
    assert.notEqual(
      redisJudges({ durability: "strict", failsOver: false })[name]?.(silent).state,
      "ok",
      name,
    );
});

async function judged(
  url: string,
  durability: Durability = "strict",
): Promise<ReadonlyMap<string, CheckAnswer>> {
  await using asked = connection(url);
  const survey = await surveyRedis(asked.redis);
  const judges = Object.entries(redisJudges({ durability, failsOver: false }));
  return new Map(judges.map(([name, judge]) => [name, judge(survey)]));
}

function connection(url: string) {
  const redis = new Redis(url);
  return {
    redis,
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}
