/** What a caller sees who did not ask for values, or may not: facts, verdicts and names, nothing else of body and headers. */

import type { TraceStep } from "../core/decision.ts";
import { type HeaderMap, MASK } from "../core/headers.ts";
import type { KubernetesObject, Run } from "../core/job.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import type { DeadGroup, DeliveryRecord, DeliverySummary, JobRecord } from "../core/ledger.ts";
import type { RunProgress } from "../core/progress.ts";
import { UNSEEN, withoutQuoted } from "../core/quoted.ts";
import { maskAllOfQuery } from "../core/url.ts";
import type { Batch, BatchResult } from "./batch.ts";
import type { CreatedRun } from "./runs.ts";

/**
 * A summary without values. What stays of the event are its facts: provider, the provider's id, event, repository, ref,
 * revision, pull request, actor; and the names of what was created, which the cluster shows as well.
 */
export function summaryUnseen<T extends DeliverySummary>(summary: T): T {
  return { ...summary, reason: withoutQuoted(summary.reason) };
}

export function recordUnseen(record: DeliveryRecord): DeliveryRecord {
  const { url, headers, decisions, jobs } = record;
  return {
    ...summaryUnseen(record),
    url: maskAllOfQuery(url),
    headers: namesOf(headers),
    decisions: decisions.map((decision) => ({
      ...decision,
      reason: withoutQuoted(decision.reason),
      trace: decision.trace.map(stepUnseen),
    })),
    jobs: jobs.map(jobUnseen),
  };
}

export function runUnseen(run: CreatedRun): CreatedRun {
  return { ...run, ...saidUnseen(run) };
}

export function groupUnseen(group: DeadGroup): DeadGroup {
  return { ...group, reason: withoutQuoted(group.reason) };
}

export function batchUnseen(batch: Batch): Batch {
  const { error, results } = batch;
  return {
    ...batch,
    ...(error !== undefined && { error: withoutQuoted(error) }),
    ...(results !== undefined && { results: results.map(resultUnseen) }),
  };
}

function resultUnseen(result: BatchResult): BatchResult {
  const { why, differences } = result;
  return {
    ...result,
    ...(why !== undefined && { why: withoutQuoted(why) }),
    ...(differences !== undefined && {
      differences: differences.map(({ before, now, ...rest }) => ({
        ...rest,
        ...(before !== undefined && { before: withoutQuoted(before) }),
        ...(now !== undefined && { now: withoutQuoted(now) }),
        // A template may paste text of the event into a key.
        objects: rest.objects.map((object) => ({ ...object, fields: [] })),
      })),
    }),
  };
}

function namesOf(headers: HeaderMap): HeaderMap {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.map(() => MASK)]));
}

/** Of params the names, of objects kind and name; what explains an expression are values. */
function stepUnseen({ detail, ...step }: TraceStep): TraceStep {
  const shown = detail === undefined ? undefined : detailUnseen(step, detail);
  return {
    ...step,
    ...(step.reason !== undefined && { reason: withoutQuoted(step.reason) }),
    ...(shown !== undefined && { detail: shown }),
  };
}

function detailUnseen({ station }: Pick<TraceStep, "station">, detail: JsonValue): JsonValue | undefined {
  if (station === "render") return detail;
  if (station !== "bind" || !isJsonObject(detail)) return undefined;
  return Object.fromEntries(Object.keys(detail).map((param) => [param, MASK]));
}

function jobUnseen({ job, attempts, runs, ...rest }: JobRecord): JobRecord {
  return {
    ...rest,
    job: { ...job, objects: job.objects.map(nameOnly) },
    attempts: attempts.map(({ reason, ...attempt }) => ({
      ...attempt,
      ...(reason !== undefined && { reason: withoutQuoted(reason) }),
      runs: attempt.runs.map((run) => ({ ...run, ...saidUnseen(run) })),
    })),
    runs: runs.map((run) => ({ ...run, ...saidUnseen(run) })),
  };
}

function nameOnly({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}

/** What the cluster said of a run, in words of its own: its message may repeat params. */
function saidUnseen({ warnings, progress }: Pick<Run, "warnings"> & { readonly progress?: RunProgress }) {
  return {
    ...(warnings !== undefined && { warnings: warnings.map(withoutQuoted) }),
    ...(progress !== undefined && { progress: progressUnseen(progress) }),
  };
}

function progressUnseen({ reason, message, ...rest }: RunProgress): RunProgress {
  return {
    ...rest,
    ...(reason !== undefined && { reason: /^[A-Za-z]{1,63}$/.test(reason) ? reason : UNSEEN }),
    ...(message !== undefined && { message: UNSEEN }),
  };
}
