/** The way out: what a job comes to for each answer of the target, and what is recorded of it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ErrorCode, Retry } from "../../src/core/errors.ts";
import { fault } from "../../src/core/errors.ts";
import type { CreateAnswer, CreateJob, KubernetesObject, Target } from "../../src/core/job.ts";
import { openFlows } from "../helpers/flows.ts";
import { listener, OPEN, push, template, trigger } from "../helpers/objects.ts";

const START = 1_000_000;
const HOUR = 3_600_000;

/** A target that answers what a table says, one answer for each call, and the objects that it was given. */
function scripted(...answers: readonly (CreateAnswer["outcome"] | Partial<Failed>)[]) {
  const asked: string[] = [];
  const target: Pick<Target, "create"> = {
    async create(object) {
      const answer = answers[asked.push(object.metadata.name) - 1] ?? "created";
      if (typeof answer === "object") return { outcome: "failed", ...BUSY, ...answer };
      assert.ok(answer !== "failed");
      return { outcome: answer, run: runOf(object, answer) };
    },
  };
  return { target, asked };
}

interface Failed {
  readonly retry: Retry;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly after: number;
}

const BUSY = { retry: "soon", code: "SLUICE_CREATE_BUSY", reason: "the API server answered 503" } as const;

function runOf({ apiVersion, kind, metadata }: KubernetesObject, outcome: "created" | "exists") {
  return { apiVersion, kind, namespace: "ci", name: metadata.name, where: "table", outcome };
}

/** Flows with one delivery accepted at START whose job makes these objects, and a clock to turn. */
async function withJob(target: Pick<Target, "create"> | undefined, prefixes: readonly string[] = ["run"]) {
  const time = { now: START };
  const build = trigger("build", [], { template: template(...prefixes) });
  const flows = await openFlows([listener("git", [build], OPEN)], {
    ...(target && { target }),
    clock: () => time.now,
  });
  const id = await flows.send(push({ at: START }));
  const [job] = await flows.jobs(id);
  assert.ok(job?.kind === "create");
  const record = () => flows.store.ledger.find(id);
  return { flows, job, time, record, [Symbol.asyncDispose]: () => flows[Symbol.asyncDispose]() };
}

const names = (job: CreateJob) => job.objects.map((object) => object.metadata.name);

test("a template whose second resource is broken makes the first, as Tekton, and then is a dead letter", async () => {
  const { target, asked } = scripted("created");
  const nameless = { apiVersion: "v1", kind: "ConfigMap" };
  const { spec } = template("run") as { spec: { resourcetemplates: readonly object[] } };
  const twofold = { spec: { ...spec, resourcetemplates: [...spec.resourcetemplates, nameless] } };
  await using flows = await openFlows(
    [listener("git", [trigger("build", [], { template: twofold })], OPEN)],
    { target },
  );
  const id = await flows.send(push({ at: START }));
  const [job] = await flows.jobs(id);
  assert.ok(job?.kind === "create");
  assert.deepEqual(await flows.dispatch(job, 1), { kind: "done" });
  assert.equal(asked.length, 1);
  const record = await flows.store.ledger.find(id);
  assert.equal(record?.outcome, "dead");
  const [attempt] = record?.jobs[0]?.attempts ?? [];
  assert.deepEqual([attempt?.code, attempt?.runs.length], ["SLUICE_TEMPLATE_BROKEN", 1]);
  assert.match(record?.decisions[0]?.reason ?? "", /^creates .*, and then fails: resource template 1/);
});

