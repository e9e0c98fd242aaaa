/** Which deliveries a batch is about: by id, by the fingerprint of dead letters, or by filter. */

import type { DeliveryFilter, Ledger } from "../core/ledger.ts";
import type { BatchVerb } from "./batch.ts";
import type { Read } from "./fields.ts";
import { flag, ids, invalid, nested, scalar, words } from "./fields.ts";
import { FILTERS } from "./filter.ts";

/** How the API is told which deliveries are meant: exactly one of ids, fingerprint and filter. */
export const SELECTION = {
  ids: ids("these deliveries", 1_000),
  fingerprint: words("the dead letters of one cause"),
  filter: nested("all deliveries that match; {} is all", FILTERS),
  since: FILTERS.since,
  until: FILTERS.until,
} as const;

/** How a batch is to be done. */
export const MANNER = {
  rate: scalar(
    "deliveries per second; default 10",
    "a number from 0.1 to 1000",
    { type: "number" },
    (text) => {
      const rate = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
      return rate >= 0.1 && rate <= 1_000 ? rate : undefined;
    },
  ),
  dryRun: flag("change nothing; show what would come of it"),
  count: flag("change nothing; only count"),
  reason: words("why; kept with what is done"),
  actor: words("who asks, beside the token's name"),
} as const;

export const DEFAULT_RATE = 10;

export interface Selection {
  /** For people. */
  readonly words: string;
  /** Whether `select` gives the newest first; ids come in the order in which they were given. */
  readonly newestFirst: boolean;
  select(signal: AbortSignal): AsyncIterable<string>;
}

/** Deliveries asked for together. */
const PAGE = 200;

/**
 * Reads a selection.
 *
 * Replays leave out duplicates and replays unless the filter asks for them: an event would otherwise be decided as often
 * as it was stored. Retries and drops are of dead letters that were not dropped; ids are taken as they are given, so that
 * a retry can take the word back.
 *
 * @throws SluiceError SLUICE_REQUEST_INVALID.
 */
export function readSelection(
  ledger: Pick<Ledger, "list" | "deadOf">,
  verb: BatchVerb,
  given: Read<typeof SELECTION>,
  now: number,
): Selection {
  const { ids, fingerprint, since, until } = given;
  const timed = since !== undefined || until !== undefined;
  const filter = given.filter ?? (timed ? {} : undefined);
  const ways = [ids, fingerprint, filter].filter((way) => way !== undefined).length;
  if (ways !== 1 || (timed && filter === undefined))
    throw invalid(
      "body",
      ways === 0
        ? "does not say which deliveries are meant"
        : "says in several ways which deliveries are meant",
      "exactly one of ids, fingerprint and filter (since, until); the filter {} is all",
    );
  if (ids !== undefined) {
    const words = ids.length === 1 ? String(ids[0]) : `${ids.length} ids`;
    return { words, newestFirst: false, select: () => each(ids) };
  }
  if (fingerprint !== undefined) {
    const pages = (page: Page) => ledger.deadOf(fingerprint, page);
    const words = `fingerprint=${fingerprint}`;
    return { words, newestFirst: true, select: (signal) => walk(pages, signal) };
  }
  const wanted: DeliveryFilter = {
    ...filter,
    ...(since !== undefined && { since }),
    // What comes in from now on, replays above all, is not meant.
    until: Math.min(until ?? filter?.until ?? now, now),
    ...(verb !== "replay" && { outcome: "dead" }),
  };
  const meant = verb === "replay" ? isOriginal(wanted) : (item: Summary) => item.dropped === undefined;
  const pages = async (page: Page) => {
    const { items, next } = await ledger.list(wanted, page);
    return { items: items.filter(meant).map(({ id }) => id), ...(next !== undefined && { next }) };
  };
  const told = Object.entries({ ...filter, ...(since && { since }), ...(until && { until }) });
  const words = told.map(([key, value]) => `${key}=${wordsOf(key, value)}`).join(" ");
  return { words: words || ALL, newestFirst: true, select: (signal) => walk(pages, signal) };
}

/** What selects every delivery, in words. */
export const ALL = "all";

type Page = { readonly limit: number; readonly cursor?: string };
type Summary = Awaited<ReturnType<Ledger["list"]>>["items"][number];

/** Duplicates have no body of their own, so they are never meant. */
function isOriginal({ outcome, replayOf }: DeliveryFilter): (item: Summary) => boolean {
  if (outcome === "duplicate")
    throw invalid("outcome", "has no deliveries of its own to replay", "the delivery that came first");
  return (item) => item.outcome !== "duplicate" && (replayOf !== undefined || item.replayOf === undefined);
}

// Everybody may see what was ordered; which words stand in events only those who may see these.
const wordsOf = (key: string, value: unknown): string =>
  key === "text"
    ? "…"
    : key === "since" || key === "until"
      ? new Date(Number(value)).toISOString()
      : String(value);

async function* each(ids: readonly string[]): AsyncIterable<string> {
  yield* ids;
}

async function* walk(
  pages: (page: Page) => Promise<{ readonly items: readonly string[]; readonly next?: string }>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const { items, next } = await pages(cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor });
    yield* items;
    cursor = next;
  } while (cursor !== undefined);
}
