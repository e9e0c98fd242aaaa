/** The queue port: jobs accepted durably, handed out at least once, retried when the handler says so. */

import type { Job } from "./job.ts";

/**
 * What a handler makes of a job. `done` also covers "gave up": the ledger keeps the dead, the queue forgets them. `back`:
 * it was not tried. It keeps its attempt number, and its consumer takes no more jobs of its kind before `until` resolves.
 * `aside`: it was not tried either, and comes again later, while others go on.
 */
export type Disposition =
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly afterMs: number }
  | { readonly kind: "back"; readonly until: Promise<void> }
  | { readonly kind: "aside"; readonly afterMs: number };

/** @param attempt counts from 1 and survives restarts. */
export type JobHandler = (job: Job, attempt: number) => Promise<Disposition>;

export interface QueueDepth {
  /** Ready to be taken. */
  readonly waiting: number;
  /** Being worked on. */
  readonly active: number;
  /** Waiting for the time of their next try. */
  readonly delayed: number;
  /** Age in milliseconds of the oldest job that is waiting, active or delayed; 0 when there is none. */
  readonly oldestMs: number;
  /**
   * Milliseconds for which the job that was due first has been due: since its receipt or reopening, or since the time of
   * its next try where a try failed. Being put off untried changes nothing. 0 when nothing is due.
   */
  readonly dueMs: number;
}

/** Whether jobs are handed out; a pause outlives restarts and holds for every worker. */
export interface QueueState {
  readonly paused: boolean;
  /** Who paused it, when and why. */
  readonly note?: { readonly at: number; readonly actor?: string; readonly reason?: string };
}

export interface Consumer {
  /** Takes no more jobs, finishes those in hand within `graceMs`, hands back the rest. */
  stop(graceMs: number): Promise<void>;
}

export interface Queue {
  /** Resolves when all jobs are on durable storage. A job whose id is there already is not added again. */
  enqueue(jobs: readonly Job[]): Promise<void>;
  /**
   * Hands jobs to `handler`, `concurrency` of each kind at a time: kinds do not wait for each other. A handler that
   * throws is retried after a short while.
   */
  consume(handler: JobHandler, options: { readonly concurrency: number }): Promise<Consumer>;
  depth(): Promise<QueueDepth>;
  /** Which of these jobs the queue still holds, in any state. */
  holds(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Hands out no more jobs until {@link resume}; deliveries are accepted all the same. */
  pause(note: NonNullable<QueueState["note"]>): Promise<void>;
  resume(): Promise<void>;
  state(): Promise<QueueState>;
  /** Resolves when the storage answers. @throws SluiceError SLUICE_STORE_AWAY. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