describe("a job whose objects are created", () => {
  test("is done, recorded with its runs, and told: the attempt, then each run", async () => {
    const { target, asked } = scripted("created", "created");
    await using world = await withJob(target, ["one", "two"]);
    const { flows, job, time, record } = world;
    time.now += 40;
    assert.deepEqual(await flows.dispatch(job, 1), { kind: "done" });
    assert.deepEqual(asked, names(job), "in the template's order");
    const found = await record();
    assert.equal(found?.outcome, "created");
    const runs = job.objects.map((object) => runOf(object, "created"));
    assert.deepEqual(found.jobs[0]?.attempts, [
      { number: 1, at: START + 40, took: 0, outcome: "done", runs },
    ]);
    const [attempted, ...created] = flows.facts.slice(2);
    assert.ok(attempted?.type === "job.attempted");
    assert.deepEqual([attempted.waited, attempted.attempt.outcome], [40, "done"]);
    assert.deepEqual(
      created.map((fact) => [fact.type, fact.type === "run.created" && fact.run.name]),
      names(job).map((name) => ["run.created", name]),
    );
  });

  test("is given to the target whole, as its service account, in the trigger's namespace", async () => {
    const seen: CreateJob[] = [];
    const { target } = scripted();
    const build = trigger("build", [], { serviceAccountName: "builder" });
    await using flows = await openFlows([listener("git", [build], OPEN)], {
      target: {
        create(object, job) {
          seen.push(job);
          return target.create(object, job);
        },
      },
    });
    await flows.send(push());
    await flows.drain();
    assert.deepEqual(
      [seen[0]?.serviceAccount, seen[0]?.trigger],
      ["builder", { namespace: "ci", name: "build" }],
    );
  });

  test("a second time, as after a crash, creates nothing new and stays as it was", async () => {
    await using world = await withJob(undefined, ["one", "two"]);
    const { flows, job, record } = world;
    await flows.dispatch(job, 1);
    const files = flows.files();
    assert.equal(files.length, 2);
    assert.deepEqual(await flows.dispatch(job, 2), { kind: "done" });
    assert.deepEqual(flows.files(), files);
    const found = await record();
    assert.deepEqual([found?.outcome, found?.runs.length], ["created", 2]);
    const outcomes = found?.jobs[0]?.attempts.map(({ runs }) => runs.map((run) => run.outcome));
    assert.deepEqual(outcomes, [
      ["created", "created"],
      ["exists", "exists"],
    ]);
    assert.deepEqual((await flows.store.ledger.audit()).violations, []);
  });

  test("while the ledger is away is handed back, and made good by the next try", async () => {
    let away = true;
    const gone = () => Promise.reject(fault("SLUICE_STORE_AWAY", { reason: "refused" }));
    await using flows = await openFlows([listener("git", [trigger("build", [])], OPEN)], {
      ledger: (real) => ({ ...real, attempt: (...given) => (away ? gone() : real.attempt(...given)) }),
    });
    const id = await flows.send(push());
    const [job] = await flows.jobs(id);
    assert.ok(job);
    await assert.rejects(flows.dispatch(job, 1), /refused/);
    assert.equal(flows.files().length, 1);
    away = false;
    await flows.dispatch(job, 2);
    const found = await flows.store.ledger.find(id);
    assert.deepEqual([found?.outcome, found?.jobs[0]?.attempts[0]?.runs[0]?.outcome], ["created", "exists"]);
    assert.equal(flows.files().length, 1);
  });
});

