/** Refusals as both drivers keep them: cleaned, and searched. */

import { REFUSALS_KEPT_MS, type Refusal, type RefusalFilter } from "../../core/refusal.ts";
import { bareName, fullName } from "./named.ts";
import { clean } from "./text.ts";

/** Characters kept of a reason: there may be many of them, and strangers cause them. */
const REASON_CHARS = 300;

/** A refusal with its texts cleaned and bounded. */
export function cleanRefusal({ address, provider, event, ...refusal }: Refusal): Refusal {
  return {
    ...refusal,
    reason: clean(refusal.reason, REASON_CHARS),
    ...(address !== undefined && { address: clean(address) }),
    ...(provider !== undefined && { provider: clean(provider) }),
    ...(event !== undefined && { event: clean(event) }),
  };
}

/** Whether a refusal is one of those that are asked for, and not too old. */
export function isWanted(
  { listener, code, lastAt }: Refusal,
  { namespace, listener: name, code: wanted, since = 0, until = Number.POSITIVE_INFINITY }: RefusalFilter,
): boolean {
  const full = fullName(name);
  return (
    (namespace === undefined || listener.namespace === namespace) &&
    (name === undefined || listener.name === bareName(name)) &&
    (full === undefined || listener.namespace === full.namespace) &&
    (wanted === undefined || code === wanted) &&
    lastAt >= since &&
    lastAt < until
  );
}

/** Before it nothing is kept. @param now milliseconds since the epoch. */
export const oldestKept = (now: number): number => now - REFUSALS_KEPT_MS;

export const latestFirst = (a: Refusal, b: Refusal): number => b.lastAt - a.lastAt;
