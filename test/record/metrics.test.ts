/** What the metrics show after facts were told, read from Prometheus' text as a scraper reads it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact } from "../../src/core/fact.ts";
import type { TriggerPlan } from "../../src/core/plan.ts";
import type { MetricsOptions } from "../../src/record/metrics.ts";
import { createMetrics } from "../../src/record/metrics.ts";
import { METRICS } from "../../src/record/table.ts";
import {
  accepted,
  attempted,
  attemptedAs,
  decided,
  everyFact,
  finished,
  job,
  refused,
  run,
} from "./facts.ts";

/** `name{a="b"}` to its value; labels in the order of the text. */
async function shown(
  facts: readonly Fact[],
  options: Partial<MetricsOptions> = {},
): Promise<Map<string, number>> {
  const metrics = createMetrics({ version: "1", process: false, ...options });
  for (const fact of facts) metrics.tell(fact);
  return parse(await metrics.expose());
}

function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type !== null) typed.add(type[1] as string);
    if (line.startsWith("#")) continue;
    const sample = /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (\S+)$/.exec(line);
    assert.ok(sample, `no sample: ${line}`);
    const name = sample[1] as string;
    assert.ok(typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, "")), `${name} has no type`);
    assert.ok(!samples.has(name + (sample[2] ?? "")), `twice: ${line}`);
    samples.set(name + (sample[2] ?? ""), Number(sample[3]));
  }
  return samples;
}

test("each fact moves the metrics that the table says it feeds", async () => {
  const samples = await shown([
    ...everyFact,
    { ...accepted, outcome: "duplicate" },
    attemptedAs({ outcome: "dead", code: "SLUICE_CREATE_REFUSED", took: 200 }),
    { type: "run.created", job, run: { ...run, outcome: "exists" }, sinceReceived: 100 },
  ]);
  const expected = {
    'sluice_deliveries_received_total{namespace="ci",listener="git"}': 3,
    'sluice_deliveries_accepted_total{namespace="ci",listener="git",provider="github",outcome="pending"}': 1,
    'sluice_deliveries_accepted_total{namespace="ci",listener="git",provider="github",outcome="duplicate"}': 1,
    'sluice_deliveries_refused_total{code="SLUICE_UNVERIFIED"}': 1,
    sluice_deliveries_duplicate_total: 1,
    'sluice_decisions_total{namespace="ci",listener="git",trigger="pr",result="matched"}': 1,
    'sluice_runs_created_total{kind="PipelineRun",outcome="created"}': 1,
    'sluice_runs_created_total{kind="PipelineRun",outcome="exists"}': 1,
    'sluice_job_attempts_total{outcome="done",code=""}': 1,
    'sluice_job_attempts_total{outcome="dead",code="SLUICE_CREATE_REFUSED"}': 1,
    sluice_jobs_dead_total: 1,
    'sluice_defects_total{where="accept"}': 1,
    sluice_store_forgotten_total: 5,
    'sluice_store_distrusted_total{code="SLUICE_STORE_UNSIGNED"}': 1,
    'sluice_acts_total{verb="replay"}': 1,
    sluice_pruned_deliveries_total: 3,
    sluice_pruned_payloads_total: 4,
    'sluice_runs_finished_total{namespace="ci",listener="git",trigger="pr",phase="failed"}': 1,
    'sluice_run_wait_seconds_sum{namespace="ci",listener="git",trigger="pr"}': 3.5,
    'sluice_run_wait_seconds_bucket{le="5",namespace="ci",listener="git",trigger="pr"}': 1,
    'sluice_run_seconds_sum{namespace="ci",listener="git",trigger="pr"}': 60,
    sluice_leader: 1,
    'sluice_ack_seconds_bucket{le="0.0025"}': 0,
    'sluice_ack_seconds_bucket{le="0.005"}': 2,
    sluice_create_seconds_count: 2,
    'sluice_create_seconds_bucket{le="0.1"}': 1,
    sluice_delivery_to_run_seconds_sum: 1.6,
    sluice_catalog_objects: 7,
    sluice_catalog_faults: 1,
    sluice_store_up: 1,
    'sluice_build_info{version="1"}': 1,
    'eventlistener_event_received_total{status="succeeded"}': 2,
    'eventlistener_event_received_total{status="failed"}': 1,
    'eventlistener_triggered_resources_total{kind="PipelineRun"}': 1,
    eventlistener_http_duration_seconds_count: 3,
  };
  assert.deepEqual(
    Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)])),
    expected,
  );
});

