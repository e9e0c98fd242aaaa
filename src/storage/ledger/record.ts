/** What both drivers store of a delivery, and how a summary, a record and their one-line reason are made of it. */

import type { BackupFacts } from "../../core/backup.ts";
import { closestOf, type Decision, isWaiting } from "../../core/decision.ts";
import { fault } from "../../core/errors.ts";
import { decideJobId } from "../../core/identity.ts";
import type { Attempt, CreateJob, Run } from "../../core/job.ts";
import type {
  Act,
  DeliveryRecord,
  DeliverySummary,
  JobRecord,
  NewDelivery,
  ObjectNameAndId,
  Outcome,
  PendingWork,
} from "../../core/ledger.ts";
import type { FollowedRun, RunName, RunProgress } from "../../core/progress.ts";
import { cleanNote } from "./acts.ts";
import type { Head } from "./codec.ts";
import { ATTEMPTS_KEPT, LINE_CHARS, RUNS_SHOWN } from "./limits.ts";
import { clean } from "./text.ts";

/** The searched fields: written once, never changed. */
export type Facts = BackupFacts;

/** One job's state, in the order of the decisions. */
export interface JobState {
  readonly id: string;
  readonly state: JobRecord["state"];
}

/** Everything that a list needs of a stored delivery. */
export interface StoredSummary {
  readonly facts: Facts;
  readonly outcome: Outcome;
  readonly duplicateOf?: string;
  /** What the decisions came to, in a line; empty while nobody has decided. */
  readonly said: string;
  /** Why the last try of a job failed; empty when none did. */
  readonly tried: string;
  readonly jobs: readonly JobState[];
  /** The first failed decision and the last job that died, as cause.ts writes them; empty when there is none. */
  readonly failure: string;
  readonly death: string;
  readonly dropped?: Dropped;
  /** `Kind namespace/name`. */
  readonly runs: readonly string[];
  /** Where one trigger is asked about: why it did not fire. Never stored. */
  readonly asked?: string;
}

export type Dropped = NonNullable<DeliverySummary["dropped"]>;

/** When a job was last made pending again, and the number of its last try before that. */
export type Reopened = NonNullable<CreateJob["reopened"]>;

/** By job id. */
export type ReopenedJobs = ReadonlyMap<string, Reopened>;

/** Everything else that a record needs. */
export interface StoredDetail {
  readonly head: Head;
  readonly decisions: readonly Decision[];
  readonly attempts: ReadonlyMap<string, readonly Attempt[]>;
  readonly runs: ReadonlyMap<string, readonly Run[]>;
  /** By the run's name. */
  readonly progress: ReadonlyMap<string, RunProgress>;
  readonly reopened: ReopenedJobs;
}

/** The searched fields of a new delivery, each cleaned and bounded. */
export function factsOf({ delivery, facts, note }: NewDelivery): Facts {
  const { id, listener, receivedAt, body, replayOf } = delivery;
  return {
    id,
    listener,
    receivedAt,
    provider: clean(facts.provider),
    event: clean(facts.event),
    ...cleaned("providerId", facts.providerId),
    ...cleaned("repository", facts.repository),
    ...cleaned("ref", facts.ref),
    ...cleaned("revision", facts.revision),
    ...(Number.isSafeInteger(facts.pullRequest) && { pullRequest: facts.pullRequest as number }),
    ...cleaned("actor", facts.actor),
    proof: clean(facts.proof),
    size: body.length,
    ...(replayOf !== undefined && { replayOf }),
    ...(note !== undefined && { note: cleanNote(note) }),
  };
}

function cleaned<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: clean(value) } as { readonly [P in K]: string });
}

/** The jobs that decisions ask for, in their order. */
export function jobsOf(decisions: readonly Decision[]): readonly CreateJob[] {
  return decisions.flatMap((decision) => decision.job ?? []);
}

