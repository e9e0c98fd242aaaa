/** Each alert by itself, on Prometheus: it fires when what it tells of is there for as long as it says, and not before. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { temporaryFolder } from "../helpers/folder.ts";
import { ROOT } from "../helpers/process.ts";
import { ensureProgram } from "../helpers/programs.ts";

type Series = readonly (readonly [series: string, values: string])[];

interface Case {
  readonly sick: Series;
  /** Labels that the alert brings beside its severity. */
  readonly labels?: Readonly<Record<string, string>>;
  /** When it does not fire yet, and when it does. */
  readonly before: string;
  readonly after: string;
  /** What comes near, and must wake nobody at `after`. */
  readonly calm: readonly Series[];
  readonly interval?: string;
}

const done = (values: string) => ['sluice_job_attempts_total{outcome="done"}', values] as const;
const dead = (values: string) => ["sluice_jobs_dead_total", values] as const;
const failed = (values: string) => ['sluice_decisions_total{result="failed"}', values] as const;
const received = (values: string) =>
  ['sluice_deliveries_received_total{namespace="ci",listener="git"}', values] as const;
const refused = (code: string, values: string) =>
  [`sluice_deliveries_refused_total{code="${code}"}`, values] as const;
const gauge = (name: string, value: number): Series => [[name, `${value}x600`]];
const within = (part: number): Series => [
  ['sluice_ack_seconds_bucket{le="0.25"}', `0+${part}x600`],
  ["sluice_ack_seconds_count", "0+1000x600"],
];

const CASES: Readonly<Record<string, Case>> = {
  // 12 of 63 within a minute of the start: what stood at 0 before counts.
  SluiceDeliveryBudgetBurnsFast: {
    sick: [done("0 0 51x600"), failed("0 0 12x600"), dead("0x600")],
    ...{ before: "1m", after: "3m" },
    calm: [
      [done("0+99x600"), failed("0x600"), dead("0+1x600")],
      [done("0+100x600"), dead("0x600")],
    ],
  },
  SluiceDeliveryBudgetBurns: {
    sick: [done("0+992x600"), dead("0+8x600")],
    ...{ before: "0m", after: "6h" },
    calm: [[done("0+995x600"), dead("0+5x600")]],
  },
  SluiceAckSlow: { sick: within(985), before: "15m", after: "17m", calm: [within(995)] },
  SluiceOldestJobWaits: {
    sick: gauge("sluice_queue_due_seconds", 301),
    ...{ before: "4m", after: "6m" },
    calm: [
      gauge("sluice_queue_due_seconds", 299),
      // Tried and failed, to be tried again in a quarter of an hour: as planned.
      [...gauge("sluice_queue_oldest_seconds", 80_000), ...gauge("sluice_queue_due_seconds", 0)],
      [...gauge("sluice_queue_due_seconds", 900), ...gauge("sluice_queue_paused", 1)],
    ],
  },
  SluicePausedForLong: {
    sick: gauge("sluice_queue_paused", 1),
    ...{ before: "3h59m", after: "4h1m", calm: [gauge("sluice_queue_paused", 0)] },
  },
  SluiceQueueDeep: {
    sick: gauge('sluice_queue_jobs{state="waiting"}', 1_001),
    ...{ before: "29m", after: "31m" },
    calm: [
      gauge('sluice_queue_jobs{state="waiting"}', 999),
      gauge('sluice_queue_jobs{state="delayed"}', 9_000),
      [['sluice_queue_jobs{state="waiting"}', "5000x20 0x5 5000x20"]],
    ],
  },
  SluiceStoreAway: {
    sick: gauge("sluice_store_up", 0),
    ...{ before: "1m", after: "3m", calm: [gauge("sluice_store_up", 1)] },
  },
  SluiceStoreForgot: {
    sick: [["sluice_store_forgotten_total", "0 0 0 5x60"]],
    ...{ before: "2m", after: "4m", calm: [[["sluice_store_forgotten_total", "5x60"]]] },
  },
  SluiceTargetAway: {
    sick: gauge("sluice_target_up", 0),
    ...{ before: "9m", after: "11m", calm: [gauge("sluice_target_up", 1)] },
  },
  SluiceCatalogFaults: {
    sick: gauge("sluice_catalog_faults", 1),
    ...{ before: "14m", after: "16m", calm: [gauge("sluice_catalog_faults", 0)] },
  },
  SluiceProofsFail: {
    sick: [received("0+100x120"), refused("SLUICE_UNVERIFIED", "0+6x120")],
    ...{ before: "29m", after: "32m" },
    calm: [
      [received("0+100x120"), refused("SLUICE_UNVERIFIED", "0+4x120")],
      [received("0+100x120"), refused("SLUICE_BUSY", "0+60x120")],
      [received("0x120"), refused("SLUICE_UNVERIFIED", "0x120")],
    ],
  },
  SluiceRequestsRefused: {
    sick: [received("0+100x120"), refused("SLUICE_STORE_AWAY", "0+6x120")],
    ...{ before: "14m", after: "17m" },
    calm: [
      [received("0+100x120"), refused("SLUICE_STORE_AWAY", "0+4x120")],
      // Scanners, and senders whose secret is wrong: these have an alert of their own.
      [
        received("0+100x120"),
        refused("SLUICE_LISTENER_UNKNOWN", "0+60x120"),
        refused("SLUICE_METHOD", "0+9x120"),
      ],
      [received("0+100x120"), refused("SLUICE_UNVERIFIED", "0+60x120")],
    ],
  },
  SluiceNoEvents: {
    sick: [received("0+10x336 3360x40")],
    labels: { namespace: "ci", listener: "git" },
    ...{ before: "173h", after: "176h", interval: "30m" },
    calm: [
      // A listener at night and at the weekend, one that is new, one that goes on, and strangers who have none.
      [received("0x14 0+10x322 3220x40")],
      [[received("")[0], "_x320 0x60"]],
      [received("0+10x400")],
      [['sluice_deliveries_received_total{namespace="",listener=""}', "0+10x336 3360x40"]],
    ],
  },
  SluiceDeadLetters: {
    sick: gauge("sluice_dead_deliveries", 1),
    ...{ before: "59m", after: "61m", calm: [gauge("sluice_dead_deliveries", 0)] },
  },
  SluiceCheckFails: {
    sick: gauge('sluice_check_ok{check="store-aof"}', 0),
    labels: { check: "store-aof" },
    ...{ before: "9m", after: "11m", calm: [gauge('sluice_check_ok{check="store-aof"}', 1)] },
  },
  SluiceAbsent: {
    sick: gauge("up", 0),
    ...{ before: "4m", after: "6m", calm: [gauge('sluice_build_info{version="1"}', 1)] },
  },
};

