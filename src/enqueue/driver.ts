/** What BullMQ needs to know of a storage: how to reach it, and the few questions that BullMQ answers dearly or not at all. */

import type { BulkJobOptions, QueueOptions, WorkerOptions } from "bullmq";
import type { QueueDepth } from "../core/queue.ts";

/** BullMQ's Queue, as far as it is used; `data` is the job as JSON text. */
export interface Producer {
  addBulk(jobs: { name: string; data: string; opts: BulkJobOptions }[]): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

/** BullMQ's Job, as a worker has it in hand. */
export interface JobInHand {
  readonly data: string;
  readonly attemptsStarted: number;
  moveToWait(token?: string): Promise<unknown>;
}

/** BullMQ's Worker, and the connections that were opened for it alone. */
export interface WorkerHandle {
  readonly worker: {
    on(event: "error", listener: (error: Error) => void): unknown;
    close(): Promise<void>;
  };
  /** Cuts the worker's connections; whatever it still waits for fails. */
  disconnect(): void;
}

export interface QueueDriver {
  producer(name: string, options: Omit<QueueOptions, "connection">): Producer;
  worker(
    name: string,
    process: (job: JobInHand, token?: string) => Promise<void>,
    options: Omit<WorkerOptions, "connection">,
  ): WorkerHandle;
  depth(name: string): Promise<QueueDepth>;
  holds(name: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  ping(): Promise<unknown>;
  /** True for errors of a connection that will be made again: nobody needs to hear of each. */
  isAway(error: unknown): boolean;
}
