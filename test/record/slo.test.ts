/** What docs/slo.md promises: its metrics exist, its queries give the right answers, the alerts fire when they should and only then. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { createMetrics } from "../../src/record/metrics.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { ensureProgram } from "../helpers/programs.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/slo.md"), "utf8");
const blocksOf = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text = ""]) =>
    text.trim(),
  );
const queries = blocksOf("promql");
const rules = readFileSync(join(import.meta.dirname, "../../deploy/monitoring/rules.yaml"), "utf8");

interface Alert {
  readonly alert?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
const { groups } = parse(rules) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] };
const alerts = groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);

test("every metric of the page and of the rules is one that a gateway shows", async () => {
  const depth = async () => ({ waiting: 0, active: 0, delayed: 0, oldestMs: 0, dueMs: 0 });
  const asked = { depth, paused: async () => false, dead: async () => 0, checks: async () => [] };
  const text = await createMetrics({ version: "", process: false, ...asked }).expose();
  const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
  const named = `${page}${rules}`.match(/\bsluice_[a-z_]+/g) ?? [];
  const unknown = named.filter(
    (name) => !known.has(name.replace(/_(bucket|count|sum)$/, "")) && !known.has(name),
  );
  assert.deepEqual(unknown, []);
  assert.ok(named.length > 20);
});

test("the page says of every alert what to do, and of no other", () => {
  const told = [...page.matchAll(/^\| (Sluice[^|]*) \| (page|ticket) \|/gm)].flatMap(
    ([, names = "", severity = ""]) => names.split(", ").map((name) => `${name} ${severity}`),
  );
  const there = alerts.map(({ alert, labels }) => `${alert} ${labels?.["severity"]}`);
  assert.deepEqual(told.sort(), there.sort());
});

/** What each query is answered with on {@link MONTH}: three of four good, of each thing. */
const EXPECTED: readonly number[] = [0.75, 1 - 0.25 / (1 - 0.999), 0.75, 0.4975, 0.75];

const MONTH = [
  ['sluice_job_attempts_total{outcome="done"}', "0+6x720"],
  ['sluice_job_attempts_total{outcome="retry"}', "0+50x720"],
  ['sluice_job_attempts_total{outcome="dead"}', "0+1x720"],
  ["sluice_jobs_dead_total", "0+1x720"],
  ['sluice_decisions_total{result="failed"}', "0+1x720"],
  ['sluice_decisions_total{result="filtered"}', "0+900x720"],
  ['sluice_ack_seconds_bucket{le="0.25"}', "0+3x720"],
  ["sluice_ack_seconds_count", "0+4x720"],
  ["sluice_queue_due_seconds", "10x539 400x179"],
] as const;

/** A quarter of an hour in which every acknowledgement takes between 0.25 and 0.5 s. */
const QUARTER = [
  ['sluice_ack_seconds_bucket{le="0.25"}', "0x15"],
  ['sluice_ack_seconds_bucket{le="0.5"}', "0+60x15"],
  ['sluice_ack_seconds_bucket{le="+Inf"}', "0+60x15"],
] as const;

const HEALTHY = [
  ['sluice_job_attempts_total{outcome="done"}', "0+100x600"],
  ["sluice_jobs_dead_total", "0x600"],
  ['sluice_ack_seconds_bucket{le="0.25"}', "0+100x600"],
  ["sluice_ack_seconds_count", "0+100x600"],
  // Planned back-off is nobody's to be woken for.
  ["sluice_queue_oldest_seconds", "900x600"],
  ["sluice_queue_due_seconds", "3x600"],
  ["sluice_queue_paused", "0x600"],
  ["sluice_dead_deliveries", "0x600"],
  ['sluice_check_ok{check="store"}', "1x600"],
  ["sluice_build_info", "1x600"],
  // A burst, worked off within half an hour.
  ['sluice_queue_jobs{state="waiting"}', "5000x20 0x520 5000x60"],
  ["sluice_store_up", "1x600"],
  ["sluice_target_up", "1x600"],
  ["sluice_catalog_faults", "0x600"],
  ["sluice_deliveries_received_total", "0+100x600"],
  ['sluice_deliveries_refused_total{code="SLUICE_UNVERIFIED"}', "0+4x600"],
] as const;

