/** Facts as log lines: one wide line each, field names are the project's words. */

import type { ObjectName } from "../core/delivery.ts";
import type { Fact } from "../core/fact.ts";
import { type CreateJob, type Run, triggerOf } from "../core/job.ts";
import { withoutQuoted } from "../core/quoted.ts";
import { faultFields, grouped } from "./fault-fields.ts";
import { foreign } from "./foreign.ts";
import { readyFor } from "./ready-line.ts";
import { SUBSCRIBER_LINES } from "./subscriber-lines.ts";

export type Level = "debug" | "info" | "warn" | "error";

export type FactOf<T extends Fact["type"]> = Extract<Fact, { readonly type: T }>;

interface Line<F> {
  readonly level: (fact: F) => Level;
  readonly message: (fact: F) => string;
  /** Undefined values are left out of the line. Times in milliseconds. */
  readonly fields: (fact: F) => Readonly<Record<string, unknown>>;
}

const always = (level: Level) => () => level;

/** One entry per fact. Facts hold no secrets; what strangers wrote passes through {@link foreign}. */
export const LINES: { readonly [T in Fact["type"]]: Line<FactOf<T>> } = {
  "delivery.accepted": {
    level: always("info"),
    message: (fact) => `${foreign(fact.provider)} ${foreign(fact.event)}: ${fact.outcome}`,
    fields: (fact) => ({
      delivery: fact.id,
      listener: named(fact.listener),
      provider: foreign(fact.provider),
      event: foreign(fact.event),
      outcome: fact.outcome,
      matched: fact.matched,
      bytes: fact.bytes,
      took: ms(fact.took),
      duplicateOf: fact.duplicateOf,
      replayOf: fact.replayOf,
    }),
  },
  "delivery.refused": {
    // Scanners ask for paths that never were; everything else is somebody's mistake that wants mending.
    level: (fact) => (fact.status === 404 || fact.status === 405 ? "info" : "warn"),
    message: (fact) => `refused: ${foreign(fact.reason)}`,
    fields: (fact) => ({
      listener: fact.listener && foreign(named(fact.listener)),
      code: fact.code,
      status: fact.status,
      took: fact.took === undefined ? undefined : ms(fact.took),
    }),
  },
  "delivery.twins": {
    level: always("warn"),
    message: ({ hooks: [one, other] }) =>
      `webhooks ${foreign(one)} and ${foreign(other)} of GitHub delivered one event, and it fired a trigger twice: remove one of them, or let the trigger's filter choose by header.canonical('X-GitHub-Hook-ID')`,
    fields: (fact) => ({ listener: named(fact.listener) }),
  },
  "decision.made": {
    level: always("debug"),
    message: (fact) => `${fact.shown ?? named(fact.trigger)} ${fact.result}: ${foreign(fact.reason)}`,
    fields: (fact) => ({
      delivery: fact.delivery,
      listener: named(fact.listener),
      trigger: fact.shown ?? named(fact.trigger),
      result: fact.result,
      code: fact.code,
    }),
  },
  "job.attempted": {
    level: ({ attempt }) => (({ done: "info", retry: "warn", dead: "error" }) as const)[attempt.outcome],
    message: ({ job, attempt }) => `${triggerOf(job)} attempt ${attempt.number}: ${attempted(attempt)}`,
    fields: ({ job, attempt, waited }) => ({
      delivery: job.delivery,
      job: job.id,
      listener: named(job.listener),
      trigger: triggerOf(job),
      attempt: attempt.number,
      outcome: attempt.outcome,
      code: attempt.code,
      took: ms(attempt.took),
      waited: ms(waited),
      nextAt: attempt.nextAt,
      runs: attempt.runs.map(runName),
    }),
  },
  // The attempt's own line names its runs already: worth a line of its own is what the API server remarked.
  "run.created": {
    level: ({ run }) => (run.warnings === undefined ? "debug" : "warn"),
    message: ({ run }) => `${run.outcome} ${runName(run)}${remarked(run.warnings)}`,
    fields: ({ job, run, sinceReceived }) => ({
      delivery: job.delivery,
      job: job.id,
      trigger: triggerOf(job),
      run: runName(run),
      outcome: run.outcome,
      where: run.where,
      warnings: run.warnings?.map(foreign),
      sinceReceived: ms(sinceReceived),
    }),
  },
  "run.started": {
    level: always("debug"),
    message: ({ run }) => `started ${runName(run)}`,
    fields: ({ job, run, progress }) => ({
      ...followed(job, run),
      waited: progress.startedAt && progress.startedAt - progress.createdAt,
    }),
  },
  "run.finished": {
    level: always("info"),
    message: ({ run, progress: { phase, reason } }) =>
      `${runName(run)} ${phase}${reason === undefined ? "" : `: ${foreign(reason)}`}`,
    // The cluster's message stays in the record: it may repeat params.
    fields: ({ job, run, progress: { phase, reason, startedAt, endedAt } }) => ({
      ...followed(job, run),
      phase,
      reason: reason === undefined ? undefined : foreign(reason),
      took: startedAt === undefined || endedAt === undefined ? undefined : endedAt - startedAt,
    }),
  },
  "leader.changed": {
    level: always("info"),
    message: ({ lease, leading }) =>
      leading ? `leads: holds Lease ${lease}` : `leads no longer: Lease ${lease} is free or another's`,
    fields: ({ lease, leading }) => ({ lease, leading }),
  },
  "cluster.trouble": {
    level: always("warn"),
    message: ({ what, error }) => `${what}: ${foreign(error.message)}`,
    fields: ({ what, error }) => ({ what, ...faultFields(error), fix: foreign(error.fix) }),
  },
  "cluster.mended": {
    level: always("info"),
    message: ({ what }) => `${what} works again`,
    fields: ({ what }) => ({ what }),
  },
  "act.done": {
    level: always("info"),
    message: ({ verb, subject, actor }) => foreign(`${verb} ${subject} by ${actor}`),
    fields: ({ verb, subject, actor, reason }) => ({
      verb,
      subject: foreign(subject),
      actor: foreign(actor),
      reason: reason === undefined ? undefined : foreign(reason),
    }),
  },
  "ledger.pruned": {
    level: always("info"),
    message: ({ deliveries, payloads }) => `forgot ${deliveries} deliveries and ${payloads} bodies`,
    fields: ({ deliveries, payloads }) => ({ deliveries, payloads }),
  },
  "catalog.loaded": {
    level: ({ faults = [] }) => (faults.length === 0 ? "info" : "warn"),
    message: ({ listeners, triggers, faults = [] }) =>
      `catalog in force: ${listeners} listeners, ${triggers} triggers${faults.length === 0 ? "" : `, ${faults.length} faults`}`,
    fields: ({ objects, listeners, triggers, took, faults = [] }) => ({
      ...{ objects, listeners, triggers, took: ms(took) },
      ...(faults.length === 0 ? {} : { faults: grouped(faults) }),
    }),
  },
  "catalog.broken": {
    level: always("error"),
    message: ({ loaded }) =>
      loaded
        ? "the catalog cannot be read; what was read last stays in force"
        : "the catalog cannot be read, and nothing is in force: every webhook is answered with 503",
    fields: ({ faults }) => ({ faults: grouped(faults) }),
  },
  "store.away": {
    level: always("warn"),
    message: (fact) => `the store is away: ${foreign(fact.reason)}`,
    fields: () => ({}),
  },
  "store.back": { level: always("info"), message: () => "the store is back", fields: () => ({}) },
  "clock.wrong": {
    level: always("error"),
    message: ({ error }) => foreign(error.message),
    fields: ({ error }) => ({ ...faultFields(error), fix: foreign(error.fix) }),
  },
  "clock.right": {
    level: always("info"),
    message: () => "the clocks of gateway and store are believed again",
    fields: () => ({}),
  },
  "store.forgot": {
    level: always("error"),
    message: ({ count, first, last }) =>
      `the store has lost ${count} deliveries that were acknowledged, from ${first} to ${last}`,
    fields: ({ count, first, last, looked }) => ({ count, first, last, looked }),
  },
  "store.distrusted": {
    level: always("error"),
    message: ({ error }) => foreign(error.message),
    fields: ({ delivery, error }) => ({
      delivery: foreign(delivery),
      ...faultFields(error),
      fix: foreign(error.fix),
    }),
  },
  ...SUBSCRIBER_LINES,
  "target.away": {
    level: always("error"),
    message: (fact) => `${foreign(fact.target)} is away, jobs wait for it: ${foreign(fact.reason)}`,
    fields: (fact) => ({ target: foreign(fact.target) }),
  },
  "target.back": {
    level: always("info"),
    message: (fact) => `${foreign(fact.target)} is back`,
    fields: (fact) => ({ target: foreign(fact.target), after: ms(fact.after) }),
  },
  "certificate.loaded": {
    level: always("info"),
    message: (fact) => `presenting a new certificate: ${foreign(fact.subject)}`,
    fields: ({ until }) => ({ until: new Date(until).toISOString() }),
  },
  "certificate.broken": {
    level: always("error"),
    message: ({ error }) => `${foreign(error.message)}; the last good certificate stays in use`,
    fields: ({ error }) => faultFields(error),
  },
  "setting.ignored": {
    level: always("warn"),
    message: ({ error }) => foreign(error.message),
    fields: ({ error }) => ({ ...faultFields(error), fix: foreign(error.fix) }),
  },
  "gateway.ready": {
    level: ({ listen, declared, listeners }) =>
      declared && (listen === "" || listeners.length > 0) ? "info" : "warn",
    message: ({ listen, declared, listeners }) => {
      if (!declared)
        return `listening${listen === "" ? "" : ` on ${listen}`}, with nothing in force: every webhook is answered with 503`;
      return listen === "" ? "ready for work" : readyFor(listen, listeners);
    },
    fields: ({ listen, admin, store, target, declared, listeners }) => ({
      ...{ listen, admin, store, target, declared },
      listeners: listeners.length,
    }),
  },
  "gateway.stopping": {
    level: always("info"),
    message: ({ reason, lameDuckMs }) =>
      lameDuckMs === 0
        ? `stopping: ${foreign(reason)}`
        : `stopping: ${foreign(reason)}; deliveries are taken for ${lameDuckMs / 1_000} s more`,
    fields: ({ lameDuckMs }) => ({ lameDuckMs }),
  },
  "gateway.stopped": {
    level: ({ cut, inTime }) => (cut === 0 && inTime ? "info" : "warn"),
    message: ({ took, cut, inTime }) =>
      [
        `stopped in ${(took / 1_000).toFixed(1)} s`,
        ...(cut === 0 ? [] : [`connections cut off: ${cut}`]),
        ...(inTime
          ? []
          : ["not everything ended in time; what was in hand is taken over when its locks run out"]),
      ].join("; "),
    fields: ({ took, cut, inTime }) => ({ tookMs: Math.round(took), cut, inTime }),
  },
  defect: {
    level: always("error"),
    message: (fact) => `defect in ${fact.where}: ${foreign(fact.error.message)}`,
    fields: ({ where, error }) => ({
      where,
      ...faultFields(error),
      stack: withoutQuoted((error.cause instanceof Error ? error.cause.stack : error.stack) ?? ""),
    }),
  },
};

function followed(job: CreateJob, run: Run) {
  const { delivery, id, listener } = job;
  return { delivery, job: id, listener: named(listener), trigger: triggerOf(job), run: runName(run) };
}

function remarked(warnings: readonly string[] = []): string {
  return warnings.length === 0 ? "" : `, and the API server remarked: ${warnings.map(foreign).join("; ")}`;
}

function attempted({ outcome, reason, runs }: FactOf<"job.attempted">["attempt"]): string {
  const detail = outcome === "done" ? runs.map(runName).join(", ") : foreign(reason ?? "");
  return detail === "" ? outcome : `${outcome}: ${detail}`;
}

const named = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;

const runName = ({ kind, namespace, name }: Run): string => foreign(`${kind} ${namespace}/${name}`);

/** A hundredth of a millisecond is as fine as anything here is measured. */
const ms = (value: number): number => Math.round(value * 100) / 100;
