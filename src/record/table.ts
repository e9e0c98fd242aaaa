/** The table of metrics: name, help, bounded labels, and which facts feed each. */

import { counter, gauge, histogram, type MetricEntry, spread, total } from "./entries.ts";
import { MAKER, makerOf } from "./labels.ts";
import type { FactOf } from "./lines.ts";
import {
  ATTEMPT_CODES,
  always,
  eachListener,
  eachSender,
  eachTrigger,
  REFUSAL_CODES,
  whereLeading,
} from "./zeros.ts";

type Accepted = FactOf<"delivery.accepted">;

/** Leaves out replays: nobody sent them, so that what is said of requests must not count them. */
const sent =
  <W>(feed: (fact: Accepted, write: W) => void) =>
  (fact: Accepted, write: W): void => {
    if (fact.replayOf === undefined) feed(fact, write);
  };

/** Bucket bounds in seconds. */
const QUICK = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PATIENT = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400];
const WAITS = [1, 2, 5, 10, 30, 60, 300, 900, 3_600];
const RUNS = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800];
const TEKTON = [0.001, 0.01, 0.1, 1, 5, 10];

/**
 * Every metric that facts feed. The last three are Tekton's own, names, labels and buckets as in
 * tektoncd/triggers pkg/sink/metrics.go (before its move to OpenTelemetry the counters were called
 * eventlistener_event_received_count and eventlistener_triggered_resources).
 */
