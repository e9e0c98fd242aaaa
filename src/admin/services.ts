/** What the API needs of the rest: ports of core, and the few flows that main hands over. */

import type { Acknowledgement, AuditReport } from "../core/acknowledged.ts";
import type { Archive } from "../core/backup.ts";
import type { Decision } from "../core/decision.ts";
import type { Tell } from "../core/fact.ts";
import type { TargetState } from "../core/job.ts";
import type { ActNote, Ledger } from "../core/ledger.ts";
import type { Queue, QueueDepth, QueueState } from "../core/queue.ts";
import type { RefusalLog } from "../core/refusal.ts";
import type { Batches } from "./batches.ts";

/** The queue as everybody sees it, and what only a process that works on it knows of its own work. */
export interface QueueReport extends QueueDepth, QueueState {
  readonly attemptsPerMinute?: number;
  readonly targets?: readonly TargetState[];
}

export interface ApiServices {
  readonly ledger: Pick<
    Ledger,
    | "acts"
    | "batch"
    | "count"
    | "deadGroups"
    | "deadOf"
    | "drop"
    | "find"
    | "list"
    | "load"
    | "record"
    | "reopen"
  > &
    Pick<Archive, "backup"> &
    Pick<RefusalLog, "refused">;
  readonly queue: Pick<Queue, "depth" | "enqueue" | "pause" | "resume" | "state">;
  /**
   * Decides a stored delivery again as a new one; resolves with its id.
   *
   * @throws SluiceError SLUICE_DELIVERY_UNKNOWN, SLUICE_DELIVERY_DUPLICATE, SLUICE_BODY_FORGOTTEN,
   *   SLUICE_LISTENER_UNKNOWN, SLUICE_TRIGGER_UNKNOWN.
   */
  readonly replay: (
    id: string,
    options: { readonly note: ActNote; readonly trigger?: string; readonly id?: string },
  ) => Promise<string>;
  /** What a replay would decide now. @throws SluiceError as `replay`. */
  readonly preview: (id: string, options: { readonly trigger?: string }) => Promise<readonly Decision[]>;
  readonly audit: () => Promise<AuditReport>;
  /** What this process has acknowledged, looked for in the store; absent where it takes nothing in. */
  readonly acknowledged?: () => Promise<Acknowledgement>;
  readonly batches: Batches;
  /** Jobs that this process tried in the last minute; absent where it tries none. */
  readonly attemptsPerMinute?: () => number;
  /** Where this process creates, as its gates see it; absent where it creates nothing. */
  readonly targets?: () => readonly TargetState[];
  readonly tell: Tell;
  readonly clock?: () => number;
}
