/** The audit of a store: balanced after honest work, and a word for each thing that is wrong. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Audit } from "../../src/core/ledger.ts";
import { type AuditNeeds, auditStore } from "../../src/reconcile/audit.ts";
import { createWholeSweep } from "../../src/reconcile/sweep.ts";
import { type FlowOptions, openFlows } from "../helpers/flows.ts";
import { cel, generic, listener, OPEN, push, remote, template, trigger } from "../helpers/objects.ts";

const git = listener("git", [trigger("build", [cel("body.ref != 'skip'")])], OPEN);
const asking = [
  remote("gate", "http://127.0.0.1:1/"),
  listener("asking", [trigger("build", [{ ref: { name: "gate" } }])]),
];

test("the law holds over every class of delivery, and pending ones are all in the queue", async () => {
  const bad = listener("bad", [trigger("build", [], { template: { ref: "nowhere" } })], OPEN);
  const pair = listener("pair", [trigger("build", [], { template: template("one", "two") })], OPEN);
  await using flows = await openFlows([git, bad, pair, ...asking], { decideWithin: 0 });
  const first = push({ id: "1" });
  for (const arrival of [first, first, push({ body: '{"ref":"skip"}' })]) await flows.send(arrival);
  await flows.send(push(), "bad");
  await flows.send(push(), "pair");
  await flows.drain();
  await flows.send(push());
  await flows.send(push(), "asking");
  const { pendingJobs, ...counted } = await auditStore(flows.store);
  assert.deepEqual(counted, {
    ...{ accepted: 7, created: 2, filtered: 1, duplicate: 1, dead: 1, pending: 2 },
    ...{ runs: 3, violations: [], unqueued: [] },
  });
  assert.equal(pendingJobs.length, 2);
});

/** Two jobs in the ledger alone, as a crash before the queue's write leaves them: one to create, one to decide. */
async function openCrashed(store: FlowOptions["store"] & string = "redis") {
  const crashed = { now: true };
  const flows = await openFlows([git, ...asking], {
    ...{ store, decideWithin: 0 },
    queue: (real) => ({ ...real, enqueue: async (jobs) => (crashed.now ? undefined : real.enqueue(jobs)) }),
  });
  const decided = await flows.send(generic({ body: '{"ref":"a"}', at: 1_000 }));
  const undecided = await flows.send(generic({ at: 1_000 }), "asking");
  const ids = [...(await flows.jobs(decided)).map(({ id }) => id), `${undecided}-decide`];
  const { ledger, queue } = flows.store;
  return { flows, ids, ledger, queue, [Symbol.asyncDispose]: () => flows[Symbol.asyncDispose]() };
}

for (const store of ["redis", "embedded"] as const) {
  test(`on ${store}, what a crash left in the ledger alone is named, and breaks no law`, async () => {
    await using world = await openCrashed(store);
    const { violations, unqueued, pending } = await auditStore(world.flows.store);
    assert.deepEqual(violations, []);
    assert.deepEqual(unqueued?.toSorted(), world.ids.toSorted());
    assert.equal(pending, 2);
  });
}

test("where sweeps are made one comes first, and leaves to requests what they still have in hand", async () => {
  await using world = await openCrashed();
  const { ids, ledger, queue } = world;
  const at = (clock: number) => createWholeSweep({ ledger, queue, clock: () => clock });
  const young = await auditStore({ ledger, queue, sweep: at(11_000) });
  assert.deepEqual([young.violations, young.unqueued?.length], [[], 2]);
  const due = await auditStore({ ledger, queue, sweep: at(11_001) });
  assert.deepEqual([due.violations, due.unqueued, due.pending], [[], [], 2]);
  assert.deepEqual(await queue.holds(ids), new Set(ids));
});

test("work that was due, and that no sweep brings to the queue, is lost: named, job by job", async () => {
  await using world = await openCrashed();
  const { ids, ledger } = world;
  const queue = { ...world.queue, enqueue: async () => {} };
  const sweep = createWholeSweep({ ledger, queue, clock: () => 20_000 });
  const { violations, unqueued } = await auditStore({ ledger, queue, sweep });
  const words = "is pending in the ledger, and the queue does not hold it: a sweep did not bring it there";
  assert.deepEqual(violations.toSorted(), ids.map((id) => `job ${id} ${words}`).toSorted());
  assert.deepEqual(unqueued, []);
});