describe("a job whose target fails", () => {
  test("soon is tried again after a second, then two, and is done when the target is back", async () => {
    const { target } = scripted({}, {}, "created");
    await using world = await withJob(target);
    const { flows, job, time, record } = world;
    assert.deepEqual(await flows.dispatch(job, 1), { kind: "retry", afterMs: 1_000 });
    time.now += 1_000;
    assert.deepEqual(await flows.dispatch(job, 2), { kind: "retry", afterMs: 2_000 });
    assert.equal((await record())?.outcome, "pending");
    time.now += 2_000;
    assert.deepEqual(await flows.dispatch(job, 3), { kind: "done" });
    const attempts = (await record())?.jobs[0]?.attempts ?? [];
    assert.deepEqual(
      attempts.map(({ number, outcome, code, nextAt }) => ({ number, outcome, code, nextAt })),
      [
        { number: 1, outcome: "retry", code: BUSY.code, nextAt: START + 1_000 },
        { number: 2, outcome: "retry", code: BUSY.code, nextAt: START + 3_000 },
        { number: 3, outcome: "done", code: undefined, nextAt: undefined },
      ],
    );
    assert.equal((await record())?.outcome, "created");
  });

  test("with a Retry-After waits at least so long", async () => {
    const { target } = scripted({ after: 90_000 });
    await using world = await withJob(target);
    assert.deepEqual(await world.flows.dispatch(world.job, 1), { kind: "retry", afterMs: 90_000 });
    const [attempt] = (await world.record())?.jobs[0]?.attempts ?? [];
    assert.equal(attempt?.nextAt, START + 90_000);
  });

  test("slowly is tried again after half a minute, and given up an hour after receipt", async () => {
    const forbidden = { retry: "slow", code: "SLUICE_CREATE_FORBIDDEN", reason: "no right" } as const;
    const { target } = scripted(forbidden, forbidden, forbidden);
    await using world = await withJob(target);
    const { flows, job, time, record } = world;
    assert.deepEqual(await flows.dispatch(job, 1), { kind: "retry", afterMs: 30_000 });
    assert.deepEqual(await flows.dispatch(job, 2), { kind: "retry", afterMs: 60_000 });
    time.now = START + HOUR;
    assert.deepEqual(await flows.dispatch(job, 3), { kind: "done" });
    const found = await record();
    assert.equal(found?.outcome, "dead");
    assert.match(found.reason, /SLUICE_CREATE_FORBIDDEN: no right \(given up after 1 hour and 3 tries\)/);
  });

  test("soon is given up a day after receipt", async () => {
    const { target } = scripted({});
    await using world = await withJob(target);
    world.time.now = START + 24 * HOUR;
    assert.deepEqual(await world.flows.dispatch(world.job, 40), { kind: "done" });
    assert.equal((await world.record())?.outcome, "dead");
  });

  test("for good is dead at once, with code and reason, and nothing is told of runs", async () => {
    const refused = { retry: "never", code: "SLUICE_CREATE_REFUSED", reason: "spec.foo: unknown" } as const;
    const { target, asked } = scripted(refused);
    await using world = await withJob(target, ["one", "two"]);
    assert.deepEqual(await world.flows.dispatch(world.job, 1), { kind: "done" });
    assert.equal(asked.length, 1, "nothing after the first failure");
    const found = await world.record();
    assert.deepEqual([found?.outcome, found?.jobs[0]?.state], ["dead", "dead"]);
    assert.match(found?.reason ?? "", /spec\.foo: unknown \(trying again would not help\)/);
    assert.ok(!world.flows.told().includes("run.created"));
  });

  test("amid its objects keeps what was created, stops there, and goes on with the rest", async () => {
    const { target, asked } = scripted("created", {}, "exists", "created", "created");
    await using world = await withJob(target, ["one", "two", "three"]);
    const { flows, job, record } = world;
    const [one, two, three] = names(job);
    assert.equal((await flows.dispatch(job, 1)).kind, "retry");
    assert.deepEqual(asked, [one, two]);
    const half = await record();
    assert.deepEqual([half?.outcome, half?.runs], ["pending", [`PipelineRun ci/${one}`]]);
    assert.deepEqual(await flows.dispatch(job, 2), { kind: "done" });
    assert.deepEqual(asked.slice(2), [one, two, three]);
    assert.deepEqual(
      (await record())?.runs,
      names(job).map((name) => `PipelineRun ci/${name}`),
    );
  });

  test("by throwing, at once or later, is tried again with what it threw", async () => {
    const create = (): Promise<CreateAnswer> => {
      throw new TypeError("no such field");
    };
    for (const target of [{ create }, { create: async () => create() }]) {
      await using world = await withJob(target);
      assert.deepEqual(await world.flows.dispatch(world.job, 1), { kind: "retry", afterMs: 1_000 });
      const [attempt] = (await world.record())?.jobs[0]?.attempts ?? [];
      assert.deepEqual([attempt?.code, attempt?.reason], ["SLUICE_INTERNAL", "no such field"]);
    }
  });
});

test("a job that the ledger does not know is created, told as a defect, and not tried for ever", async () => {
  await using made = await withJob(scripted("created").target);
  const stranger: CreateJob = { ...made.job, id: `${made.job.delivery}-stranger` };
  const answer = await made.flows.dispatch(stranger, 1);
  assert.deepEqual(answer, { kind: "done" });
  const defects = made.flows.facts.filter((fact) => fact.type === "defect");
  assert.deepEqual(
    defects.map((fact) => fact.where),
    ["dispatch"],
  );
});

test("an object whose name no API server takes is never sent, and those before it are created", async () => {
  const { target, asked } = scripted("created", "created");
  await using world = await withJob(target, ["one", "Two", "three"]);
  const { flows, job, record } = world;
  assert.deepEqual(await flows.dispatch(job, 1), { kind: "done" });
  assert.deepEqual(asked, names(job).slice(0, 1));
  const [attempt] = (await record())?.jobs[0]?.attempts ?? [];
  assert.deepEqual(
    [attempt?.outcome, attempt?.code, attempt?.runs.length],
    ["dead", "SLUICE_METADATA_INVALID", 1],
  );
});
