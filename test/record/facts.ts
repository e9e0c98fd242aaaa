/** Facts for tests of the log and the metrics. */

import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import type { Attempt, CreateJob, Run } from "../../src/core/job.ts";
import type { RunProgress } from "../../src/core/progress.ts";

const listener = { namespace: "ci", name: "git" };
const trigger = { namespace: "ci", name: "pr" };

export const job: CreateJob = {
  kind: "create",
  id: "d1-abc",
  delivery: "d1",
  listener,
  trigger,
  receivedAt: 1_000,
  objects: [{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { name: "run-1" } }],
};

export const run: Run = {
  apiVersion: "tekton.dev/v1",
  kind: "PipelineRun",
  namespace: "ci",
  name: "run-1",
  where: "./runs/run-1.yaml",
  outcome: "created",
};

export const running: RunProgress = { phase: "running", createdAt: 2_000, startedAt: 5_500 };

export const finished: RunProgress = {
  ...{ ...running, phase: "failed", endedAt: 65_500 },
  ...{ reason: "Failed", message: "step test failed" },
};

const attempt: Attempt = { number: 1, at: 2_000, took: 12.3456, outcome: "done", runs: [run] };

export const accepted = {
  type: "delivery.accepted",
  id: "d1",
  listener,
  provider: "github",
  event: "pull_request.opened",
  outcome: "pending",
  matched: 1,
  bytes: 345,
  took: 4.321987,
} as const satisfies Fact;

export const decided = {
  type: "decision.made",
  delivery: "d1",
  listener,
  trigger,
  result: "matched",
  reason: "fires",
} as const satisfies Fact;

export const refused = {
  type: "delivery.refused",
  listener,
  code: "SLUICE_UNVERIFIED",
  status: 401,
  reason: "nobody could be proved",
  took: 2.5,
} as const satisfies Fact;

export const attempted = { type: "job.attempted", job, attempt, waited: 88 } as const satisfies Fact;

/** One of every type. */
export const everyFact: readonly Fact[] = [
  accepted,
  refused,
  decided,
  attempted,
  { type: "run.created", job, run, sinceReceived: 1_500 },
  { type: "run.started", job, run, progress: running },
  { type: "run.finished", job, run, progress: finished },
  { type: "leader.changed", lease: "sluice/sluice", leading: true },
  {
    type: "cluster.trouble",
    what: "Lease",
    error: fault("SLUICE_LEASE", { namespace: "sluice", name: "sluice", reason: "no" }),
  },
  { type: "cluster.mended", what: "Lease" },
  { type: "catalog.loaded", objects: 7, listeners: 2, triggers: 3, took: 5 },
  {
    type: "catalog.broken",
    loaded: true,
    faults: [
      fault(
        "SLUICE_OBJECT_INVALID",
        { field: "spec.triggers", reason: "is no list" },
        { at: { file: "a.yaml", line: 3, column: 5 } },
      ),
    ],
  },
  { type: "subscriber.away", listener, url: "http://broker.test/", reason: "connect ECONNREFUSED" },
  { type: "subscriber.back", listener, url: "http://broker.test/", after: 4_200, lost: 3 },
  { type: "cloudevent.lost", listener, why: "away" },
  { type: "target.away", target: "kubernetes https://10.0.0.1", reason: "connect ECONNREFUSED" },
  { type: "target.back", target: "kubernetes https://10.0.0.1", after: 4_200 },
  { type: "act.done", verb: "replay", subject: "d1", actor: "ann (ops)", reason: "outage" },
  { type: "ledger.pruned", deliveries: 3, payloads: 4 },
  { type: "store.forgot", count: 5, first: "d-1", last: "d-5", looked: 9 },
  { type: "store.distrusted", delivery: "d-1", error: fault("SLUICE_STORE_UNSIGNED", { what: "job j-1" }) },
  { type: "store.away", reason: "connection refused" },
  { type: "store.back" },
  { type: "certificate.loaded", subject: "CN=hooks.example.org", until: 1_900_000_000_000 },
  {
    type: "certificate.broken",
    error: fault("SLUICE_CONFIG_TLS", { cert: "a.pem", key: "b.pem", reason: "no PEM" }),
  },
  {
    type: "setting.ignored",
    error: fault("SLUICE_ADMIN_OPEN", { open: "loopback", address: "0.0.0.0:9000" }),
  },
  {
    type: "gateway.ready",
    listen: "http://0.0.0.0:8080",
    admin: "http://127.0.0.1:9000",
    store: "s",
    target: "t",
    declared: true,
    listeners: ["ci/git"],
  },
  { type: "gateway.stopping", reason: "SIGTERM", lameDuckMs: 5_000 },
  { type: "gateway.stopped", took: 5_012, cut: 3, inTime: false },
  { type: "defect", where: "accept", error: fault("SLUICE_INTERNAL", { reason: "boom" }) },
];

/** An attempt fact of another outcome. */
export const attemptedAs = (change: Partial<Attempt>): Fact => ({
  ...attempted,
  attempt: { ...attempt, ...change },
});
