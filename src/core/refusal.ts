/** Requests that were refused, as the store keeps them: bounded, without bodies, so that a sender can be told why. */

import type { ObjectName } from "./delivery.ts";

/** Requests to one listener that were refused for one cause within a minute. */
export interface Refusal {
  /** Both names are empty where no listener was reached: an unknown path, a malformed request. */
  readonly listener: ObjectName;
  /** Milliseconds since the epoch: when the first of them was answered, and the last. */
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
  readonly code: string;
  readonly status: number;
  /** Of the last one, without values of events; says so where several causes had to be one. */
  readonly reason: string;
  /** Where the connection came from: the sender, or a proxy before this gateway. Absent: from several places. */
  readonly address?: string;
  /** As its headers say, which nobody has proved. */
  readonly provider?: string;
  readonly event?: string;
}

export interface RefusalFilter {
  readonly namespace?: string;
  /** `name` or `namespace/name`. */
  readonly listener?: string;
  readonly code?: string;
  /** Milliseconds since the epoch: the last of them was answered at this time or later, and before that one. */
  readonly since?: number;
  readonly until?: number;
}

export interface RefusalLog {
  /** Adds these; of each listener the latest {@link REFUSALS_KEPT} are kept, for {@link REFUSALS_KEPT_MS}. */
  keepRefused(refusals: readonly Refusal[]): Promise<void>;
  /** The latest first. */
  refused(filter: RefusalFilter, limit: number): Promise<readonly Refusal[]>;
}

export const REFUSALS_KEPT = 200;
export const REFUSALS_KEPT_MS = 30 * 24 * 3_600_000;
