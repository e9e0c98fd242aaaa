/** The numbers of the queue, as data: locks, stalls, time limits, and what BullMQ is told of each job. */

import type { JobsOptions } from "bullmq";
import type { Job } from "../../core/job.ts";

/**
 * BullMQ's queues, one for each kind of job, so that creating never waits for slow interceptors, nor deciding for a
 * target that is away. Their keys are `<prefix>:<name>:…` in Redis; in Postgres it is a column of the schema `bullmq`.
 */
export const LANES = { create: "queue", decide: "decide" } as const satisfies Record<Job["kind"], string>;
export const KINDS = Object.keys(LANES) as readonly Job["kind"][];

/** Largest integer of a Postgres column: attempts and stalls never run out. */
const FOREVER = 2_147_483_647;

export const POLICY = {
  /** A job whose worker died is free again after this; a living worker renews at half of it. Milliseconds. */
  lockMs: 10_000,
  /** How often abandoned jobs are looked for. Together: found again at most 16 s after the worker's death. */
  stalledEveryMs: 3_000,
  maxStalls: FOREVER,
  /** A worker that cannot reach the storage tries again after this. */
  reconnectMs: 1_000,
  /** `enqueue` answers within this. */
  enqueueMs: 1_800,
  pingMs: 1_000,
  /** For depth and holds. */
  askMs: 5_000,
  /** Beyond the grace period, for the storage to take the last words of a worker. */
  closeMs: 2_000,
  /** Jobs of one write. */
  batch: 200,
  /** A job whose format is newer than this program is left to others for so long. */
  newerMs: 10_000,
  /** A job in hand for so long is slow: it lends its slot, and its trigger keeps to its share. */
  slowMs: 500,
  /** The longest that a job waits for its trigger's share before it asks again. */
  awayMs: 30_000,
  /** The part of a worker's time that sending such jobs away may take. */
  sparing: 0.25,
  /** The first retry after a handler threw; doubles with each attempt up to the last value. */
  throwMs: 1_000,
  throwMaxMs: 60_000,
} as const;

/** Nobody reads BullMQ's own stream of events; one entry is the least that it keeps. */
export const NO_EVENTS = { events: { maxLen: 1 } } as const;

/** Name under which the worker's own delays stand in the job. */
export const BACKOFF = "sluice";

/**
 * What BullMQ is told of a job. The huge number of attempts is a safety net: whatever fails between us and BullMQ is
 * retried, because BullMQ removes what has no attempts left.
 */
export function jobOptions(job: Job): JobsOptions {
  return {
    jobId: job.id,
    timestamp: bornAt(job),
    attempts: FOREVER,
    backoff: { type: BACKOFF },
    removeOnComplete: true,
    removeOnFail: true,
    // BullMQ would keep one stack per attempt; reasons are the ledger's.
    stackTraceLimit: 0,
  };
}

/**
 * What BullMQ keeps as a job's reason of failure: nothing else of a try outlives the time that the next one waits for, and
 * without it nobody could tell a job that is overdue from one whose next try has just become due.
 */
export const DUE_AT = "to be tried again at ";

/** Milliseconds until a job is tried again whose handler threw. */
export function delayAfterThrow(attempt: number): number {
  return Math.min(POLICY.throwMs * 2 ** Math.min(attempt - 1, 16), POLICY.throwMaxMs);
}

/** Whose share of the slots a job takes: objects of one trigger go one way, and so do chains of one listener. */
export function keyOf(job: Job): string {
  const { namespace, name } = job.kind === "create" ? job.trigger : job.listener;
  return `${namespace}/${name}`;
}

/**
 * From when a job's age counts, milliseconds since the epoch: from receipt, also where the sweep enqueues it again; what a
 * person reopened begins anew.
 */
export function bornAt(job: Job): number {
  return (job.kind === "create" ? job.reopened?.at : undefined) ?? job.receivedAt;
}
