/** Redis under Sentinel and as a Cluster: a master is killed, and the store goes on with the next one by itself. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Redis } from "ioredis";
import type { Fact } from "../../../src/core/fact.ts";
import type { Store } from "../../../src/core/store.ts";
import { openStore } from "../../../src/storage/open.ts";
import { PREFIX, SLOT } from "../../../src/storage/redis/connect.ts";
import { createJob } from "../../contracts/jobs.ts";
import type { RedisServer } from "../../helpers/redis.ts";
import { startRedis } from "../../helpers/redis.ts";
import { startCluster, startSentinel } from "../../helpers/redis-topologies.ts";
import { carries, newDelivery } from "../carries.ts";

const STRIKES = {
  killed: (master: RedisServer) => master.kill(),
  // It keeps its connections, and answers nothing.
  hung: async (master: RedisServer) => master.freeze(),
};
type Strike = keyof typeof STRIKES;

suite("a failover", { timeout: 120_000 }, () => {
  for (const strike of Object.keys(STRIKES) as Strike[]) {
    test(`under Sentinel, the master ${strike}: consumer and ledger go on`, async () => {
      await using setup = await startSentinel();
      await survives(setup.url, async () => setup.master, strike);
    });

    test(`in a Cluster, the master of our slot ${strike}: consumer and ledger go on`, async () => {
      await using setup = await startCluster();
      await survives(setup.url, () => setup.masterOf("{sluice}:any"), strike);
    });
  }
});

test("our slot is the one that a Cluster computes", async () => {
  await using server = await startRedis({ settings: () => ({ "cluster-enabled": "yes" }) });
  const redis = new Redis(server.port);
  assert.equal(await redis.cluster("KEYSLOT", `${PREFIX}:any`), SLOT);
  redis.disconnect();
});

async function survives(url: string, masterNow: () => Promise<RedisServer>, strike: Strike): Promise<void> {
  const facts: Fact["type"][] = [];
  const back = Promise.withResolvers<void>();
  const store = await openStore(url, {
    tell: (fact) => {
      facts.push(fact.type);
      if (fact.type === "store.back") back.resolve();
    },
  });
  try {
    await carries(store, "before");
    const taken = Promise.withResolvers<void>();
    const consumer = await store.queue.consume(
      async (job) => {
        if (job.id === "after") taken.resolve();
        return { kind: "done" };
      },
      { concurrency: 1 },
    );
    const master = await masterNow();
    await replicated(master);
    await STRIKES[strike](master);
    await untilAccepted(store, "across");
    await untilEnqueued(store, "after");
    await taken.promise;
    // A Cluster's map may change before the hung connection is given up: then nobody misses it.
    if (strike === "killed" || facts.includes("store.away")) await back.promise;
    await consumer.stop(2_000);
    await carries(store, "behind");
    const found = await Promise.all(["before", "across", "behind"].map((id) => store.ledger.find(id)));
    assert.deepEqual(
      found.map((record) => record?.id),
      ["before", "across", "behind"],
    );
    const told = facts.filter((type) => type.startsWith("store."));
    assert.deepEqual(told, strike === "hung" && told.length === 0 ? [] : ["store.away", "store.back"]);
    const states = (store.checks?.() ?? []).map(async ({ name, check }) => [name, (await check()).state]);
    assert.equal(Object.fromEntries(await Promise.all(states))["store-role"], "ok");
  } finally {
    await store.close();
  }
}

/** Resolves when a replica has everything that this server has: what it lacks when it takes over is lost. */
async function replicated({ port }: RedisServer): Promise<void> {
  const redis = new Redis(port);
  assert.equal(await redis.wait(1, 10_000), 1);
  redis.disconnect();
}

async function untilAccepted(store: Store, id: string): Promise<void> {
  await again(async () => {
    await store.ledger.accept({ ...newDelivery(id), decisions: [] });
  });
}

async function untilEnqueued(store: Store, id: string): Promise<void> {
  await again(() => store.queue.enqueue([createJob({ id })]));
}

/** As a sender does it: until there is a 202. */
async function again(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
