/** Pages of a list: newest first by time of arrival and id, continued behind the last one seen. */

import { fault } from "../core/errors.ts";
import type { DeliveryFilter, DeliverySummary } from "../core/ledger.ts";
import { PAGE_MAX } from "./limits.ts";
import { clean } from "./text.ts";

/** A place in the list. */
export interface Place {
  readonly receivedAt: number;
  readonly id: string;
}

/** Whole numbers from 1 to {@link PAGE_MAX}; anything else is brought into that range. */
export function pageSize(limit: number): number {
  return Number.isFinite(limit) ? Math.min(PAGE_MAX, Math.max(1, Math.floor(limit))) : PAGE_MAX;
}

export function cursorOf({ receivedAt, id }: Place): string {
  return `${receivedAt}.${id}`;
}

/** @throws SluiceError SLUICE_OBJECT_INVALID when no list has given out such a cursor. */
export function placeOf(cursor: string): Place {
  const match = /^(\d{1,16})\.([0-9A-Za-z._-]{1,128})$/.exec(cursor);
  if (match === null) {
    throw fault("SLUICE_OBJECT_INVALID", { field: "cursor", reason: "no list has given out this cursor" });
  }
  return { receivedAt: Number(match[1]), id: match[2] as string };
}

/** The filter with its texts cleaned as the stored ones were, so that equal stays equal. */
export function cleanFilter(filter: DeliveryFilter): DeliveryFilter {
  const cleaned: Record<string, unknown> = {};
  for (const key of ["namespace", "listener", "provider", "event", "repository"] as const) {
    const value = filter[key];
    if (value !== undefined) cleaned[key] = clean(value);
  }
  return { ...filter, ...cleaned };
}

/** True when every condition of a cleaned filter holds. */
export function matches(filter: DeliveryFilter, found: Omit<DeliverySummary, "reason" | "runs">): boolean {
  return (
    (filter.outcome === undefined || found.outcome === filter.outcome) &&
    (filter.namespace === undefined || found.listener.namespace === filter.namespace) &&
    (filter.listener === undefined || found.listener.name === filter.listener) &&
    (filter.provider === undefined || found.provider === filter.provider) &&
    (filter.event === undefined || found.event === filter.event) &&
    (filter.repository === undefined || found.repository === filter.repository) &&
    (filter.since === undefined || found.receivedAt >= filter.since) &&
    (filter.until === undefined || found.receivedAt < filter.until)
  );
}
