/** The sweeper: what the ledger calls pending and the queue does not hold is queued again, and nothing else. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Job } from "../../src/core/job.ts";
import { createSweep, createWholeSweep, keepSweeping, type SweepNeeds } from "../../src/reconcile/sweep.ts";
import { type Flows, openFlows } from "../helpers/flows.ts";
import { generic, listener, OPEN, remote, trigger } from "../helpers/objects.ts";

const OBJECTS = [
  listener("git", [trigger("build", [])], OPEN),
  remote("gate", "http://127.0.0.1:1/"),
  listener("asking", [trigger("build", [{ ref: { name: "gate" } }])]),
];

const body = '{"ref":"refs/heads/main"}';
const event = () => generic({ body, at: 1_000 });

/** Flows whose queue loses what is given to it while `lost.now` is true, as a crash after the ledger's write does. */
async function openLosing() {
  const lost = { now: true };
  const flows = await openFlows(OBJECTS, {
    decideWithin: 0,
    queue: (real) => ({ ...real, enqueue: async (jobs) => (lost.now ? undefined : real.enqueue(jobs)) }),
  });
  const needs = { ...flows.store, tell: () => assert.fail("nothing to tell"), clock: () => 20_000 };
  return { flows, lost, needs, [Symbol.asyncDispose]: () => flows[Symbol.asyncDispose]() };
}

/** Many pending deliveries: stored by the ledger itself, because only their number matters. */
async function fill({ store }: Flows, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, i) => `d-${String(i).padStart(6, "0")}`);
  const { receivedAt, method, url, headers, body: bytes } = event();
  const facts = { provider: "generic", event: "x", proof: "none" };
  await Promise.all(
    ids.map((id, i) => {
      const place = { id, listener: { namespace: "ci", name: "asking" }, receivedAt: receivedAt + (i % 7) };
      return store.ledger.accept({
        delivery: { ...place, method, url, headers, body: bytes },
        facts,
        decisions: undefined,
      });
    }),
  );
  return ids;
}

describe("a sweep", () => {
  test("queues again what a crash kept from the queue: jobs to create, and deliveries to decide", async () => {
    await using world = await openLosing();
    const { flows, lost, needs } = world;
    const decided = await flows.send(event());
    const undecided = await flows.send(event(), "asking");
    lost.now = false;
    const sweep = createSweep(needs);
    assert.equal(await sweep(), 2);
    const ids = [...(await flows.jobs(decided)).map((job) => job.id), `${undecided}-decide`];
    assert.deepEqual(await flows.store.queue.holds(ids), new Set(ids));
    assert.equal(await sweep(), 0, "what is held now is left alone");
  });

  test("leaves alone what the queue holds, in whatever state, and what has come to an end", async () => {
    await using world = await openLosing();
    const { flows, lost, needs } = world;
    lost.now = false;
    await flows.send(event());
    await flows.drain();
    const waiting = await flows.send(event());
    const added: Job[] = [];
    const queue = { ...flows.store.queue, enqueue: async (jobs: readonly Job[]) => void added.push(...jobs) };
    const sweep = createSweep({ ...needs, queue });
    assert.equal(await sweep(), 0);
    assert.deepEqual(added, []);
    const { promise: inHand, resolve } = Promise.withResolvers<void>();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const consumer = await flows.store.queue.consume(
      async (job) => {
        assert.equal(job.delivery, waiting);
        resolve();
        await done;
        return { kind: "done" };
      },
      { concurrency: 1 },
    );
    await inHand;
    assert.equal(await sweep(), 0);
    finish();
    await consumer.stop(1_000);
  });

  test("leaves young deliveries to the request that brought them", async () => {
    await using world = await openLosing();
    await world.flows.send(event());
    const at = (clock: number) => createSweep({ ...world.needs, clock: () => clock })();
    assert.equal(await at(11_000), 0);
    assert.equal(await at(11_001), 1);
  });

  test("finds lost work behind more deliveries than one batch that the queue rightly holds", async () => {
    await using world = await openLosing();
    const { flows, needs } = world;
    const ids = await fill(flows, 1_300);
    const jobs = ids.map((id): Job => {
      const place = { listener: { namespace: "ci", name: "asking" }, receivedAt: 1_000 };
      return { kind: "decide", id: `${id}-decide`, delivery: id, ...place };
    });
    const lost = new Set([3, 699, 700, 1_299].map((i) => jobs[i]?.id));
    await flows.store.queue.enqueue(jobs.filter((job) => !lost.has(job.id)));
    assert.equal(await createSweep(needs)(), 4);
    assert.equal((await flows.store.queue.depth()).waiting, 1_300);
  });

  test("looks at no more than some thousand deliveries, and the next one goes on from there", async () => {
    const asked: (string | undefined)[] = [];
    const ledger: SweepNeeds["ledger"] = {
      async pending(_before, { cursor }) {
        asked.push(cursor);
        const page = Number(cursor ?? 0);
        return { undecided: [], jobs: [], ...(page < 14 && { next: String(page + 1) }) };
      },
    };
    const queue = { enqueue: async () => {}, holds: async () => new Set<string>() };
    const sweep = createSweep({ ledger, queue, tell: () => {} });
    await sweep();
    assert.deepEqual(asked, [undefined, ...Array.from({ length: 9 }, (_, i) => String(i + 1))]);
    await sweep();
    assert.deepEqual(asked.slice(10), ["10", "11", "12", "13", "14"]);
    await sweep();
    assert.equal(asked[15], undefined, "then it starts at the oldest again");
  });

  test("of all looks at however much is due, and says up to where", async () => {
    const asked: (string | undefined)[] = [];
    const ledger: SweepNeeds["ledger"] = {
      async pending(before, { cursor }) {
        assert.equal(before, 10_000);
        asked.push(cursor);
        const page = Number(cursor ?? 0);
        return { undecided: [], jobs: [], ...(page < 14 && { next: String(page + 1) }) };
      },
    };
    const queue = { enqueue: async () => {}, holds: async () => new Set<string>() };
    const sweep = createWholeSweep({ ledger, queue, clock: () => 20_000 });
    assert.equal(await sweep(), 10_000);
    assert.deepEqual(asked, [undefined, ...Array.from({ length: 14 }, (_, i) => String(i + 1))]);
  });

  test("that the store interrupts looks at the same place again", async () => {
    const asked: (string | undefined)[] = [];
    let away = true;
    const ledger: SweepNeeds["ledger"] = {
      async pending(_before, { cursor }) {
        asked.push(cursor);
        if (cursor === "here" && away) throw new Error("away");
        return { undecided: [], jobs: [], ...(cursor === undefined && { next: "here" }) };
      },
    };
    const queue = { enqueue: async () => {}, holds: async () => new Set<string>() };
    const sweep = createSweep({ ledger, queue, tell: () => {} });
    await assert.rejects(sweep(), /away/);
    away = false;
    await sweep();
    assert.deepEqual(asked, [undefined, "here", "here"]);
  });
});

