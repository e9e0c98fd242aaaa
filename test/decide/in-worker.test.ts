/** Triggers that wait for an interceptor: the others fire at once, they when it answers, and nothing is lost or twice. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createJobId, decideJobId, derivedName } from "../../src/core/identity.ts";
import type { DecideJob } from "../../src/core/job.ts";
import { createSweep } from "../../src/reconcile/sweep.ts";
import {
  decisionsOf,
  type FlowOptions,
  type Flows,
  gone,
  openFlows,
  type Said,
  serveInterceptor,
} from "../helpers/flows.ts";
import { cel, generic, listener, OPEN, push, remote, trigger, type Written } from "../helpers/objects.ts";

const START = 1_000_000;
const HOUR = 3_600_000;
const GATE = { ref: { name: "gate" } };
const yes: Said = { body: { continue: true } };
const no: Said = { body: { continue: false, status: { code: 9, message: "not today" } } };
const down: Said = { status: 503, body: "down" };

/** A listener of which one trigger asks the gate. */
const objects = (url: string, ...more: readonly unknown[]): readonly Written[] => [
  remote("gate", url),
  listener(
    "git",
    [trigger("gated", [GATE]), trigger("build"), trigger("never", [cel("false")]), ...more],
    OPEN,
  ),
];

/** An address where nobody listens: that of a server which has gone. */
async function deadAddress(): Promise<{ readonly url: string; readonly port: number }> {
  await using server = await serveInterceptor(() => yes);
  return { url: server.url, port: Number(new URL(server.url).port) };
}

function jobFor({ store }: Flows, id: string): Promise<DecideJob> {
  return store.ledger.find(id).then((record) => {
    assert.ok(record && !record.decided);
    const { listener: of, receivedAt } = record;
    return { kind: "decide", id: decideJobId(id), delivery: id, listener: of, receivedAt };
  });
}

async function outcomeOf({ store }: Flows, id: string) {
  return (await store.ledger.find(id))?.outcome;
}

const fileOf = (name: string, id: string) => derivedName(`${name}-`, id, { namespace: "ci", name }, 0);

for (const store of ["redis", "embedded", "postgres"] as const) {
  for (const [way, options] of [
    ["decided in the request", {}],
    ["decided by a worker", { decideWithin: 0 }],
  ] as const) {
    test(`only the trigger whose interceptor is down waits till it is up: ${way}, on ${store}`, async () => {
      const { url, port } = await deadAddress();
      await using flows = await openFlows(objects(url), { ...options, store });
      const id = await flows.send(push());
      const consumer = await flows.store.queue.consume(flows.dispatch, { concurrency: 4 });
      const made = (name: string) =>
        flows.heard((fact) => fact.type === "run.created" && fact.job.trigger.name === name);
      await made("build");
      const record = await flows.store.ledger.find(id);
      assert.deepEqual(await decisionsOf(flows, id), ["gated waiting", "build matched", "never filtered"]);
      assert.deepEqual([record?.outcome, record?.decided], ["pending", false]);
      assert.match(record?.reason ?? "", /^gated: gate: .*ECONNREFUSED.* \(and 2 more triggers\)$/);
      const { pendingJobs } = await flows.store.ledger.audit();
      assert.deepEqual(pendingJobs, [decideJobId(id)]);
      assert.deepEqual(await flows.store.queue.holds(pendingJobs), new Set(pendingJobs));

      await using gate = await serveInterceptor(() => yes, port);
      await made("gated");
      await consumer.stop(5_000);
      assert.equal(gate.asked.length, 1);
      assert.deepEqual(await decisionsOf(flows, id), ["gated matched", "build matched", "never filtered"]);
      assert.equal(await outcomeOf(flows, id), "created");
      assert.deepEqual(
        flows.files().map((path) => path.match(/build-\w+|gated-\w+/)?.[0]),
        [fileOf("build", id), fileOf("gated", id)],
      );
      const told = flows.facts.flatMap((fact) =>
        fact.type === "decision.made" ? `${fact.trigger.name} ${fact.result}` : [],
      );
      assert.deepEqual(told.toSorted(), ["build matched", "gated matched", "never filtered"]);
      const { violations, created, runs } = await flows.store.ledger.audit();
      assert.deepEqual([violations, created, runs], [[], 1, 2]);
    });
  }
}

/** Flows whose gate answers so the first time, the second, and so on. */
async function answered(answer: (number: number) => Said, options: FlowOptions, ...more: readonly unknown[]) {
  const gate = await serveInterceptor((_, number) => answer(number));
  const flows = await openFlows(objects(gate.url, ...more), options);
  return {
    ...{ gate, flows },
    async [Symbol.asyncDispose]() {
      await flows[Symbol.asyncDispose]();
      await gate[Symbol.asyncDispose]();
    },
  };
}

