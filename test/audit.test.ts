/** The audit of a store: balanced after honest work, and a word for each thing that is wrong. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { auditStore } from "../src/audit.ts";
import type { Audit } from "../src/core/ledger.ts";
import { openFlows } from "./helpers/flows.ts";
import { cel, generic, listener, OPEN, push, remote, template, trigger } from "./helpers/objects.ts";

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
    ...{ runs: 3, violations: [] },
  });
  assert.equal(pendingJobs.length, 2);
});

test("work that the ledger awaits and the queue does not hold is named, job by job", async () => {
  await using flows = await openFlows([git, ...asking], {
    decideWithin: 0,
    queue: (real) => ({ ...real, enqueue: async () => {} }),
  });
  const lost = await flows.send(generic({ body: '{"ref":"a"}' }));
  const undecided = await flows.send(generic(), "asking");
  const { violations, pending } = await auditStore(flows.store);
  const ids = [(await flows.jobs(lost))[0]?.id, `${undecided}-decide`];
  assert.equal(pending, 2);
  assert.deepEqual(
    violations.toSorted(),
    ids.map((id) => `job ${id} is pending in the ledger, and the queue does not hold it`).toSorted(),
  );
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

test("a job that ends between the two looks is not called lost", async () => {
  const answers: Audit[] = [
    { ...counts, pendingJobs: ["ended", "kept", "lost"], violations: [] },
    { ...counts, pendingJobs: ["kept", "lost", "new"], violations: ["of the ledger"] },
  ];
  const ledger = { audit: async () => answers.shift() ?? assert.fail("asked a third time") };
  const asked: (readonly string[])[] = [];
  const holds = async (ids: readonly string[]) => {
    asked.push(ids);
    return new Set(["kept"]);
  };
  const { violations } = await auditStore({ ledger, queue: { holds } } as unknown as Parameters<
    typeof auditStore
  >[0]);
  assert.deepEqual(violations, [
    "of the ledger",
    "job lost is pending in the ledger, and the queue does not hold it",
  ]);
  assert.deepEqual(asked, [["ended", "kept", "lost"], ["lost"]]);
});

test("any number of pending jobs is looked for, a thousand at a time", async () => {
  const pendingJobs = Array.from({ length: 2_500 }, (_, i) => `job-${i}`);
  const ledger = { audit: async () => ({ ...counts, pendingJobs, violations: [] }) };
  const sizes: number[] = [];
  const holds = async (ids: readonly string[]) => {
    sizes.push(ids.length);
    return new Set(ids.filter((id) => id !== "job-2400"));
  };
  const { violations } = await auditStore({ ledger, queue: { holds } } as unknown as Parameters<
    typeof auditStore
  >[0]);
  assert.deepEqual(sizes, [1_000, 1_000, 500, 1]);
  assert.equal(violations.length, 1);
});