/**
 * Ids of the work that a decided delivery still asks for: its jobs, and the job that decides for the triggers which wait.
 * That one stands among the states of the jobs, pending, until nothing waits: so the delivery is pending till then for
 * whoever reads its states, and the audit asks the queue for it.
 */
export function workIdsOf(delivery: string, decisions: readonly Decision[]): readonly string[] {
  const jobs = jobsOf(decisions).map((job) => job.id);
  return decisions.some(isWaiting) ? [...jobs, decideJobId(delivery)] : jobs;
}

/** Names of the triggers that matched or failed: what a search for a trigger finds. */
export function triggersOf(decisions: readonly Decision[]): readonly string[] {
  const told = decisions.filter(({ result }) => result === "matched" || result === "failed");
  return [...new Set(told.map((decision) => clean(decision.trigger.name)))];
}

/** How many decisions failed: each of them waits for a person. */
export function failedOf(decisions: readonly Decision[]): number {
  return decisions.filter((decision) => decision.result === "failed").length;
}

/** What decisions came to in one line: whom it waits for, else the first failure, the "no" that came closest, or that all matched. */
export function lineOf(decisions: readonly Decision[]): string {
  const telling =
    decisions.find(isWaiting) ??
    decisions.find((decision) => decision.result === "failed") ??
    closestOf(decisions.filter((decision) => decision.result === "filtered"));
  if (telling === undefined)
    return decisions.length === 0 ? "no trigger looked at it" : "every trigger matched";
  const others = decisions.length - 1;
  const more = others === 0 ? "" : ` (and ${others} more ${others === 1 ? "trigger" : "triggers"})`;
  return (
    clean(`${telling.shown ?? telling.trigger.name}: ${telling.reason}`, LINE_CHARS - more.length) + more
  );
}

/** A summary with, in the place of its reason, why one trigger did not fire. */
export function askedOf(stored: StoredSummary, { trigger, reason }: Decision): StoredSummary {
  return { ...stored, asked: clean(`${trigger.name}: ${reason}`, LINE_CHARS) };
}

/** Why an attempt did not succeed, in one line; empty when it did. */
export function lineOfAttempt({ outcome, code, reason }: Attempt): string {
  if (outcome === "done") return "";
  return clean([code, reason].filter((part) => part !== undefined).join(": ") || outcome, LINE_CHARS);
}

/** `Kind namespace/name`: what two deliveries must never both have made. */
export function nameOfRun({ kind, namespace, name }: RunName): string {
  return clean(`${kind} ${namespace}/${name}`, LINE_CHARS);
}

export function summaryOf(stored: StoredSummary): DeliverySummary {
  const { facts, outcome, duplicateOf, dropped, runs } = stored;
  return {
    ...facts,
    outcome,
    ...(duplicateOf !== undefined && { duplicateOf }),
    // A late success outlives a drop.
    ...(dropped !== undefined && outcome === "dead" && { dropped }),
    reason: stored.asked ?? reasonOf(stored),
    runs: runs.slice(0, RUNS_SHOWN),
  };
}

function reasonOf({ facts, outcome, duplicateOf, said, tried, jobs, runs }: StoredSummary): string {
  switch (outcome) {
    case "duplicate":
      return `the same as ${duplicateOf}, which came first`;
    case "pending":
      if (said === "") return "waits for a worker to decide";
      // What is said then names the trigger that waits, and why.
      if (jobs.some((job) => job.id === decideJobId(facts.id))) return said;
      return tried === "" ? "waits to be created" : `will be tried again: ${tried}`;
    case "dead":
      return jobs.some((job) => job.state === "dead") ? tried : said;
    case "created":
      return runs.length < 2 ? `created ${runs[0] ?? "nothing"}` : `created ${runs[0]} and more`;
    case "filtered":
      return said;
  }
}