interface Rule {
  readonly alert?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
const rules = readFileSync(join(ROOT, "deploy/monitoring/rules.yaml"), "utf8");
const { groups } = parse(rules) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const alerts = groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);

test("every alert has its case, and there is no other", () => {
  const names = alerts.map(({ alert }) => alert);
  assert.deepEqual(Object.keys(CASES).sort(), names.sort());
});

const promtool = ensureProgram("promtool", "prometheus");
for (const { alert = "", labels = {}, annotations = {} } of alerts)
  test(`${alert} fires when it is due, and is silent when it is not`, () => {
    const one = CASES[alert];
    assert.ok(one);
    const { sick, calm, before, after, interval = "1m" } = one;
    const exp_labels = { ...labels, ...one.labels };
    const filled = Object.entries(annotations).map(([key, text]) => [
      key,
      text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => one.labels?.[label] ?? ""),
    ]);
    const fires = { exp_labels, exp_annotations: Object.fromEntries(filled) as object };
    const seen = (series: Series, at: readonly (readonly [string, readonly object[]])[]) => ({
      interval,
      input_series: series.map(([series, values]) => ({ series, values })),
      alert_rule_test: at.map(([eval_time, exp_alerts]) => ({ eval_time, alertname: alert, exp_alerts })),
    });
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "rules.yaml"), rules);
    const tests = [
      seen(sick, [
        [before, []],
        [after, [fires]],
      ]),
      ...calm.map((series) => seen(series, [[after, []]])),
    ];
    const path = join(folder.path, "tests.yaml");
    writeFileSync(path, stringify({ rule_files: ["rules.yaml"], evaluation_interval: interval, tests }));
    const { status, stdout, stderr } = spawnSync(promtool, ["test", "rules", path], { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });
