/** Pages of a list: newest first by time of arrival and id, continued behind the last one seen. */

import type { ObjectName } from "../../core/delivery.ts";
import type { DeliveryFilter, DeliverySummary, Outcome } from "../../core/ledger.ts";
import { refuseCursor } from "./acts.ts";
import { PAGE_MAX } from "./limits.ts";
import { fullName, splitListener } from "./named.ts";
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

/** @throws SluiceError SLUICE_REQUEST_INVALID when no list has given out such a cursor. */
export function placeOf(cursor: string): Place {
  const match: RegExpExecArray | null = /^(\d{1,16})\.([0-9A-Za-z._-]{1,128})$/.exec(cursor);
  if (match === null) refuseCursor();
  return { receivedAt: Number(match[1]), id: match[2] as string };
}

/** The filter with its texts cleaned as the stored ones were, so that equal stays equal, and its listener by two names. */
export function cleanFilter(filter: DeliveryFilter): DeliveryFilter {
  const cleaned: Record<string, unknown> = {};
  for (const key of TEXTS) {
    const value = filter[key];
    if (value !== undefined) cleaned[key] = clean(value);
  }
  return splitListener({ ...filter, ...cleaned });
}

const TEXTS = [
  ...(["namespace", "listener", "provider", "event", "repository", "trigger", "ref", "revision"] as const),
  "notFired" as const,
  ...(["actor", "providerId", "object", "replayOf"] as const),
];

/** So many characters of a revision are enough to look for it; shorter ones must be whole. */
export const REVISION_PREFIX = 7;

/** What a search has to look for inside records: what no index answers. */
export interface Rest {
  readonly outcome: Outcome | undefined;
  readonly revision: string | undefined;
  /** In lower case. */
  readonly words: readonly string[];
  /** Where the namespace was said too: the indexes know the name alone. */
  readonly trigger: ObjectName | undefined;
  readonly object: ObjectName | undefined;
  readonly notFired: string | undefined;
}

/** @param filter cleaned. */
export function restOf({ outcome, revision, text, trigger, object, notFired }: DeliveryFilter): Rest {
  const words = text?.toLowerCase().split(/\s+/) ?? [];
  return {
    ...{ outcome, revision, words: words.filter((word) => word !== "") },
    ...{ trigger: fullName(trigger), object: fullName(object), notFired },
  };
}

/** True when what a summary can say of the rest holds. The outcome is asked again: it may have moved since the index was read. */
export function matchesRest({ outcome, revision, words }: Rest, found: DeliverySummary): boolean {
  if (outcome !== undefined && found.outcome !== outcome) return false;
  if (revision !== undefined && !revisionIs(found.revision ?? "", revision)) return false;
  if (words.length === 0) return true;
  const said = textOf(found);
  return words.every((word) => said.includes(word));
}

function revisionIs(found: string, wanted: string): boolean {
  return wanted.length < REVISION_PREFIX ? found === wanted : found.startsWith(wanted);
}

/** All that a summary says in words, a line for each, in lower case. */
function textOf(found: DeliverySummary): string {
  const { listener, note, dropped, runs, receivedAt: _, size: __, pullRequest, ...texts } = found;
  const notes = [note?.actor, note?.reason, dropped?.actor, dropped?.reason];
  const said = [listener.namespace, listener.name, pullRequest, ...notes, ...runs, ...Object.values(texts)];
  return said.join("\n").toLowerCase();
}

/** A time as the index holds it: `>=` and `<` of whole milliseconds mean the same for the next whole one. */
export function wholeMs(time: number | undefined): number | undefined {
  return time === undefined
    ? undefined
    : Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Math.ceil(time)));
}