export function recordOf(stored: StoredSummary, detail: StoredDetail): DeliveryRecord {
  const { hides: _, ...head } = detail.head;
  const states = new Map(stored.jobs.map(({ id, state }) => [id, state]));
  return {
    ...summaryOf(stored),
    ...head,
    decisions: detail.decisions.map(({ job: _, ...decision }) => decision),
    decided: stored.outcome === "duplicate" || (stored.said !== "" && !detail.decisions.some(isWaiting)),
    jobs: jobsOf(detail.decisions).map((job) => ({
      job: withReopened(job, detail.reopened),
      state: states.get(job.id) ?? "pending",
      attempts: inOrder(detail.attempts.get(job.id) ?? []),
      runs: (detail.runs.get(job.id) ?? []).map((run) => withProgress(run, detail.progress)),
    })),
  };
}

function withProgress(run: Run, all: StoredDetail["progress"]): FollowedRun {
  const progress = all.get(nameOfRun(run));
  return progress === undefined ? run : { ...run, progress };
}

function inOrder(attempts: readonly Attempt[]): readonly Attempt[] {
  return attempts.toSorted((a, b) => a.at - b.at || a.number - b.number).slice(-ATTEMPTS_KEPT);
}

/** Attempts or runs, stored as JSON, by the job that they belong to. */
export function byJob<T extends Attempt | Run>(
  stored: readonly (readonly [job: string, json: string])[],
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const [job, json] of stored) {
    const item = JSON.parse(json) as T;
    const items = found.get(job);
    if (items === undefined) found.set(job, [item]);
    else items.push(item);
  }
  return found;
}

/** The work of one stored pending delivery: a decision to make, jobs to create, or both. */
export interface Pending {
  readonly undecided?: ObjectNameAndId;
  readonly jobs: readonly CreateJob[];
}

/** @param decisions undefined while nobody has decided. */
export function pendingOf(
  facts: Pick<Facts, "id" | "listener" | "receivedAt">,
  jobs: readonly JobState[],
  decisions: readonly Decision[] | undefined,
  reopened: ReopenedJobs,
): Pending {
  const { id, listener, receivedAt } = facts;
  const undecided = { id, listener, receivedAt };
  if (decisions === undefined) return { undecided, jobs: [] };
  const open = new Set(jobs.filter((job) => job.state === "pending").map((job) => job.id));
  const wanted = jobsOf(decisions).filter((job) => open.has(job.id));
  const waits = decisions.some(isWaiting);
  return { ...(waits && { undecided }), jobs: wanted.map((job) => withReopened(job, reopened)) };
}

/** A job as the queue must know it: one that was made pending again counts its tries and its patience from there. */
export function withReopened(job: CreateJob, all: ReopenedJobs): CreateJob {
  const reopened = all.get(job.id);
  return reopened === undefined ? job : { ...job, reopened };
}

/** What a drop leaves in the record. */
export function droppedOf(act: Act): Dropped {
  return { at: act.at, ...cleanNote(act), ...(act.by !== undefined && { by: clean(act.by) }) };
}

/** A page of the work of these deliveries, as a cursor behind the last of them goes on. */
export function workOf(found: readonly Pending[], next: string | undefined): PendingWork {
  return {
    undecided: found.flatMap(({ undecided }) => undecided ?? []),
    jobs: found.flatMap(({ jobs }) => jobs),
    ...(next !== undefined && { next }),
  };
}

/** @param outcome what the delivery is instead of dead; empty when there is none. */
export function refuseDrop(id: string, outcome: string): never {
  if (outcome === "") throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  const reason = `delivery ${id} is ${outcome}`;
  throw fault("SLUICE_REQUEST_INVALID", { field: "id", reason, expected: "the id of a dead delivery" });
}

/**
 * Nobody decided this job, so there is nothing that its tries could be recorded of. Trying again would not help: the
 * fault is of the class that is never retried.
 */
export function refuseJob(delivery: string, job: string): never {
  throw fault("SLUICE_DELIVERY_UNKNOWN", { id: `${delivery} with a job ${job}` });
}