describe("a trigger that waits", () => {
  const clocked = async (answer: (number: number) => Said, ...more: readonly unknown[]) => {
    const time = { now: START };
    return { ...(await answered(answer, { clock: () => time.now }, ...more)), time };
  };

  test("is asked again on the schedule of all retries, and alone", async () => {
    await using world = await clocked((number) => (number < 4 ? down : yes));
    const { flows, gate } = world;
    const id = await flows.send(push({ at: START }));
    const job = await jobFor(flows, id);
    assert.deepEqual(await flows.dispatch(job, 1), { kind: "retry", afterMs: 1_000 });
    assert.deepEqual(await flows.dispatch(job, 2), { kind: "retry", afterMs: 2_000 });
    assert.deepEqual(await flows.dispatch(job, 3), { kind: "done" });
    assert.deepEqual(await decisionsOf(flows, id), ["gated matched", "build matched", "never filtered"]);
    assert.equal(gate.asked.length, 4);
    await flows.drain();
    assert.deepEqual([flows.files().length, await outcomeOf(flows, id)], [2, "created"]);
  });

  test("that says no in the end leaves the delivery to what the others made of it", async () => {
    await using world = await clocked((number) => (number < 2 ? down : no));
    const { flows } = world;
    const id = await flows.send(push({ at: START }));
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, id), ["gated filtered", "build matched", "never filtered"]);
    assert.equal(await outcomeOf(flows, id), "created");
  });

  test("fails for its reason when patience ends, while the others stay fired; its redelivery asks it alone", async () => {
    await using world = await clocked((number) => (number < 3 ? down : yes));
    const { flows, time } = world;
    const arrival = push({ at: START, id: "gh-1" });
    const id = await flows.send(arrival);
    const job = await jobFor(flows, id);
    time.now = START + 24 * HOUR;
    assert.deepEqual(await flows.dispatch(job, 100), { kind: "done" });
    await flows.drain();
    const record = await flows.store.ledger.find(id);
    assert.deepEqual(await decisionsOf(flows, id), ["gated failed", "build matched", "never filtered"]);
    const [gated] = record?.decisions ?? [];
    assert.equal(gated?.code, "SLUICE_INTERCEPTOR_FAILED");
    assert.match(gated?.reason ?? "", /^gate: .*503.*\(given up after 24 hours and 100 tries\)$/);
    assert.equal(gated?.waits, undefined);
    assert.deepEqual([record?.outcome, flows.files().length], ["dead", 1]);
    assert.equal((await flows.store.ledger.deadGroups())[0]?.code, "SLUICE_INTERCEPTOR_FAILED");
    const second = await flows.send(arrival);
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, second), ["gated matched"]);
    assert.equal((await flows.store.ledger.find(id))?.dropped?.reason, `decided again as ${second}`);
    assert.deepEqual(
      flows.files().map((path) => path.match(/build|gated/)?.[0]),
      ["build", "gated"],
    );
  });

  test("is asked by a sender that brings the delivery again, and nothing runs twice", async () => {
    await using world = await clocked((number) => (number < 2 ? down : yes));
    const { flows } = world;
    const arrival = push({ at: START, id: "gh-1" });
    const first = await flows.send(arrival);
    const second = await flows.send(arrival);
    assert.deepEqual(await decisionsOf(flows, second), ["gated matched"]);
    await flows.drain();
    const { accepted, created, duplicate, runs, violations } = await flows.store.ledger.audit();
    assert.deepEqual(
      { accepted, created, duplicate, runs, violations },
      { accepted: 3, created: 2, duplicate: 1, runs: 2, violations: [] },
    );
    assert.deepEqual(await decisionsOf(flows, first), ["gated filtered", "build matched", "never filtered"]);
    const [gated] = (await flows.store.ledger.find(first))?.decisions ?? [];
    assert.equal(gated?.reason, `the same as ${second}, which came first`);
  });

  test("fails when somebody takes it out of the listener, or moves one without a name", async () => {
    await using world = await clocked(() => down, trigger("", [GATE]), trigger(""));
    const { flows, gate } = world;
    const id = await flows.send(push({ at: START }));
    const job = await jobFor(flows, id);
    const [asks, first, second] = [remote("gate", gate.url), trigger("", [GATE]), trigger("")];
    await flows.declare([
      asks,
      listener("git", [trigger("other", [GATE]), trigger(""), first, second], OPEN),
    ]);
    const asked = gate.asked.length;
    assert.deepEqual(await flows.dispatch(job, 1), { kind: "done" });
    assert.equal(gate.asked.length, asked);
    const record = await flows.store.ledger.find(id);
    assert.deepEqual(
      record?.decisions.map(({ trigger: { name }, result, code = "" }) => `${name} ${result} ${code}`.trim()),
      [
        "gated failed SLUICE_TRIGGER_UNKNOWN",
        "build matched",
        "never filtered",
        "failed SLUICE_TRIGGER_UNKNOWN",
        "matched",
      ],
    );
    assert.match(record?.decisions[0]?.reason ?? "", /listener ci\/git has no trigger ci\/gated any more/);
  });

  test("waits for its listener too, for an hour, and then says under its own name what is missing", async () => {
    await using world = await clocked(() => down);
    const { flows, time } = world;
    const id = await flows.send(push({ at: START }));
    const job = await jobFor(flows, id);
    await flows.declare([]);
    assert.deepEqual(await flows.dispatch(job, 1), { kind: "retry", afterMs: 30_000 });
    assert.deepEqual(await decisionsOf(flows, id), ["gated waiting", "build matched", "never filtered"]);
    time.now = START + HOUR;
    assert.deepEqual(await flows.dispatch(job, 9), { kind: "done" });
    const [gated] = (await flows.store.ledger.find(id))?.decisions ?? [];
    assert.deepEqual(
      [gated?.trigger.name, gated?.result, gated?.code],
      ["gated", "failed", "SLUICE_REF_MISSING"],
    );
  });

  test("behind a group waits with the whole group, and with nobody else", async () => {
    const { url } = await deadAddress();
    const groups = [
      {
        name: "team",
        interceptors: [GATE],
        triggerSelector: { labelSelector: { matchLabels: { team: "a" } } },
      },
    ];
    const behind = (name: string): Written => ({
      apiVersion: "triggers.tekton.dev/v1beta1",
      kind: "Trigger",
      metadata: { name, namespace: "ci", labels: { team: "a" } },
      spec: trigger("", [], { template: trigger(name)["template"] }),
    });
    const git = listener("git", [trigger("build")], { ...OPEN, triggerGroups: groups });
    await using flows = await openFlows([remote("gate", url), behind("one"), behind("two"), git]);
    const id = await flows.send(push());
    assert.deepEqual(await decisionsOf(flows, id), ["build matched", "one waiting", "two waiting"]);
    await using _gate = await serveInterceptor(() => yes, Number(new URL(url).port));
    await flows.drain();
    assert.deepEqual(await decisionsOf(flows, id), ["build matched", "one matched", "two matched"]);
    assert.equal(flows.files().length, 3);
  });

  test("of a replay waits in the same way, and its objects have the replay's names", async () => {
    await using world = await clocked((number) => (number === 2 ? down : yes));
    const { flows } = world;
    const id = await flows.send(push({ at: START }));
    const replay = await flows.accept.replay(id);
    assert.deepEqual(await decisionsOf(flows, replay), ["gated waiting", "build matched", "never filtered"]);
    await flows.drain();
    assert.equal(await outcomeOf(flows, replay), "created");
    const files = flows.files().join();
    for (const name of [id, replay].map((one) => fileOf("gated", one))) assert.ok(files.includes(name), name);
  });
});

