/** What BullMQ needs to know of a storage: how to reach it, and the few questions that BullMQ answers dearly or not at all. */

import type { BulkJobOptions, WorkerOptions } from "bullmq";
import type { QueueDepth } from "../../core/queue.ts";
import type { Pause } from "./pause.ts";

/** A job as BullMQ takes it. */
export interface Addition {
  readonly name: string;
  readonly data: unknown;
  readonly opts: BulkJobOptions;
}

export interface Producer extends Pause {
  /** Adds all jobs that are not there yet, or rejects: then some of them may have been added. */
  add(jobs: readonly Addition[]): Promise<unknown>;
  close(): Promise<void>;
}

/** BullMQ's Job, as a worker has it in hand. */
export interface JobInHand {
  readonly data: unknown;
  readonly attemptsStarted: number;
  moveToWait(token?: string): Promise<unknown>;
  /** @param timestamp milliseconds since the epoch. */
  moveToDelayed(timestamp: number, token?: string): Promise<unknown>;
  updateData(data: unknown): Promise<unknown>;
}

/** BullMQ's Worker, and the connections that were opened for it alone. */
export interface WorkerHandle {
  readonly worker: {
    on(event: "error", listener: (error: Error) => void): unknown;
    /** Fetches no more; with `doNotWaitActive` it resolves though jobs are in hand. */
    pause(doNotWaitActive: boolean): Promise<void>;
    resume(): Promise<void>;
    close(): Promise<void>;
  };
  /** Lets so many jobs be in hand at once, from now on. */
  widen(concurrency: number): void;
  /** Cuts the worker's connections; whatever it still waits for fails. */
  disconnect(): void;
}

export interface QueueDriver {
  /** Data as BullMQ is to store it: anything whose JSON the storage gives back as it was. */
  pack(data: unknown): unknown;
  unpack(data: unknown): unknown;
  producer(name: string): Producer;
  worker(
    name: string,
    process: (job: JobInHand, token?: string) => Promise<void>,
    options: Omit<WorkerOptions, "connection">,
  ): WorkerHandle;
  depth(name: string): Promise<QueueDepth>;
  holds(name: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** The store's clock, milliseconds since the epoch. */
  now(): number;
  ping(): Promise<unknown>;
  /** True for errors of a connection that will be made again: nobody needs to hear of each. */
  isAway(error: unknown): boolean;
}
