/** What becomes of runs reaches the ledger and is stated once: through restarts, relists, strangers and stores away. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../../src/core/errors.ts";
import { openBench, status, TIMES } from "./bench.ts";

const RUNNING = status("Unknown", "Running");
const createdAt = Date.parse(TIMES.created);
const startedAt = Date.parse(TIMES.started);
const endedAt = Date.parse(TIMES.ended);

test("a run's start and end are written and stated, with who made it", async () => {
  await using t = await openBench();
  const gateway = t.follow();
  const { run, job, put, progress } = await t.made({});
  put(RUNNING);
  await gateway.until(`${run.name} started`);
  assert.equal((await progress())?.phase, "running");
  assert.deepEqual(gateway.inProgress.counts(), [
    { job: { listener: job.listener, trigger: job.trigger }, count: 1 },
  ]);
  put(status("Unknown", "Running", "one task more"));
  put(status("False", "Failed", "task test failed"));
  await gateway.until(`${run.name} failed`);
  const { createdAt: created, ...told } = (await progress()) ?? { createdAt: 0 };
  assert.deepEqual(told, {
    ...{ phase: "failed", startedAt, endedAt },
    ...{ reason: "Failed", message: "task test failed" },
  });
  assert.ok(created > 0);
  assert.deepEqual(gateway.told(), [`${run.name} started`, `${run.name} failed`]);
  assert.partialDeepStrictEqual(gateway.facts[0], { job, run: { name: run.name } });
  assert.deepEqual(gateway.inProgress.counts(), []);
});

test("a gateway that starts anew states nothing again, and what ended meanwhile once", async () => {
  await using t = await openBench();
  const old = await t.made(status("True", "Succeeded"));
  const going = await t.made(RUNNING);
  const first = t.follow();
  await first.until(`${old.run.name} succeeded`, `${going.run.name} started`);
  await first.stop();
  going.put(status("False", "PipelineRunTimeout"));
  const second = t.follow();
  await second.until(`${going.run.name} timed-out`);
  assert.deepEqual(second.told(), [`${going.run.name} timed-out`]);
});

test("two gateways that follow at once state each start and end once between them", async () => {
  await using t = await openBench();
  const gateways = [t.follow(), t.follow()];
  const made = await Promise.all(Array.from({ length: 10 }, () => t.made(RUNNING)));
  for (const { put } of made) put(status("True", "Completed"));
  const wanted = made.flatMap(({ run }) => [`${run.name} started`, `${run.name} succeeded`]).toSorted();
  const told = () => gateways.flatMap((one) => one.told()).toSorted();
  while (told().length < wanted.length) await new Promise(setImmediate);
  for (const one of gateways) await one.stop();
  assert.deepEqual(told(), wanted);
});

test("a run whose attempt is not recorded yet is told when it is", async () => {
  await using t = await openBench();
  const asked = Promise.withResolvers<void>();
  const gateway = t.follow({ ledger: t.watched("find", asked.resolve) });
  const { run, record } = await t.made(RUNNING, { recorded: false });
  await asked.promise;
  await record();
  await gateway.until(`${run.name} started`);
});

test("objects that only wear the label are not ours: other deliveries', Tekton's own, parts of a run", async () => {
  await using t = await openBench();
  const real = await t.made(RUNNING);
  const label = "triggers.tekton.dev/triggers-eventid";
  const wear = (kind: string, name: string, id: string, more: object = {}) => {
    const metadata = { namespace: "ci", name, labels: { [label]: id, ...more } };
    t.server.put({ apiVersion: "tekton.dev/v1", kind, metadata, status: status("False", "Failed") });
  };
  wear("PipelineRun", "forged", real.id);
  wear("PipelineRun", "tektons", "9b2f9a0e-6f0f-4c5d-8a49-1c6c25d7a1f0");
  wear("PipelineRun", "nobodys", "not an id");
  wear("TaskRun", real.run.name, real.id);
  wear("TaskRun", `${real.run.name}-test`, real.id, { "tekton.dev/pipelineRun": real.run.name });
  const gateway = t.follow();
  await gateway.until(`${real.run.name} started`);
  real.put(status("True", "Succeeded"));
  await gateway.until(`${real.run.name} succeeded`);
  assert.equal(gateway.facts.length, 2);
  const asked = t.server.requests.filter(({ path }) => path.includes("labelSelector"));
  assert.ok(asked.length > 0);
  for (const { path } of asked)
    assert.match(path, /labelSelector=[^&]*eventid%2C%21tekton.dev%2FpipelineRun/);
});

test("a run that is deleted before its end is told as deleted; one that had ended stays as it ended", async () => {
  await using t = await openBench();
  const [going, over, waiting] = [
    await t.made(RUNNING),
    await t.made(status("True", "Succeeded")),
    await t.made({}),
  ];
  const gateway = t.follow({ clock: () => endedAt });
  await gateway.until(`${going.run.name} started`, `${over.run.name} succeeded`);
  for (const one of [over, going, waiting]) one.remove();
  await gateway.until(`${going.run.name} deleted`, `${waiting.run.name} deleted`);
  const told = await going.progress();
  assert.deepEqual([told?.phase, told?.startedAt, told?.endedAt], ["deleted", startedAt, endedAt]);
  assert.equal((await waiting.progress())?.startedAt, undefined);
  assert.equal((await over.progress())?.phase, "succeeded");
});

test("what ended and went while nobody followed is found by the ledger's list of open runs", async () => {
  await using t = await openBench();
  const [gone, unseen] = [await t.made(RUNNING), await t.made()];
  const first = t.follow();
  await first.until(`${gone.run.name} started`);
  await first.stop();
  await t.ledger.follow(unseen.id, unseen.run, { phase: "running", createdAt, startedAt });
  gone.remove();
  const second = t.follow();
  await second.until(`${gone.run.name} deleted`, `${unseen.run.name} deleted`);
});

test("the runs of another cluster are none of its business, whatever lies here under their names", async () => {
  await using t = await openBench();
  const [there, lost] = [await t.made(status("True", "Succeeded")), await t.made()];
  await t.ledger.follow(lost.id, lost.run, { phase: "running", createdAt, startedAt });
  const looked = new Set<string>();
  const both = Promise.withResolvers<void>();
  const find = async (id: string) => {
    const found = await t.ledger.find(id);
    if (looked.add(id).size === 2) both.resolve();
    return found;
  };
  const stranger = t.follow({ where: "https://another-cluster", ledger: { ...t.ledger, find } });
  await both.promise;
  await stranger.stop();
  assert.deepEqual(stranger.facts, []);
  assert.equal(await there.progress(), undefined);
  assert.equal((await lost.progress())?.phase, "running");
});

test("a store that is away delays what is told, and loses none of it", async () => {
  await using t = await openBench();
  const { run } = await t.made(status("True", "Succeeded"));
  let refusals = 4;
  const gateway = t.follow({
    ledger: {
      ...t.ledger,
      follow: async (...args) => {
        if (refusals-- > 0) throw fault("SLUICE_STORE_AWAY", { reason: "connection refused" });
        return t.ledger.follow(...args);
      },
    },
  });
  await gateway.until(`${run.name} started`, `${run.name} succeeded`);
  assert.deepEqual(gateway.told(), [`${run.name} started`, `${run.name} succeeded`]);
});

test("what is nobody's fault but ours is stated as a defect, and not tried for ever", async () => {
  await using t = await openBench();
  await t.made(RUNNING);
  let calls = 0;
  const follow = () => {
    calls++;
    return Promise.reject(new TypeError("of undefined"));
  };
  const gateway = t.follow({ ledger: { ...t.ledger, follow } });
  await gateway.until("defect");
  await gateway.stop();
  assert.equal(calls, 1);
});

test("after the signal nothing is begun", async () => {
  await using t = await openBench();
  const seen = await t.made(RUNNING);
  let calls = 0;
  const gateway = t.follow({ ledger: t.watched("follow", () => calls++) });
  await gateway.until(`${seen.run.name} started`);
  await gateway.stop();
  const before = calls;
  seen.put(status("True", "Succeeded"));
  await gateway.stop();
  assert.equal(calls, before);
  assert.deepEqual(gateway.inProgress.counts(), []);
  assert.equal((await seen.progress())?.phase, "running");
});

test("a cluster without Tekton Pipelines is no trouble, and its runs are followed once it has it", async () => {
  await using t = await openBench();
  t.server.unregister("tekton.dev/v1", "TaskRun");
  const { run } = await t.made(RUNNING);
  const gateway = t.follow();
  await gateway.until(`${run.name} started`);
  assert.deepEqual(gateway.told(), [`${run.name} started`]);
});

test("named namespaces are followed with rights in these alone", async () => {
  await using t = await openBench();
  const { run } = await t.made(RUNNING);
  const gateway = t.follow({ namespaces: ["ci"] });
  await gateway.until(`${run.name} started`);
  const asked = t.server.requests.filter(({ path }) => path.startsWith("/apis/tekton.dev"));
  assert.ok(asked.every(({ path }) => path.startsWith("/apis/tekton.dev/v1/namespaces/ci/")));
});