test("work that sweeps cannot see is lost, whether or not one was made", async () => {
  await using world = await openCrashed();
  const { ids, queue } = world;
  const ledger = { ...world.ledger, pending: async () => ({ undecided: [], jobs: [] }) };
  const words = "is pending in the ledger, and the queue does not hold it: no sweep can see it";
  for (const sweep of [undefined, createWholeSweep({ ledger, queue })]) {
    const { violations, unqueued } = await auditStore({ ledger, queue, ...(sweep && { sweep }) });
    assert.deepEqual(violations.toSorted(), ids.map((id) => `job ${id} ${words}`).toSorted());
    assert.deepEqual(unqueued, []);
  }
});

test("what the ledger itself finds is passed on", async () => {
  await using flows = await openFlows([git]);
  const [one, two] = [await flows.send(push()), await flows.send(push())];
  const [[first], [second]] = [await flows.jobs(one), await flows.jobs(two)];
  assert.ok(first?.kind === "create" && second?.kind === "create");
  const run = {
    apiVersion: "v1",
    kind: "Pod",
    namespace: "ci",
    name: "x",
    where: "-",
    outcome: "created",
  } as const;
  for (const job of [first, second]) {
    await flows.store.ledger.attempt(job, { number: 1, at: 1, took: 1, outcome: "done", runs: [run] });
  }
  const { violations } = await auditStore(flows.store);
  assert.equal(violations.length, 1);
  assert.match(violations[0] ?? "", /Pod ci\/x was created by two deliveries/);
});

const counts = { accepted: 0, created: 0, filtered: 0, duplicate: 0, dead: 0, pending: 0, runs: 0 };

test("a job that ends between the looks is not called lost", async () => {
  const answers: Audit[] = [
    { ...counts, pendingJobs: ["ended", "kept", "lost", "late"], violations: [] },
    { ...counts, pendingJobs: ["kept", "lost", "late", "new"], violations: ["of the ledger"] },
    { ...counts, pendingJobs: ["kept", "lost", "new"], violations: [] },
  ];
  const ledger = {
    audit: async () => answers.shift() ?? assert.fail("asked a fourth time"),
    pending: async () => ({ undecided: [], jobs: [] }),
  };
  const asked: (readonly string[])[] = [];
  const holds = async (ids: readonly string[]) => {
    asked.push(ids);
    return new Set(["kept"]);
  };
  const { violations } = await auditStore({ ledger, queue: { holds } } as unknown as AuditNeeds);
  assert.deepEqual(violations, [
    "of the ledger",
    "job lost is pending in the ledger, and the queue does not hold it: no sweep can see it",
  ]);
  assert.deepEqual(asked, [
    ["ended", "kept", "lost", "late"],
    ["lost", "late"],
  ]);
});

test("any number of pending jobs is looked for, a thousand at a time, and among all that sweeps see", async () => {
  const pendingJobs = Array.from({ length: 2_500 }, (_, i) => `job-${i}`);
  const sizes: number[] = [];
  const holds = async (ids: readonly string[]) => {
    sizes.push(ids.length);
    return new Set(ids.filter((id) => id !== "job-1200" && id !== "job-2400"));
  };
  const ledger = {
    audit: async () => ({ ...counts, pendingJobs, violations: [] }),
    async pending(_before: number, { limit, cursor = "0" }: { limit: number; cursor?: string }) {
      const [from, next] = [Number(cursor), Number(cursor) + limit];
      const jobs = pendingJobs.slice(from, next).map((id) => ({ id, receivedAt: 1 }));
      return { undecided: [], jobs, ...(next < 2_500 && { next: String(next) }) };
    },
  };
  const { violations, unqueued } = await auditStore({ ledger, queue: { holds } } as unknown as AuditNeeds);
  assert.deepEqual(sizes, [1_000, 1_000, 500, 2]);
  assert.deepEqual([violations, unqueued], [[], ["job-1200", "job-2400"]]);
});
