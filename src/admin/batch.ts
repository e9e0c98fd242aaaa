/** Batches: replays, retries and drops of many deliveries. What is ordered, and what becomes of it. */

import type { ActNote } from "../core/ledger.ts";
import type { Difference } from "./compare.ts";

export type BatchVerb = "replay" | "retry" | "drop";
/** act: do it. dry-run: decide, change nothing, show what would differ. count: only count. */
export type BatchMode = "act" | "dry-run" | "count";

export interface Batch {
  readonly id: string;
  readonly verb: BatchVerb;
  readonly mode: BatchMode;
  /** Which deliveries, for people. */
  readonly selection: string;
  /** For replays: the only trigger that is decided for. */
  readonly trigger?: string;
  /** Deliveries per second, at most. */
  readonly rate: number;
  readonly actor: string;
  readonly reason?: string;
  /** interrupted: its process ended before it did. What is interrupted, cancelled or failed can be resumed. */
  readonly state: "selecting" | "running" | "done" | "cancelled" | "failed" | "interrupted";
  readonly startedAt: number;
  readonly endedAt?: number;
  /** While another process works on it: when that last said how far it is. */
  readonly saidAt?: number;
  /** Deliveries selected (so far), and what became of them. */
  readonly total: number;
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  /** Kubernetes objects: tried again by a retry; that would be created, in a dry run. */
  readonly objects: number;
  /** Deliveries that would be decided otherwise than the first time, in a dry run. */
  readonly different: number;
  /** Why it failed as a whole. */
  readonly error?: string;
  /** When it has ended: the first 1,000. */
  readonly results?: readonly BatchResult[];
}

export interface BatchResult {
  readonly delivery: string;
  readonly outcome: "done" | "skipped" | "failed";
  /** The replay's id. */
  readonly made?: string;
  readonly objects?: number;
  readonly code?: string;
  readonly why?: string;
  readonly differences?: readonly Difference[];
}

export interface BatchOrder {
  /** Its id, where it was written down under one before it starts. */
  readonly id?: string;
  readonly verb: BatchVerb;
  readonly mode: BatchMode;
  readonly selection: string;
  readonly trigger?: string;
  readonly rate: number;
  readonly note: ActNote & { readonly actor: string };
  /** The deliveries; ends early when `signal` aborts. Newest first is turned round, so that what came last is done last. */
  readonly select: (signal: AbortSignal) => AsyncIterable<string>;
  readonly newestFirst: boolean;
  /** Does one. @throws what went wrong with it. */
  readonly work: (delivery: string, batch: string) => Promise<Done>;
  /** Kept with the batch, for whoever resumes it: what it takes to order the same again. */
  readonly request: object;
}

/** What became of one; `before`: it was done already, by those who worked on this batch before. */
export type Done = Omit<BatchResult, "delivery"> & { readonly before?: boolean };

/** True while somebody works on it. */
export const isOpen = ({ state }: Batch): boolean => state === "selecting" || state === "running";

/** True where it ended before all was done: nobody works on it, and something is left to do. */
export const isResumable = ({ state }: Batch): boolean =>
  state === "interrupted" || state === "cancelled" || state === "failed";