test("a replay is no request: nothing was received, acknowledged or brought twice; what becomes of it counts", async () => {
  const idle = await shown([]);
  const replayed = { ...accepted, replayOf: "d0" };
  const samples = await shown([
    replayed,
    { ...replayed, outcome: "duplicate", duplicateOf: "d2" },
    decided,
    attempted,
    attemptedAs({ outcome: "dead", code: "SLUICE_CREATE_REFUSED" }),
    { type: "run.created", job, run, sinceReceived: 1_500 },
  ]);
  const moved = [...samples].filter(([name, value]) => value !== (idle.get(name) ?? 0));
  assert.deepEqual(
    moved
      .map(([name]) => name)
      .filter((name) => !/_(bucket|sum)\b/.test(name))
      .sort(),
    [
      'sluice_deliveries_replayed_total{namespace="ci",listener="git",outcome="pending"}',
      'sluice_deliveries_replayed_total{namespace="ci",listener="git",outcome="duplicate"}',
      'sluice_decisions_total{namespace="ci",listener="git",trigger="pr",result="matched"}',
      'sluice_runs_created_total{kind="PipelineRun",outcome="created"}',
      'sluice_job_attempts_total{outcome="done",code=""}',
      'sluice_job_attempts_total{outcome="dead",code="SLUICE_CREATE_REFUSED"}',
      "sluice_jobs_dead_total",
      "sluice_create_seconds_count",
      "sluice_delivery_to_run_seconds_count",
      'eventlistener_triggered_resources_total{kind="PipelineRun"}',
    ].sort(),
  );
});

test("every metric of the table is shown, once", async () => {
  const samples = await shown([...everyFact, { ...accepted, replayOf: "d0" }]);
  for (const { name, type } of METRICS) {
    const wanted = type === "histogram" || type === "spread" ? `${name}_count` : name;
    assert.ok(
      [...samples.keys()].some((key) => key === wanted || key.startsWith(`${wanted}{`)),
      name,
    );
  }
  assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
});

test("a second scrape shows the same counts, not twice as many", async () => {
  const metrics = createMetrics({ version: "1", process: false });
  metrics.tell(accepted);
  assert.equal(await metrics.expose(), await metrics.expose());
});

test("strangers cannot make series: unknown listeners share one, names beyond the bound are `other`", async () => {
  const strangers = Array.from({ length: 3_000 }, (_, i) => i);
  const samples = await shown([
    ...strangers.map(
      (i): Fact => ({ ...accepted, provider: `p${i}`, listener: { namespace: "ci", name: `l${i}` } }),
    ),
    ...strangers.map((i): Fact => ({ ...decided, trigger: { namespace: "ci", name: `t${i}` } })),
    ...strangers.map(
      (i): Fact => ({
        ...refused,
        code: "SLUICE_LISTENER_UNKNOWN",
        listener: { namespace: `n${i}`, name: "x" },
      }),
    ),
    { type: "run.created", job, run: { ...run, kind: "K".repeat(10_000) }, sinceReceived: 1 },
  ]);
  const series = (name: string) => [...samples.keys()].filter((key) => key.startsWith(`${name}{`));
  assert.equal(samples.get('sluice_deliveries_received_total{namespace="",listener=""}'), 3_000);
  assert.equal(series("sluice_deliveries_accepted_total").length, 1_001);
  assert.equal(
    samples.get(
      'sluice_deliveries_accepted_total{namespace="ci",listener="other",provider="other",outcome="pending"}',
    ),
    2_000,
  );
  assert.equal(series("sluice_decisions_total").length, 2_001);
  assert.equal(samples.get('sluice_runs_created_total{kind="other",outcome="created"}'), 1);
});

