/** The retry schedule: when a job that failed is tried again, and when it is given up (DESIGN, "Retries"). */

import type { Retry } from "./error-table.ts";

interface Schedule {
  /** Milliseconds before the second try; each further wait is twice as long. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Milliseconds from the receipt of the delivery, or from its reopening, after which a failure is final. */
  readonly patienceMs: number;
  /** The patience in words. */
  readonly patience: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const SCHEDULES = {
  /** What mends itself: networks, overload, restarts. */
  soon: { firstMs: SECOND, longestMs: 15 * MINUTE, patienceMs: 24 * HOUR, patience: "24 hours" },
  /** What a person mends: a missing right, namespace or kind. */
  slow: { firstMs: 30 * SECOND, longestMs: 5 * MINUTE, patienceMs: HOUR, patience: "1 hour" },
} as const satisfies Record<Exclude<Retry, "never">, Schedule>;

/** Waits are spread by this part up and down, so that jobs which failed together do not come back together. */
const JITTER = 0.2;

/** Nobody is given up with fewer tries: a job may have waited out the whole patience while the target was away. */
const LEAST_TRIES = 3;

/** A longer Retry-After is cut to this: nobody outside may park a job for days. */
const LONGEST_RETRY_AFTER = HOUR;

export type NextTry =
  | { readonly kind: "retry"; readonly afterMs: number }
  | { readonly kind: "dead"; readonly reason: string };

/**
 * Decides what follows a failed try.
 *
 * @param try.retry class of the failure.
 * @param try.attempt number of the try that failed, from 1; for a reopened job it counts from its reopening.
 * @param try.since when the delivery was received or the job reopened, milliseconds since the epoch: patience counts
 *   from here.
 * @param try.now milliseconds since the epoch.
 * @param try.after the other side's Retry-After in milliseconds: the least to wait.
 * @param try.random gives numbers in [0, 1).
 * @returns `afterMs` whole milliseconds; the last try of all falls on the end of the schedule's patience, or is the
 *   third where that is later.
 */
export function nextTry({
  retry,
  attempt,
  since,
  now,
  after = 0,
  random,
}: {
  readonly retry: Retry;
  readonly attempt: number;
  readonly since: number;
  readonly now: number;
  readonly after?: number | undefined;
  readonly random: () => number;
}): NextTry {
  if (retry === "never") return { kind: "dead", reason: "trying again would not help" };
  const { firstMs, longestMs, patienceMs, patience } = SCHEDULES[retry];
  const leftMs = since + patienceMs - now;
  if (leftMs <= 0 && attempt >= LEAST_TRIES)
    return { kind: "dead", reason: `given up after ${patience} and ${attempt} tries` };
  const wait = Math.min(longestMs, firstMs * 2 ** Math.max(0, attempt - 1));
  const spread = wait * (1 - JITTER + 2 * JITTER * random());
  const least = Math.min(Math.max(0, after), LONGEST_RETRY_AFTER);
  const due = Math.max(spread, least);
  return { kind: "retry", afterMs: Math.round(leftMs > 0 ? Math.min(due, leftMs) : due) };
}
