/** What is heard of a store in trouble: one thing when it begins, one when it is over, and defects in between. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Redis } from "ioredis";
import { fault, forSender, SluiceError } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import { createStoreNews, heard } from "../../src/storage/health.ts";
import { openStore } from "../../src/storage/open.ts";
import { createJob } from "../contracts/jobs.ts";
import { startRedis } from "../helpers/redis.ts";
import { newDelivery } from "./carries.ts";

const away = () => fault("SLUICE_STORE_AWAY", { reason: "no answer" });

/** News whose probes fail until `probes.open`. */
function listen(quietMs = 10) {
  const facts: Fact[] = [];
  const back = Promise.withResolvers<void>();
  const anew = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const probes = { open: false, asked: 0 };
  const news = createStoreNews({
    every: 5,
    quietMs,
    tell: (fact) => {
      facts.push(fact);
      if (fact.type === "store.back") back.resolve();
      else if (facts.length === 3) anew.resolve();
    },
    async probe() {
      probes.asked++;
      if (facts.length === 2) asked.resolve();
      if (!probes.open) throw new Error("not yet");
    },
  });
  return {
    news,
    facts,
    back: back.promise,
    anew: anew.promise,
    asked: asked.promise,
    probes,
    types: () => facts.map(({ type }) => type),
  };
}

suite("news of a store", () => {
  // Probes keep no process alive; this does.
  const alive = setInterval(() => {}, 1_000);
  test.after(() => clearInterval(alive));

  test("a hundred failures are one outage, which a probe ends", async () => {
    const { news, back, anew, probes, facts, types } = listen();
    for (let i = 0; i < 100; i++) news.failed(away());
    news.lost("the connection was lost");
    assert.deepEqual(facts, [{ type: "store.away", reason: "no answer" }]);
    probes.open = true;
    await back;
    assert.deepEqual(types(), ["store.away", "store.back"]);
    probes.open = false;
    news.failed(away());
    await anew;
    assert.deepEqual(types(), ["store.away", "store.back", "store.away"], "the next outage is another");
    news.close();
  });

  test("a connection that is lost again right behind an outage is none where a probe answers", async () => {
    const { news, back, asked, probes, types } = listen();
    news.lost("the master was killed");
    probes.open = true;
    await back;
    news.lost("the switch was told");
    news.failed(away());
    await asked;
    await new Promise(setImmediate);
    assert.deepEqual(types(), ["store.away", "store.back"]);
    news.close();
  });

  test("what was begun before it was back belongs to the outage that is over", () => {
    const { news, types } = listen();
    const begun = news.now();
    news.lost("gone");
    news.found();
    news.failed(away(), begun);
    assert.deepEqual(types(), ["store.away", "store.back"]);
    news.close();
  });

  test("a full store is back when for a while no write failed, though some go through", async () => {
    const { news, back, probes, facts } = listen(60);
    probes.open = true;
    news.failed(fault("SLUICE_STORE_FULL", { reason: "OOM" }));
    const [first] = facts;
    assert.match(first?.type === "store.away" ? first.reason : "", /no room .*OOM/);
    const began = news.now();
    while (news.now() - began < 100) {
      news.failed(fault("SLUICE_STORE_FULL", { reason: "OOM" }));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(facts.length, 1);
    await back;
    news.close();
  });

  test("a server that is reached again counts as back only when a write succeeds", async () => {
    const { news, back, probes, types } = listen();
    news.lost("gone");
    news.reached();
    while (probes.asked < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    assert.deepEqual(types(), ["store.away"], "it answers, and refuses to write");
    probes.open = true;
    news.reached();
    await back;
    assert.deepEqual(types(), ["store.away", "store.back"]);
    news.close();
  });

  test("anything else is a defect each time", () => {
    const { news, types } = listen();
    news.failed(new TypeError("a mistake"));
    news.failed(fault("SLUICE_STORE_VERSION", { found: "9", known: "1" }));
    assert.deepEqual(types(), ["defect", "defect"]);
    news.close();
  });

  test("while nobody reaches the store, its faults say why; those of another kind stay as they are", async () => {
    const { news } = listen();
    const port = heard({ ask: (error: Error) => Promise.reject(error) }, news);
    const said = (reason: string) => ({ code: "SLUICE_STORE_AWAY", values: { reason } });
    await assert.rejects(port.ask(away()), said("no answer"));
    news.lost("connection refused");
    await assert.rejects(port.ask(away()), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.values["reason"], "connection refused");
      assert.match(
        `${forSender(error).message} ${forSender(error).fix}`,
        /could not be stored.*nothing was accepted/,
      );
      return true;
    });
    // What was under way when the store was lost may have been written.
    const unknown = news.explain(away(), 0);
    assert.ok(unknown instanceof SluiceError);
    assert.match(forSender(unknown).message, /nobody can say/);
    await assert.rejects(port.ask(fault("SLUICE_STORE_FULL", { reason: "OOM" })), {
      code: "SLUICE_STORE_FULL",
    });
    news.found();
    await assert.rejects(port.ask(away()), said("no answer"));
    news.close();
  });

  test("a port is heard when the store fails it, and gives its answers and errors as they are", async () => {
    const { news, types } = listen();
    const mistake = new RangeError("a mistake");
    const errors = [away(), mistake];
    const port = heard(
      {
        name: "port",
        ask: async (question: string) => `${question}!`,
        fail: async () => {
          throw errors.shift();
        },
      },
      news,
    );
    assert.equal(port.name, "port");
    assert.equal(await port.ask("why"), "why!");
    await assert.rejects(port.fail(), SluiceError);
    await assert.rejects(port.fail(), mistake);
    assert.deepEqual(types(), ["store.away"]);
    news.close();
  });
});

