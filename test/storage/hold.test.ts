/** A store that is away for a moment: writes wait for it in their order, and only as long as waiting can help. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { Store } from "../../src/core/store.ts";
import { createStoreNews } from "../../src/storage/health.ts";
import { createHold } from "../../src/storage/hold.ts";
import { openStore } from "../../src/storage/open.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { newDelivery } from "./carries.ts";

const accept = (store: Store, id: string) =>
  store.hold(() => store.ledger.accept({ ...newDelivery(id), decisions: [] }));

async function withStore(holdMs: number) {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await startRedis({ appendfsync: "always" }));
  const facts: Fact[] = [];
  const store = await openStore(server.url, { holdMs, tell: (fact) => facts.push(fact) });
  opened.defer(() => store.close());
  const operator = new Redis(server.port);
  operator.on("error", () => {});
  opened.defer(() => operator.disconnect());
  const held = opened.move();
  const told = () => facts.map(({ type }) => type);
  return { server, store, operator, facts, told, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

type Setup = Awaited<ReturnType<typeof withStore>>;

const OUTAGES: readonly (readonly [string, (setup: Setup) => Promise<unknown>, told: boolean])[] = [
  ["frozen for 100 ms", ({ server }) => frozen(server, 100), false],
  ["frozen for 500 ms", ({ server }) => frozen(server, 500), false],
  ["shut down and started again", ({ server }) => restarted(server), true],
  ["killed and started again", ({ server }) => server.kill().then(() => restarted(server)), true],
  ["cutting all connections", ({ operator }) => operator.call("CLIENT", "KILL", "TYPE", "normal"), true],
  [
    "a replica for a moment",
    async ({ operator }) => {
      await operator.replicaof("127.0.0.1", 1);
      await wait(300);
      await operator.replicaof("NO", "ONE");
    },
    true,
  ],
  [
    "without its replicas for a moment",
    async ({ operator }) => {
      await operator.config("SET", "min-replicas-to-write", "1");
      await wait(300);
      await operator.config("SET", "min-replicas-to-write", "0");
    },
    true,
  ],
];

async function frozen(server: RedisServer, ms: number): Promise<void> {
  server.freeze();
  await wait(ms);
  server.thaw();
}

async function restarted(server: RedisServer): Promise<void> {
  await server.stop();
  await wait(100);
  await server.restart();
}

describe("a write while Redis is away for a moment", () => {
  for (const [what, outage, told] of OUTAGES) {
    test(`${what}: none of them fails, and it is one outage`, { timeout: 60_000 }, async () => {
      // A machine that is busy starts a server more slowly than one in production.
      await using setup = await withStore(10_000);
      const writing: Promise<unknown>[] = [];
      const over = outage(setup).then(() => true);
      for (let i = 0; ; i++) {
        writing.push(accept(setup.store, `delivery-${i}`));
        if (await Promise.race([over, wait(10, false)])) break;
      }
      const results = await Promise.all(writing);
      assert.ok(results.every((result) => (result as { kind: string }).kind === "accepted"));
      await setup.store.hold(() => setup.store.ledger.ping());
      assert.equal(await setup.store.ledger.count({}), writing.length, "each is there, and once");
      assert.ok(!setup.told().includes("defect"));
      if (!told) assert.deepEqual(setup.told(), []);
      else assert.deepEqual(setup.told(), ["store.away", "store.back"]);
    });
  }

  test("fails with what is wrong when the store is not back in time", async () => {
    await using setup = await withStore(300);
    await setup.server.stop();
    const from = performance.now();
    await assert.rejects(accept(setup.store, "late"), { code: "SLUICE_STORE_AWAY" });
    const took = performance.now() - from;
    assert.ok(took >= 290 && took < 2_000, `${took} ms`);
  });

  test("does not wait for room, nor without a hold", async () => {
    await using setup = await withStore(5_000);
    await setup.operator.config("SET", "maxmemory", "1");
    await assert.rejects(accept(setup.store, "full"), { code: "SLUICE_STORE_FULL" });
    await assert.rejects(accept(setup.store, "still full"), { code: "SLUICE_STORE_FULL" });
    await setup.operator.config("SET", "maxmemory", "0");
    await using none = await withStore(0);
    await none.server.stop();
    await assert.rejects(accept(none.store, "now"), { code: "SLUICE_STORE_AWAY" });
  });
});

describe("a hold", () => {
  const away = () => fault("SLUICE_STORE_AWAY", { reason: "no answer" });
  /** News that nobody probes. */
  const quiet = () => createStoreNews({ tell() {}, probe: () => Promise.reject(away()), every: 3_600_000 });

  test("goes on in the order in which it was asked, and what comes later waits behind", async () => {
    const news = quiet();
    const hold = createHold(news, 10_000);
    const order: number[] = [];
    let isAway = true;
    news.lost("gone");
    const write = (n: number) =>
      hold(async () => {
        if (isAway) throw away();
        order.push(n);
      });
    assert.equal(hold.waiting?.(), 0);
    const all = [1, 2, 3].map(write);
    isAway = false;
    // The store answers already, but nobody has said so: this one must not overtake the others.
    all.push(write(4));
    assert.equal(hold.waiting?.(), 4);
    news.found();
    await Promise.all(all);
    assert.equal(hold.waiting?.(), 0);
    assert.deepEqual(order, [1, 2, 3, 4]);
    news.close();
  });

  test("does not wait for an outage that lasts, for a defect, or once the store is closed", async () => {
    const news = quiet();
    const hold = createHold({ ...news, awayFor: () => 10_001 }, 2_000);
    const from = performance.now();
    await assert.rejects(
      hold(() => Promise.reject(away())),
      { code: "SLUICE_STORE_AWAY" },
    );
    const mistake = new TypeError("a mistake");
    await assert.rejects(
      createHold(news, 2_000)(() => Promise.reject(mistake)),
      mistake,
    );
    assert.ok(performance.now() - from < 1_500);
    news.lost("gone");
    const waiting = createHold(
      news,
      60_000,
    )(() => Promise.reject(fault("SLUICE_STORE_LOGIN", { reason: "no" })));
    news.close();
    await assert.rejects(waiting, { code: "SLUICE_STORE_LOGIN" });
  });

  test("ends when it turns out that the outage will not pass by itself", async () => {
    const news = quiet();
    news.lost("gone");
    const waiting = createHold(
      news,
      60_000,
    )(() => Promise.reject(fault("SLUICE_STORE_LOGIN", { reason: "no" })));
    news.failed(fault("SLUICE_STORE_LOGIN", { reason: "WRONGPASS" }));
    await assert.rejects(waiting, { code: "SLUICE_STORE_LOGIN" });
    news.close();
  });
});