test("label values are escaped, and values that look alike stay apart", async () => {
  const at = (namespace: string, name: string): Fact => ({ ...decided, trigger: { namespace, name } });
  const samples = await shown([at("ci", 'a"b\\c\nd'), at("other-ns", "pr"), at("ci", "pr")]);
  const prefix = 'sluice_decisions_total{namespace="ci",listener="git",trigger=';
  assert.equal(samples.get(`${prefix}"a\\"b\\\\c\\nd",result="matched"}`), 1);
  assert.equal(samples.get(`${prefix}"other-ns/pr",result="matched"}`), 1);
  assert.equal(samples.get(`${prefix}"pr",result="matched"}`), 1);
});

test("a run that ended without having started has no duration, and one in progress counts where it is followed", async () => {
  const { startedAt: _, ...cancelled } = { ...finished, phase: "cancelled" as const };
  const other = { ...job, trigger: { namespace: "shared", name: "pr" } };
  const samples = await shown([{ type: "run.finished", job, run, progress: cancelled }], {
    inProgress: () => [
      { job, count: 2 },
      { job: other, count: 1 },
    ],
  });
  const maker = 'namespace="ci",listener="git"';
  assert.equal(samples.get(`sluice_runs_finished_total{${maker},trigger="pr",phase="cancelled"}`), 1);
  assert.deepEqual(
    [...samples.keys()].filter((key) => key.startsWith("sluice_run_seconds_")),
    [],
  );
  assert.equal(samples.get(`sluice_runs_in_progress{${maker},trigger="pr"}`), 2);
  assert.equal(samples.get(`sluice_runs_in_progress{${maker},trigger="shared/pr"}`), 1);
});

test("the queue is asked when somebody scrapes, and not again within a second", async () => {
  let asked = 0;
  const metrics = createMetrics({
    version: "1",
    process: false,
    depth: async () => ({ waiting: ++asked, active: 2, delayed: 3, oldestMs: 4_500, dueMs: 4_500 }),
  });
  await metrics.expose();
  const samples = parse(await metrics.expose());
  assert.equal(asked, 1);
  assert.equal(samples.get('sluice_queue_jobs{state="waiting"}'), 1);
  assert.equal(samples.get('sluice_queue_jobs{state="delayed"}'), 3);
  assert.equal(samples.get("sluice_queue_oldest_seconds"), 4.5);
});

test("pause, dead letters, held deliveries and checks are asked for at a scrape", async () => {
  const checks = async () => [
    { name: "store", ok: true },
    { name: "target", ok: false },
  ];
  const samples = await shown([], { paused: async () => true, dead: async () => 41, held: () => 7, checks });
  assert.equal(samples.get("sluice_store_waiting"), 7);
  assert.equal(samples.get("sluice_queue_paused"), 1);
  assert.equal(samples.get("sluice_dead_deliveries"), 41);
  assert.equal(samples.get('sluice_check_ok{check="store"}'), 1);
  assert.equal(samples.get('sluice_check_ok{check="target"}'), 0);
});

test("a queue that fails or hangs costs its own samples and nothing else", async () => {
  const hangs = () => new Promise<never>(() => undefined);
  const fails = () => Promise.reject(new Error("away"));
  const throws = () => {
    throw new Error("no store yet");
  };
  for (const depth of [hangs, fails, throws]) {
    const samples = await shown([accepted], { depth });
    assert.ok(![...samples.keys()].some((key) => key.startsWith("sluice_queue_")), String(depth));
    assert.equal(samples.get("sluice_ack_seconds_count"), 1);
  }
});

