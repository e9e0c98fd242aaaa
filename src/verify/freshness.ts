/** Timestamps that a proof covers: whether they are fresh, and what is said of those that are not. */

import { type HeaderMap, header } from "../core/headers.ts";

/** Both Slack and Standard Webhooks sign the time and want it no further off than this. */
export const FRESH_MS = 5 * 60_000;

/** Where a scheme reads the time, and how far it may be off. */
export interface TimeRule {
  /** Name of the header, as people write it. */
  readonly header: string;
  readonly toleranceMs: number;
}

/** @param seconds since the epoch, as the header spells them. @param now milliseconds since the epoch. */
export function isFresh(seconds: string, now: number, toleranceMs = FRESH_MS): boolean {
  return SECONDS.test(seconds) && Math.abs(Number(seconds) * 1_000 - now) <= toleranceMs;
}

const SECONDS = /^[0-9]{1,12}$/;

/** What is wrong with a time: it is not there, cannot be read, or is too far from this gateway's clock. */
export type TimeFault =
  | { readonly kind: "missing"; readonly place: string }
  | { readonly kind: "unreadable"; readonly place: string; readonly reason: string }
  | {
      readonly kind: "stale";
      readonly place: string;
      /** Seconds. */
      readonly off: number;
      readonly direction: "behind it" | "ahead of it";
      readonly allowed: string;
    };

/** The fault of a request's time; undefined for one that is fresh. */
export function timeFault(headers: HeaderMap, now: number, rule: TimeRule): TimeFault | undefined {
  const place = `header ${rule.header}`;
  const written = header(headers, rule.header);
  if (!written) return { kind: "missing", place };
  if (isFresh(written, now, rule.toleranceMs)) return undefined;
  if (/^[0-9]{13}$/.test(written))
    return { kind: "unreadable", place, reason: "it is in milliseconds; seconds since 1970 are wanted" };
  if (!SECONDS.test(written))
    return { kind: "unreadable", place, reason: "it is no number of seconds since 1970" };
  const off = Math.round(Number(written) - now / 1_000);
  const direction = off < 0 ? "behind it" : "ahead of it";
  return { kind: "stale", place, off: Math.abs(off), direction, allowed: shown(rule.toleranceMs) };
}

function shown(ms: number): string {
  const minutes = ms / 60_000;
  if (!Number.isInteger(minutes) || minutes === 0) return `${ms / 1_000} s are allowed`;
  return minutes === 1 ? "1 minute is allowed" : `${minutes} minutes are allowed`;
}