describe("sweeping now and then", () => {
  test("begins at once, goes on after a failure that it tells, and ends with stop", async () => {
    let calls = 0;
    const told = Promise.withResolvers<string>();
    const third = Promise.withResolvers<void>();
    const ledger: SweepNeeds["ledger"] = {
      async pending() {
        calls++;
        if (calls === 1) throw new Error("a mistake");
        if (calls === 3) third.resolve();
        return { undecided: [], jobs: [] };
      },
    };
    const queue = { enqueue: async () => {}, holds: async () => new Set<string>() };
    const tell: SweepNeeds["tell"] = (fact) => {
      if (fact.type === "defect") told.resolve(`${fact.where}: ${fact.error.code} ${fact.error.message}`);
    };
    // The timer does not keep a process alive; this one does, for as long as the test lasts.
    const alive = setInterval(() => {}, 1_000);
    const sweeping = keepSweeping({ ledger, queue, tell }, 1);
    assert.match(await told.promise, /^sweep: SLUICE_INTERNAL .*a mistake/);
    await third.promise;
    await sweeping.stop();
    const after = calls;
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(calls, after);
    clearInterval(alive);
  });

  test("a store that is away is not told of here, and swept soon when it is back, and once more", async () => {
    const sweeps = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    let calls = 0;
    const ledger: SweepNeeds["ledger"] = {
      async pending() {
        sweeps[calls]?.resolve();
        if (calls++ === 0) throw fault("SLUICE_STORE_AWAY", { reason: "connection refused" });
        return { undecided: [], jobs: [] };
      },
    };
    const queue = { enqueue: async () => {}, holds: async () => new Set<string>() };
    const tell: SweepNeeds["tell"] = (fact) => assert.fail(`told ${fact.type}`);
    const alive = setInterval(() => {}, 1_000);
    // By itself it would sweep again in an hour.
    const sweeping = keepSweeping({ ledger, queue, tell, minAge: 20 }, 3_600_000);
    await sweeps[0]?.promise;
    sweeping.soon();
    await Promise.all(sweeps.map(({ promise }) => promise));
    await sweeping.stop();
    assert.equal(calls, 3);
    clearInterval(alive);
  });

  test("stop waits for the sweep in hand", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let done = false;
    const ledger: SweepNeeds["ledger"] = {
      async pending() {
        await promise;
        done = true;
        return { undecided: [], jobs: [] };
      },
    };
    const queue = { enqueue: async () => {}, holds: async () => new Set<string>() };
    const sweeping = keepSweeping({ ledger, queue, tell: () => {} });
    const stopped = sweeping.stop();
    assert.equal(done, false);
    resolve();
    await stopped;
    assert.equal(done, true);
  });
});