export const METRICS: readonly MetricEntry[] = [
  counter(
    "sluice_deliveries_received_total",
    "Requests answered.",
    ["namespace", "listener"],
    {
      "delivery.accepted": sent(({ listener }, add) => add(listener.namespace, listener.name)),
      // Where no listener was found, the name in the path is a stranger's and would use up the bound.
      "delivery.refused": ({ listener, code }, add) =>
        listener === undefined || code === "SLUICE_LISTENER_UNKNOWN"
          ? add("", "")
          : add(listener.namespace, listener.name),
    },
    (expected) => [["", ""], ...eachListener([])(expected)],
  ),
  counter(
    "sluice_deliveries_accepted_total",
    "Deliveries that were sent and are on durable storage, by what was known of them when they were answered.",
    ["namespace", "listener", "provider", "outcome"],
    {
      "delivery.accepted": sent(({ listener, provider, outcome }, add) =>
        add(listener.namespace, listener.name, provider, outcome),
      ),
    },
    eachSender("pending", "filtered", "dead", "duplicate"),
  ),
  counter(
    "sluice_deliveries_replayed_total",
    "Stored deliveries decided again: asked for by people, or because their sender brought again what had failed.",
    ["namespace", "listener", "outcome"],
    {
      "delivery.accepted": ({ listener, outcome, replayOf }, add) => {
        if (replayOf !== undefined) add(listener.namespace, listener.name, outcome);
      },
    },
    eachListener(["pending"], ["filtered"], ["dead"]),
  ),
  counter(
    "sluice_deliveries_refused_total",
    "Requests refused, by error code.",
    ["code"],
    {
      "delivery.refused": ({ code }, add) => add(code),
    },
    always(...REFUSAL_CODES.map((code) => [code])),
  ),
  counter("sluice_deliveries_duplicate_total", "Deliveries that had come before.", [], {
    "delivery.accepted": sent(({ outcome }, add) => {
      if (outcome === "duplicate") add();
    }),
  }),
  counter(
    "sluice_decisions_total",
    "Decisions by trigger; namespace is the listener's.",
    ["namespace", "listener", "trigger", "result"],
    {
      "decision.made": (fact, add) => add(...makerOf(fact), fact.result),
    },
    eachTrigger("matched", "failed", "filtered"),
  ),
  counter(
    "sluice_runs_created_total",
    "Objects created, or found to exist already.",
    ["kind", "outcome"],
    {
      "run.created": ({ run }, add) => add(run.kind, run.outcome),
    },
    always(["PipelineRun", "created"], ["PipelineRun", "exists"]),
  ),
  counter(
    "sluice_job_attempts_total",
    "Attempts to create a job's objects.",
    ["outcome", "code"],
    {
      "job.attempted": ({ attempt }, add) => add(attempt.outcome, attempt.code ?? ""),
    },
    always(
      ["done", ""],
      ...ATTEMPT_CODES.flatMap((code) => [
        ["retry", code],
        ["dead", code],
      ]),
    ),
  ),
  counter("sluice_jobs_dead_total", "Jobs given up; each waits for a person.", [], {
    "job.attempted": ({ attempt }, add) => {
      if (attempt.outcome === "dead") add();
    },
  }),
  counter(
    "sluice_runs_finished_total",
    "Runs that are over, by how they ended; counted by the gateway that leads.",
    [...MAKER, "phase"],
    { "run.finished": ({ job, progress }, add) => add(...makerOf(job), progress.phase) },
    whereLeading(eachTrigger("succeeded", "failed")),
  ),
  counter(
    "sluice_acts_total",
    "What people did: deliveries replayed, retried, dropped, looked into; pauses.",
    ["verb"],
    {
      "act.done": ({ verb }, add) => add(verb),
    },
    always(["replay"], ["retry"], ["drop"], ["pause"], ["resume"], ["payload"]),
  ),
  total("sluice_pruned_deliveries_total", "Deliveries forgotten, as the retention settings say.", {
    "ledger.pruned": ({ deliveries }, put) => put(deliveries),
  }),
  total("sluice_pruned_payloads_total", "Bodies forgotten while their records stay.", {
    "ledger.pruned": ({ payloads }, put) => put(payloads),
  }),
  counter("sluice_defects_total", "Errors that nobody expected, by station.", ["where"], {
    defect: ({ where }, add) => add(where),
  }),
  counter(
    "sluice_cloud_events_failed_total",
    "CloudEvents that no subscriber got: its cloudEventURI is away, too many were on their way, or the gateway stopped.",
    ["namespace", "listener"],
    { "cloudevent.lost": ({ listener }, add) => add(listener.namespace, listener.name) },
  ),
  total(
    "sluice_store_forgotten_total",
    "Deliveries that this gateway acknowledged and that the store was found to have lost; retention is not counted.",
    { "store.forgot": ({ count }, put) => put(count) },
  ),
  counter(
    "sluice_store_distrusted_total",
    "Jobs and records of the store that were not believed; of what is held for one reason one a minute.",
    ["code"],
    { "store.distrusted": ({ error }, add) => add(error.code) },
    always(["SLUICE_STORE_FORGED"], ["SLUICE_STORE_KEY"], ["SLUICE_STORE_UNSIGNED"], ["SLUICE_JOB_OUTDATED"]),
  ),
  histogram("sluice_ack_seconds", "From a request's last byte to durable storage.", QUICK, {
    "delivery.accepted": sent(({ took }, put) => put(took / 1_000)),
  }),
  histogram("sluice_create_seconds", "One attempt to create a job's objects.", QUICK, {
    "job.attempted": ({ attempt }, put) => put(attempt.took / 1_000),
  }),
  histogram(
    "sluice_delivery_to_run_seconds",
    "From the receipt of a delivery, or the asking for its replay, to its run.",
    PATIENT,
    {
      "run.created": ({ sinceReceived }, put) => put(sinceReceived / 1_000),
    },
  ),
  spread("sluice_run_wait_seconds", "From a run's creation to its start in the cluster.", WAITS, {
    "run.started": ({ job, progress: { createdAt, startedAt } }, put) => {
      if (startedAt !== undefined) put(Math.max(0, startedAt - createdAt) / 1_000, ...makerOf(job));
    },
  }),
  spread("sluice_run_seconds", "From a run's start in the cluster to its end.", RUNS, {
    "run.finished": ({ job, progress: { startedAt, endedAt } }, put) => {
      if (startedAt === undefined || endedAt === undefined) return;
      put(Math.max(0, endedAt - startedAt) / 1_000, ...makerOf(job));
    },
  }),
  gauge(
    "sluice_leader",
    "1 while this gateway holds the Lease: it follows runs and announces listeners.",
    0,
    {
      "leader.changed": ({ leading }, put) => put(Number(leading)),
    },
  ),
  gauge(
    "sluice_catalog_faults",
    "Faults of what is declared: what they concern fails, and nothing else.",
    0,
    {
      "catalog.loaded": ({ faults = [] }, put) => put(faults.length),
      "catalog.broken": ({ faults }, put) => put(faults.length),
    },
  ),
  gauge("sluice_catalog_objects", "Declared objects in force.", 0, {
    "catalog.loaded": ({ objects }, put) => put(objects),
  }),
  gauge("sluice_store_up", "1 while the store answers, 0 while it is away.", 1, {
    "store.away": (_fact, put) => put(0),
    "store.back": (_fact, put) => put(1),
  }),
  gauge("sluice_target_up", "1 while every target is tried, 0 while one is away and its jobs wait.", 1, {
    "target.away": (_fact, put) => put(0),
    "target.back": ({ stillAway = 0 }, put) => put(stillAway === 0 ? 1 : 0),
  }),
  histogram("eventlistener_http_duration_seconds", "Tekton's: duration of requests.", TEKTON, {
    "delivery.accepted": sent(({ took }, put) => put(took / 1_000)),
    "delivery.refused": ({ took }, put) => {
      if (took !== undefined) put(took / 1_000);
    },
  }),
  counter(
    "eventlistener_event_received_total",
    "Tekton's: events received.",
    ["status"],
    {
      "delivery.accepted": sent((_fact, add) => add("succeeded")),
      "delivery.refused": (_fact, add) => add("failed"),
    },
    always(["succeeded"], ["failed"]),
  ),
  counter(
    "eventlistener_triggered_resources_total",
    "Tekton's: objects created.",
    ["kind"],
    {
      "run.created": ({ run }, add) => {
        if (run.outcome === "created") add(run.kind);
      },
    },
    always(["PipelineRun"]),
  ),
];