describe("between ledger and queue", () => {
  const dying = async (answer: (number: number) => Said) => {
    const state = { dead: false };
    const world = await answered(answer, {
      queue: (real) => ({ ...real, enqueue: (jobs) => (state.dead ? gone() : real.enqueue(jobs)) }),
    });
    return { ...world, state };
  };

  test("a request may die: the sweep queues what fires and what waits", async () => {
    await using world = await dying((number) => (number < 2 ? down : yes));
    const { flows, state } = world;
    state.dead = true;
    const id = await flows.send(push());
    state.dead = false;
    const sweep = createSweep({
      ...{ ledger: flows.store.ledger, queue: flows.store.queue },
      ...{ tell: () => assert.fail("nothing to tell"), minAge: -1_000 },
    });
    assert.equal(await sweep(), 2);
    assert.equal(await sweep(), 0);
    await flows.drain();
    assert.deepEqual([await outcomeOf(flows, id), flows.files().length], ["created", 2]);
  });

  test("a worker may die: the next try queues what it decided, and asks nobody again", async () => {
    await using world = await dying((number) => (number < 2 ? down : yes));
    const { flows, state, gate } = world;
    const id = await flows.send(push());
    const job = await jobFor(flows, id);
    state.dead = true;
    await assert.rejects(flows.dispatch(job, 1), /connection refused/);
    state.dead = false;
    const gated = createJobId(id, { namespace: "ci", name: "gated" });
    assert.deepEqual(await flows.store.queue.holds([gated]), new Set());
    assert.deepEqual(await flows.dispatch(job, 2), { kind: "done" });
    assert.deepEqual(await flows.store.queue.holds([gated]), new Set([gated]));
    assert.equal(gate.asked.length, 2);
    await flows.drain();
    assert.deepEqual([await outcomeOf(flows, id), flows.files().length], ["created", 2]);
  });

  test("two workers with one job fire each trigger once", async () => {
    await using world = await dying((number) => (number < 2 ? down : yes));
    const { flows } = world;
    const id = await flows.send(generic({ body: '{"ref":"refs/heads/main"}' }));
    const job = await jobFor(flows, id);
    await Promise.all([flows.dispatch(job, 1), flows.dispatch(job, 2)]);
    await flows.drain();
    const { runs, created, violations } = await flows.store.ledger.audit();
    assert.deepEqual([runs, created, violations], [2, 1, []]);
  });
});