test("the process's own metrics are there, and two sets of metrics do not meet", async () => {
  const [one, two] = [createMetrics({ version: "1" }), createMetrics({ version: "2" })];
  one.tell(attempted);
  assert.match(await one.expose(), /^process_cpu_seconds_total/m);
  assert.match(await two.expose(), /^sluice_create_seconds_count 0$/m);
  assert.match(one.contentType, /^text\/plain; version=0\.0\.4/);
});

const planned = (
  name: string,
  triggers: readonly string[],
): ReturnType<NonNullable<MetricsOptions["listeners"]>>[number] => ({
  ...{ namespace: "ci", name },
  groups: [{ name: "", chain: [], triggers: triggers.map((name) => ({ ...TRIGGER, name })) }],
});
const TRIGGER: TriggerPlan = {
  ...{ namespace: "ci", name: "", key: "", chain: [], proofs: [{ scheme: "github" }] },
  bind: () => new Map(),
  render: () => [],
};
const LOADED = { type: "catalog.loaded", objects: 1, listeners: 1, triggers: 1, took: 1 } as const;

test("what has not happened yet is 0: for each listener, trigger and code, as soon as the catalog is loaded", async () => {
  const listeners = () => [planned("git", ["pr", "push"])];
  const samples = await shown([LOADED], { listeners });
  for (const name of [
    'sluice_decisions_total{namespace="ci",listener="git",trigger="push",result="failed"}',
    'sluice_decisions_total{namespace="ci",listener="git",trigger="pr",result="matched"}',
    'sluice_deliveries_received_total{namespace="ci",listener="git"}',
    'sluice_deliveries_accepted_total{namespace="ci",listener="git",provider="github",outcome="dead"}',
    'sluice_job_attempts_total{outcome="dead",code="SLUICE_CREATE_REFUSED"}',
    'sluice_deliveries_refused_total{code="SLUICE_UNVERIFIED"}',
    "sluice_jobs_dead_total",
  ])
    assert.equal(samples.get(name), 0, name);
});

test("what is declared no longer goes as long as it counted nothing; what counted stays", async () => {
  let triggers = ["pr", "old"];
  const metrics = createMetrics({
    ...{ version: "1", process: false, listeners: () => [planned("git", triggers)] },
  });
  const decisions = async () =>
    [...parse(await metrics.expose())].flatMap(([name, value]) => {
      const [, trigger, result] = /trigger="(\w+)",result="(\w+)"/.exec(name) ?? [];
      return trigger === undefined ? [] : [`${trigger} ${result} ${value}`];
    });
  metrics.tell(LOADED);
  metrics.tell(decided);
  assert.ok((await decisions()).includes("old failed 0"));
  triggers = ["new"];
  metrics.tell(LOADED);
  assert.deepEqual(await decisions(), ["pr matched 1", "new matched 0", "new failed 0", "new filtered 0"]);
  metrics.tell(decided);
  assert.ok((await decisions()).includes("pr matched 2"));
});

test("runs are expected to end only where they are followed, and at most so many series wait for anything", async () => {
  const many = Array.from({ length: 5_000 }, (_, i) => `t${i}`);
  const metrics = createMetrics({ version: "1", process: false, listeners: () => [planned("git", many)] });
  const count = async (name: string) =>
    [...parse(await metrics.expose()).keys()].filter((key) => key.startsWith(`${name}{`)).length;
  metrics.tell(LOADED);
  // 2,000 names of triggers and `other`, three results each.
  assert.equal(await count("sluice_decisions_total"), 3 * 2_001);
  assert.equal(await count("sluice_runs_finished_total"), 0);
  metrics.tell({ type: "leader.changed", lease: "ci/sluice", leading: true });
  assert.equal(await count("sluice_runs_finished_total"), 2 * 2_001);
});
