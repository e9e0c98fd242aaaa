/** The ledger on a real redis-server. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { SluiceError } from "../../../../src/core/errors.ts";
import type { DeliveryFilter, NewDelivery } from "../../../../src/core/ledger.ts";
import { keysOf } from "../../../../src/storage/ledger/redis/keys.ts";
import { createRedisLedger } from "../../../../src/storage/ledger/redis/ledger.ts";
import type { LedgerBench } from "../../../contracts/ledger.ts";
import { ledgerContract } from "../../../contracts/ledger.ts";
import type { RedisServer } from "../../../helpers/redis.ts";
import { startRedis } from "../../../helpers/redis.ts";
import { attemptOf, jobsIn, newDelivery, runOf } from "../samples.ts";

const prefix = "sluice";
const keys = keysOf(prefix);

ledgerContract("Redis", async (): Promise<LedgerBench> => {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const second = new Redis(server.url);
  let now = Date.now;
  return {
    async open(clock) {
      now = clock;
      await redis.flushdb();
      return createRedisLedger({ redis, prefix, clock });
    },
    reopen: (keys) => createRedisLedger({ redis: second, prefix, clock: now, keys }),
    removeRecord: async (id) => void (await redis.del(keys.record(id))),
    async dump() {
      const found: Buffer[] = [];
      for (const key of await redis.keys("*")) {
        found.push(Buffer.from(key));
        if ((await redis.type(key)) === "hash") found.push(...Object.values(await redis.hgetallBuffer(key)));
      }
      return Buffer.concat(found);
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      second.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
});

describe("the Redis ledger and its server", () => {
  let server: RedisServer;
  let redis: Redis;
  before(async () => {
    server = await startRedis();
    redis = new Redis(server.url, { retryStrategy: () => 50 });
    redis.on("error", () => {});
  });
  after(async () => {
    redis.disconnect();
    await server[Symbol.asyncDispose]();
  });
  const away = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_AWAY";
  const full = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_FULL";

  test("all keys lie in one slot of a Cluster, and nothing outside the prefix is touched", async () => {
    const ledger = await createRedisLedger({ redis, prefix });
    const entry = newDelivery({ decided: "m", dedupeKey: "k" });
    await ledger.accept(entry);
    for (const job of jobsIn(entry)) await ledger.attempt(job, attemptOf(job, 1, "done"));
    const stored = await redis.keys("*");
    assert.ok(stored.length >= 5);
    for (const key of stored) assert.ok(key.startsWith("{sluice}:"), key);
    assert.equal(keysOf("{own}").index, "{own}:deliveries");
  });

  test("a server that forgot the scripts is given them again", async () => {
    const ledger = await createRedisLedger({ redis, prefix });
    await ledger.accept(newDelivery());
    await redis.script("FLUSH");
    assert.deepEqual(await ledger.accept(newDelivery()), { kind: "accepted" });
  });

  test("a store that a newer version wrote is refused", async () => {
    await redis.set(keysOf("newer").version, "3");
    const newer = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_VERSION";
    await assert.rejects(createRedisLedger({ redis, prefix: "newer" }), newer);
    await redis.set(keysOf("newer").version, "what");
    await assert.rejects(createRedisLedger({ redis, prefix: "newer" }), newer);
  });

  test("records of the version before are found by every field once the ledger is opened", async () => {
    const ledger = await createRedisLedger({ redis, prefix: "old" });
    const entries = ["m", "m", "f", "n"].map((decided) => newDelivery({ decided, facts: { actor: "mona" } }));
    for (const entry of entries) await ledger.accept(entry);
    const [job] = entries.flatMap(jobsIn);
    assert.ok(job);
    await ledger.attempt(job, attemptOf(job, 1, "done"));
    // What version 1 did not have.
    const old = keysOf("old");
    await redis.del(...(await redis.keys("{old}:by:*")));
    await redis.del(old.outcomes.created, old.outcomes.filtered, old.outcomes.dead);
    await redis.hdel(old.totals, "bytes");
    await redis.set(old.version, "1");

    const opened = await createRedisLedger({ redis, prefix: "old" });
    const ids = async (filter: DeliveryFilter) =>
      (await opened.list(filter, { limit: 9 })).items.map((item) => item.id);
    const [created, , dead] = entries.map((entry) => entry.delivery.id);
    assert.equal((await ids({ actor: "mona" })).length, 4);
    assert.equal((await ids({ trigger: "trigger-0" })).length, 3);
    assert.deepEqual(await ids({ outcome: "dead" }), [dead]);
    assert.deepEqual(await ids({ object: runOf(job).name, outcome: "created" }), [created]);
    assert.deepEqual((await opened.audit()).violations, []);
    const { deliveries } = await opened.prune({ age: 0, deadAge: 0, payloadAge: 0 }, Date.now(), 9);
    assert.equal(deliveries, 3);
    assert.ok(Number(await redis.hget(old.totals, "bytes")) > 0, "the pending one's");
    assert.deepEqual((await opened.audit()).violations, []);
  });

  test("an audit names what an index lacks or has too much, and an outcome that jobs contradict", async () => {
    const ledger = await createRedisLedger({ redis, prefix: "damaged" });
    const damaged = keysOf("damaged");
    const entries = [
      newDelivery({ decided: "m" }),
      newDelivery({ decided: "n" }),
      newDelivery({ decided: "n" }),
    ];
    for (const entry of entries) await ledger.accept(entry);
    const [first, second, third] = entries.map((entry) => entry.delivery.id);
    assert.ok(first && second && third);
    assert.deepEqual((await ledger.audit()).violations, []);
    await redis.zrem(damaged.outcomes.pending, first);
    await redis.zrem(damaged.index, second);
    await redis.hset(damaged.record(third), "outcome", "created");
    await redis.zadd(damaged.index, 1, "ghost");
    const violations = (await ledger.audit()).violations.join("\n");
    assert.match(violations, new RegExp(`${first} is pending, but the index`));
    assert.match(violations, new RegExp(`${second} stands in no index`));
    assert.match(violations, new RegExp(`${third} says created, but its jobs say filtered`));
    assert.match(violations, /names delivery ghost, but its record is gone/);
  });

  test("a write that fails half-way leaves nothing: a server without memory refuses the whole script", async () => {
    const ledger = await createRedisLedger({ redis, prefix: "full" });
    await redis.config("SET", "maxmemory", "1");
    const entry = newDelivery({ decided: "m", dedupeKey: "k" });
    await assert.rejects(ledger.accept(entry), full);
    await redis.config("SET", "maxmemory", "0");
    assert.equal(await ledger.find(entry.delivery.id), undefined);
    assert.deepEqual(await ledger.accept(entry), { kind: "accepted" });
    assert.deepEqual((await ledger.audit()).violations, []);
  });

  test("a server that hangs or is gone is SLUICE_STORE_AWAY within about two seconds, and then serves again", async () => {
    const ledger = await createRedisLedger({ redis, prefix });
    for (const [go, back] of [
      [() => server.freeze(), () => server.thaw()],
      [() => server.kill(), () => server.restart()],
    ] as const) {
      await go();
      const started = performance.now();
      await assert.rejects(ledger.ping(), away);
      await assert.rejects(ledger.accept(newDelivery()), away);
      assert.ok(performance.now() - started < 6_000);
      await back();
      while (redis.status !== "ready") await new Promise((resolve) => redis.once("ready", resolve));
      await ledger.ping();
    }
    assert.deepEqual((await ledger.audit()).violations, []);
  });

  test("a server killed amid writes leaves each delivery whole or absent, and those that were answered are there", async () => {
    const dying = new Redis(server.url, { retryStrategy: () => null });
    dying.on("error", () => {});
    const other = await createRedisLedger({ redis: dying, prefix: "crash" });
    const more = (bytes: number) =>
      Array.from({ length: 80 }, () => newDelivery({ decided: "m", body: randomBytes(bytes) }));
    const accept = async (entry: NewDelivery) => {
      await other.accept(entry);
      return entry.delivery;
    };
    const before = await Promise.all(more(2_000).map(accept));
    // Sixteen megabytes are more than sockets hold, and a frozen server empties none: the kill meets them half-way.
    server.freeze();
    const [done] = await Promise.all([Promise.allSettled(more(200_000).map(accept)), server.kill()]);
    for (const write of done) if (write.status === "rejected") assert.ok(away(write.reason));
    assert.ok(
      done.some((write) => write.status === "rejected"),
      "some were cut off",
    );

    await server.restart();
    while (redis.status !== "ready") await new Promise((resolve) => redis.once("ready", resolve));
    const ledger = await createRedisLedger({ redis, prefix: "crash" });
    const { accepted, pendingJobs, violations } = await ledger.audit();
    assert.deepEqual(violations, []);
    assert.equal(pendingJobs.length, accepted);
    const answered = done.flatMap((write) => (write.status === "fulfilled" ? write.value : []));
    for (const delivery of [...before, ...answered])
      assert.deepEqual(await ledger.load(delivery.id), { ...delivery, proof: "github" });
  });
});