const SICK = [
  ['sluice_job_attempts_total{outcome="done"}', "0+9x600"],
  ["sluice_jobs_dead_total", "0+1x600"],
  ['sluice_ack_seconds_bucket{le="0.25"}', "0+9x600"],
  ["sluice_ack_seconds_count", "0+10x600"],
  ["sluice_queue_due_seconds", "400x600"],
  ["sluice_queue_paused", "0x600"],
  ["sluice_dead_deliveries", "5x600"],
  ['sluice_check_ok{check="store"}', "0x600"],
  ['sluice_queue_jobs{state="waiting"}', "1001x600"],
  ["sluice_store_up", "0x600"],
  ["sluice_store_forgotten_total", "0+1x600"],
  ["sluice_target_up", "0x600"],
  ["sluice_catalog_faults", "1x600"],
  ["sluice_deliveries_received_total", "0+100x600"],
  ['sluice_deliveries_refused_total{code="SLUICE_UNVERIFIED"}', "0+6x600"],
  ['sluice_deliveries_refused_total{code="SLUICE_STORE_AWAY"}', "0+6x600"],
] as const;

const PAUSED = [
  ...HEALTHY.filter(([name]) => name !== "sluice_queue_paused" && name !== "sluice_queue_due_seconds"),
  ["sluice_queue_paused", "1x600"],
  ["sluice_queue_due_seconds", "400x600"],
] as const;

/** All is lost from the first minute on: there is no good series at all. */
const LOST = [
  ...HEALTHY.filter(([name]) => !name.startsWith("sluice_job")),
  ["sluice_jobs_dead_total", "0+5x600"],
] as const;

const BURNS = ["SluiceDeliveryBudgetBurnsFast", "SluiceDeliveryBudgetBurns"];
const SCENES = [
  [HEALTHY, []],
  [
    SICK,
    [
      ...BURNS,
      "SluiceAckSlow",
      "SluiceOldestJobWaits",
      "SluiceDeadLetters",
      "SluiceCheckFails",
      "SluiceAbsent",
      "SluiceQueueDeep",
      "SluiceStoreAway",
      "SluiceStoreForgot",
      "SluiceTargetAway",
      "SluiceCatalogFaults",
      "SluiceProofsFail",
      "SluiceRequestsRefused",
    ],
  ],
  [PAUSED, ["SluicePausedForLong"]],
  [LOST, BURNS],
] as const;

const series = (all: readonly (readonly [string, string])[]) =>
  all.map(([series, values]) => ({ series, values }));

/** Both sides may differ in the last bits. */
const answers = (expr: string, value: number, eval_time: string) => ({
  expr: `abs((${expr}) - (${value})) < bool 1e-9`,
  eval_time,
  exp_samples: [{ labels: "{}", value: 1 }],
});

const promtool = found();

test("its queries and alerts do on Prometheus what the page says", {
  skip:
    promtool === undefined &&
    "NO promtool HERE AND NO WAY TO INSTALL IT: the queries of docs/slo.md are not run",
}, () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "rules.yaml"), rules);
  assert.equal(queries.length, EXPECTED.length);
  const [good = "", budget = "", acked = "", quantile = "", age = ""] = queries;
  const [goodIs = 0, budgetIs = 0, ackedIs = 0, quantileIs = 0, ageIs = 0] = EXPECTED;
  const month = [
    answers(good, goodIs, "720h"),
    answers(budget, budgetIs, "720h"),
    answers(acked, ackedIs, "720h"),
    answers(age, ageIs, "720h"),
  ];
  const interval = "1m";
  const quarter = [answers(quantile, quantileIs, "15m")];
  const queried = [
    { interval: "1h", input_series: series(MONTH), promql_expr_test: month },
    { interval, input_series: series(QUARTER), promql_expr_test: quarter },
  ];
  const alerted = SCENES.map(([scene, firing]) => ({
    ...{ interval, input_series: series(scene) },
    alert_rule_test: alerts.map(({ alert = "", labels = {}, annotations = {} }) => ({
      ...{ eval_time: "9h", alertname: alert },
      exp_alerts: (firing as readonly string[]).includes(alert) ? [expected(alert, labels, annotations)] : [],
    })),
  }));
  run("check", "rules", join(folder.path, "rules.yaml"));
  // Apart: the rules would be evaluated for each minute of the month.
  for (const file of [
    { tests: queried },
    { rule_files: ["rules.yaml"], evaluation_interval: "1m", tests: alerted },
  ]) {
    const path = join(folder.path, "tests.yaml");
    writeFileSync(path, stringify(file));
    run("test", "rules", path);
  }
});

function expected(alert: string, labels: object, annotations: Readonly<Record<string, string>>) {
  const check = alert === "SluiceCheckFails" ? { check: "store" } : {};
  const filled = Object.entries(annotations).map(([key, text]) => {
    return [key, text.replace("{{ $labels.check }}", "store")] as const;
  });
  return { exp_labels: { ...labels, ...check }, exp_annotations: Object.fromEntries(filled) };
}

function run(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(promtool ?? "", args, { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
}

function found(): string | undefined {
  try {
    return ensureProgram("promtool", "prometheus");
  } catch {
    return undefined;
  }
}