test("a Redis without room is told of once, whoever fails by it: requests, the ledger, workers and BullMQ", {
  timeout: 60_000,
}, async () => {
  await using server = await startRedis();
  const operator = new Redis(server.port);
  const facts: Fact[] = [];
  const back = Promise.withResolvers<void>();
  const store = await openStore(server.url, {
    tell: (fact) => {
      facts.push(fact);
      if (fact.type === "store.back") back.resolve();
    },
  });
  try {
    const full = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_FULL";
    const entry = newDelivery("first");
    await store.ledger.accept({ ...entry, decisions: [] });
    await store.queue.enqueue(Array.from({ length: 5 }, (_, i) => createJob({ id: `job-${i}` })));
    await operator.config("SET", "maxmemory", "1");
    for (let i = 0; i < 5; i++) {
      await assert.rejects(store.ledger.accept({ ...newDelivery(`more-${i}`), decisions: [] }), full);
      await assert.rejects(store.queue.enqueue([createJob({ id: `more-${i}` })]), full);
    }
    const done = Promise.withResolvers<void>();
    const attempts = new Set<string>();
    const consumer = await store.queue.consume(
      async ({ id }) => {
        await store.ledger.accept({ ...newDelivery(`of-${id}`), decisions: [] });
        if (attempts.add(id).size === 5) done.resolve();
        return { kind: "done" };
      },
      { concurrency: 2 },
    );
    // Those above were ten; these are the worker's.
    while (refusals(await operator.info("errorstats")) < 15)
      await new Promise((resolve) => setImmediate(resolve));
    await operator.config("SET", "maxmemory", "0");
    await Promise.all([back.promise, done.promise]);
    await consumer.stop(5_000);
    assert.deepEqual(
      facts.map((fact) => (fact.type === "defect" ? fact.error.message : fact.type)),
      ["store.away", "store.back"],
    );
  } finally {
    await store.close();
    operator.disconnect();
  }
});

/** Commands that were refused for want of room. */
function refusals(info: string): number {
  return Number(/errorstat_OOM:count=(\d+)/.exec(info)?.[1] ?? 0);
}
