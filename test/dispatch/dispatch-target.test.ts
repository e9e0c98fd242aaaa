/** The way out to a real API server: answers that are lost, a server that is away, and one that asks for patience. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { JobHandler } from "../../src/core/queue.ts";
import { createKubernetesTarget } from "../../src/dispatch/create/kubernetes.ts";
import { type ApiServer, type Fault, startApiServer } from "../helpers/api-server.ts";
import { type FlowOptions, type Flows, openFlows } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { listener, OPEN, push, trigger } from "../helpers/objects.ts";

const RUNS = "/namespaces/ci/pipelineruns";

interface World extends AsyncDisposable {
  readonly server: ApiServer;
  readonly flows: Flows;
  /** Names of the PipelineRuns that the server has. */
  runs(): readonly string[];
}

async function world(options: FlowOptions = {}): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await startApiServer({ namespaces: ["ci"] }));
  const folder = opened.use(temporaryFolder());
  const kubeconfig = server.writeKubeconfig(join(folder.path, "kubeconfig"));
  const target = createKubernetesTarget({ kubeconfig, limits: { timeoutMs: 400, maxBytes: 64 * 1024 } });
  opened.defer(() => target.close());
  const objects = [listener("git", [trigger("build")], OPEN)];
  const flows = opened.use(await openFlows(objects, { target, ...options }));
  const runs = () => server.objects("PipelineRun").map(({ metadata }) => metadata.name);
  const running = opened.move();
  return { server, flows, runs, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const attemptsOf = async ({ store }: Flows, id: string) =>
  (await store.ledger.find(id))?.jobs[0]?.attempts ?? [];

describe("a create whose answer is lost ends in one object", () => {
  const after = { method: "POST", path: RUNS } as const;
  for (const [what, fault] of [
    ["the connection breaks once", { ...after, action: { type: "drop", when: "after" } }],
    ["the connection breaks twice", { ...after, times: 2, action: { type: "drop", when: "after" } }],
    ["the server never answers", { ...after, times: 2, action: { type: "hang", when: "after" } }],
    ["it breaks before the work, then after it", { ...after, action: { type: "drop", when: "before" } }],
  ] as const satisfies readonly (readonly [string, Fault])[]) {
    test(`when ${what}`, async () => {
      await using t = await world();
      t.server.fault(fault);
      if (fault.action.when === "before")
        t.server.fault({ ...fault, action: { type: "drop", when: "after" } });
      const id = await t.flows.send(push());
      await t.flows.drain();
      assert.equal(t.runs().length, 1);
      const record = await t.flows.store.ledger.find(id);
      assert.deepEqual([record?.outcome, record?.runs], ["created", [`PipelineRun ci/${t.runs()[0]}`]]);
      assert.ok(!t.flows.told().includes("target.away"), "a lost answer of a living server is no outage");
      assert.deepEqual((await t.flows.store.ledger.audit()).violations, []);
    });
  }

  test("when the same job runs in two workers at once", async () => {
    await using t = await world();
    const id = await t.flows.send(push());
    const [job] = await t.flows.jobs(id);
    assert.ok(job);
    await Promise.all([t.flows.dispatch(job, 1), t.flows.dispatch(job, 2), t.flows.dispatch(job, 3)]);
    assert.equal(t.runs().length, 1);
    assert.equal((await t.flows.store.ledger.find(id))?.outcome, "created");
  });
});

describe("while the target is away", () => {
  test("jobs wait untried, decisions go on, and all is created at once when it is back", async () => {
    await using t = await world();
    const { flows, server } = t;
    await server.stop();
    const decided = Promise.withResolvers<void>();
    const created = Promise.withResolvers<void>();
    const done = new Set<string>();
    const handler: JobHandler = async (job, attempt) => {
      const verdict = await flows.dispatch(job, attempt);
      if (job.kind === "decide") decided.resolve();
      else if (verdict.kind === "done" && done.add(job.id).size === 30) created.resolve();
      return verdict;
    };
    const consumer = await flows.store.queue.consume(handler, { concurrency: 4 });
    const ids = await Promise.all(Array.from({ length: 30 }, () => flows.send(push())));
    await flows.heard((fact) => fact.type === "target.away");
    assert.equal(flows.gate.state().away, true);
    const listener = { namespace: "ci", name: "git" };
    const [first] = ids as [string];
    await flows.store.queue.enqueue([
      { kind: "decide", id: `${first}-decide`, delivery: first, listener, receivedAt: 0 },
    ]);
    await decided.promise;
    while ((await flows.store.queue.depth()).active > 0) await new Promise(setImmediate);
    assert.equal((await flows.store.queue.depth()).waiting, 30);
    await server.start();
    await created.promise;
    await consumer.stop(5_000);
    assert.equal(t.runs().length, 30);
    for (const id of ids) {
      const attempts = await attemptsOf(flows, id);
      assert.deepEqual(
        attempts.map(({ number, outcome }) => [number, outcome]),
        [[1, "done"]],
        "nothing was burned",
      );
    }
    const told = flows.told().filter((type) => type.startsWith("target."));
    assert.deepEqual(told, ["target.away", "target.back"]);
  });

  test("one kind that never answers holds up nobody else", async () => {
    await using t = await world();
    t.server.fault({ method: "POST", path: RUNS, action: { type: "hang", when: "before" } });
    const slow = await t.flows.send(push());
    const [job] = await t.flows.jobs(slow);
    assert.ok(job);
    assert.equal((await t.flows.dispatch(job, 1)).kind, "retry");
    assert.equal(t.flows.gate.closed(), undefined);
    const [attempt] = await attemptsOf(t.flows, slow);
    assert.deepEqual([attempt?.outcome, attempt?.code], ["retry", "SLUICE_CREATE_UNREACHABLE"]);
  });

  test("longer than its patience, a job is still tried three times", async () => {
    const time = { now: 1_000_000 };
    await using t = await world({ clock: () => time.now });
    const id = await t.flows.send(push({ at: time.now }));
    const [job] = await t.flows.jobs(id);
    assert.ok(job);
    time.now += 72 * 3_600_000;
    t.server.fault({ method: "POST", path: RUNS, times: 3, action: { type: "status", status: 503 } });
    assert.equal((await t.flows.dispatch(job, 1)).kind, "retry");
    assert.equal((await t.flows.dispatch(job, 2)).kind, "retry");
    assert.equal((await t.flows.dispatch(job, 3)).kind, "done");
    const record = await t.flows.store.ledger.find(id);
    assert.equal(record?.outcome, "dead");
    assert.match(record.reason, /given up after 24 hours and 3 tries/);
  });
});

test("Retry-After is waited out, through the queue and by the clock", { timeout: 30_000 }, async () => {
  await using t = await world();
  const action = { type: "status", status: 429, retryAfter: "2" } as const;
  t.server.fault({ method: "POST", path: RUNS, action });
  const id = await t.flows.send(push());
  await t.flows.drain();
  const [refused, made] = await attemptsOf(t.flows, id);
  assert.ok(refused && made);
  assert.deepEqual([refused.outcome, refused.code, made.outcome], ["retry", "SLUICE_CREATE_BUSY", "done"]);
  assert.ok(made.at - refused.at >= 2_000, `came back after ${made.at - refused.at} ms`);
  assert.ok((refused.nextAt ?? 0) <= made.at);
});

test("a job that a person reopened has its whole patience again, and its attempts counted on", async () => {
  const time = { now: 1_000_000 };
  await using t = await world({ clock: () => time.now });
  t.server.fault({ method: "POST", path: RUNS, action: { type: "status", status: 422 } });
  const id = await t.flows.send(push({ at: time.now }));
  const [job] = await t.flows.jobs(id);
  assert.ok(job);
  await t.flows.dispatch(job, 1);
  time.now += 48 * 3_600_000;
  const [again] = await t.flows.store.ledger.reopen(id, time.now);
  assert.ok(again);
  t.server.fault({ method: "POST", path: RUNS, action: { type: "status", status: 503 } });
  assert.deepEqual(await t.flows.dispatch(again, 1), { kind: "retry", afterMs: 1_000 });
  await t.flows.dispatch(again, 2);
  assert.deepEqual(
    (await attemptsOf(t.flows, id)).map(({ number, outcome }) => [number, outcome]),
    [
      [1, "dead"],
      [2, "retry"],
      [3, "done"],
    ],
  );
});
