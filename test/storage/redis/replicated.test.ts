/** `--durability replicated` on Redis: a delivery is accepted only when a replica has it, and again once one is back. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Redis } from "ioredis";
import type { Store } from "../../../src/core/store.ts";
import { openStore } from "../../../src/storage/open.ts";
import { PREFIX } from "../../../src/storage/redis/connect.ts";
import { createReplicaProbe } from "../../../src/storage/redis/replica-probe.ts";
import { type RedisServer, startRedis } from "../../helpers/redis.ts";
import { newDelivery } from "../carries.ts";

const accept = (store: Store, id: string) => store.ledger.accept({ ...newDelivery(id), decisions: [] });
const refused = { code: "SLUICE_STORE_UNREPLICATED" };

async function withReplica() {
  await using opened = new AsyncDisposableStack();
  const master = opened.use(await startRedis());
  const replica = opened.use(
    await startRedis({
      settings: () => ({ replicaof: `127.0.0.1 ${master.port}`, "repl-diskless-sync-delay": "0" }),
    }),
  );
  const store = await openStore(master.url, { durability: "replicated" });
  opened.defer(() => store.close());
  const held = opened.move();
  return { master, replica, store, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** As a sender does it: until it is accepted. */
async function untilAccepted(store: Store, id: string): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    try {
      await accept(store, id);
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function roleCheck(store: Store) {
  const check = store.checks?.().find(({ name }) => name === "store-replication");
  return check?.check();
}

describe("a delivery under --durability replicated", () => {
  test("is accepted when a replica has it, and many of a turn together", async () => {
    await using setup = await withReplica();
    const { store, replica } = setup;
    await untilAccepted(store, "first");
    const ids = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    await Promise.all(ids.map((id) => accept(store, id)));
    const copy = await held(replica, ids);
    assert.equal(copy, ids.length);
    assert.equal((await roleCheck(store))?.state, "ok");
  });

  test("is refused while no replica answers, at once after the first; and accepted when one is back", async () => {
    await using setup = await withReplica();
    const { store, replica } = setup;
    await untilAccepted(store, "before");
    replica.freeze();
    await assert.rejects(accept(store, "hanging"), refused);
    const from = performance.now();
    await assert.rejects(accept(store, "at-once"), refused);
    assert.ok(performance.now() - from < 250, "refused without asking");
    assert.equal(await store.ledger.find("at-once"), undefined);
    replica.thaw();
    await untilAccepted(store, "after");
  });

  test("is never accepted by a server that has no replica, which is not ready", async () => {
    await using alone = await startRedis();
    const store = await openStore(alone.url, { durability: "replicated" });
    try {
      await assert.rejects(accept(store, "one"), refused);
      assert.equal((await roleCheck(store))?.state, "failed");
    } finally {
      await store.close();
    }
  });

  test("cannot be asked of the embedded store", async () => {
    await assert.rejects(openStore("embedded:./nowhere", { durability: "replicated" }), {
      code: "SLUICE_CONFIG_INVALID",
    });
  });
});

test("a probe asks until it is confirmed, and says so once", async () => {
  const answers = [false, new Error("away"), true];
  let asked = 0;
  const confirmed = Promise.withResolvers<void>();
  const probe = createReplicaProbe({
    probe: async () => {
      const answer = answers[asked++];
      if (answer instanceof Error) throw answer;
      return answer ?? false;
    },
    confirmed: confirmed.resolve,
    every: 1,
  });
  probe.start();
  probe.start();
  await confirmed.promise;
  assert.equal(asked, 3);
  probe.stop();
});

/** How many of these records a server holds. */
async function held({ port }: RedisServer, ids: readonly string[]): Promise<number> {
  const redis = new Redis(port);
  try {
    return await redis.exists(...ids.map((id) => `${PREFIX}:delivery:${id}`));
  } finally {
    redis.disconnect();
  }
}
