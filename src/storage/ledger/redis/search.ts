/** Searching the Redis ledger: the shortest index is walked, the others are asked, and what is left is read. */

import type { Redis } from "ioredis";
import type { DeliveryFilter, DeliverySummary, Page } from "../../../core/ledger.ts";
import { decodeDecisions } from "../codec.ts";
import { SEARCH_WORK } from "../limits.ts";
import { hasMade, sifted } from "../named.ts";
import type { Place, Rest } from "../page.ts";
import { cleanFilter, cursorOf, matchesRest, pageSize, placeOf, restOf } from "../page.ts";
import type { StoredSummary } from "../record.ts";
import { summaryOf } from "../record.ts";
import type { Ask } from "../stall-timeout.ts";
import type { Keys } from "./keys.ts";
import { readSummary, SUMMARY_FIELDS } from "./keys.ts";
import { termsWanted } from "./terms.ts";

export interface RedisAccess {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly ask: Ask;
}

/** Entries of the index looked at in one step; the first steps are smaller, because most pages are soon full. */
const STEP_MAX = 1_000;

/** What looking at an entry costs, where reading a record costs 1. */
const LOOK = 0.1;

export interface Found {
  readonly stored: StoredSummary;
  readonly summary: DeliverySummary;
}

/** Newest first. `next` is missing only at the end: a page that ran out of work is short, and has one. */
export async function listRedis(
  access: RedisAccess,
  filter: DeliveryFilter,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<DeliverySummary>> {
  const { items, next } = await searchRedis(access, filter, page);
  return { items: items.map(({ summary }) => summary), ...(next !== undefined && { next }) };
}

/**
 * A page of what matches.
 *
 * @param keep asked last, of what matches otherwise.
 * @param work after so much of it the page ends where it is (see {@link SEARCH_WORK}).
 */
export async function searchRedis(
  access: RedisAccess,
  filter: DeliveryFilter,
  page: { readonly limit: number; readonly cursor?: string },
  { keep = () => true, work = SEARCH_WORK }: { keep?: (found: StoredSummary) => boolean; work?: number } = {},
): Promise<Page<Found>> {
  const wanted = cleanFilter(filter);
  const rest = restOf(wanted);
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  const items: Found[] = [];
  let done = 0;
  for await (const { places, hits } of candidates(access, wanted, behind, limit + 1)) {
    for (const stored of await named(access, rest, await summaries(access, hits))) {
      const summary = summaryOf(stored);
      if (!matchesRest(rest, summary) || !keep(stored)) continue;
      if (items.length === limit) return { items, next: cursorOf((items.at(-1) as Found).summary) };
      items.push({ stored, summary });
    }
    done += places.length * LOOK + hits.length;
    if (done >= work) return { items, next: cursorOf(places.at(-1) as Place) };
  }
  return { items };
}

export async function countRedis(access: RedisAccess, filter: DeliveryFilter): Promise<number> {
  const wanted = cleanFilter(filter);
  const rest = restOf(wanted);
  const indexes = indexesOf(access.keys, wanted);
  const [only] = indexes;
  if (indexes.length === 1 && only !== undefined && isEmpty(rest)) {
    const { min, max } = rangeOf(wanted);
    return access.ask(access.redis.zcount(only, min, max));
  }
  let count = 0;
  for await (const { hits } of candidates(access, wanted, undefined, STEP_MAX)) {
    if (isEmpty(rest)) count += hits.length;
    else
      for (const stored of await named(access, rest, await summaries(access, hits)))
        if (matchesRest(rest, summaryOf(stored))) count++;
  }
  return count;
}

/** True when the indexes answer the whole filter; of the outcome they do. */
function isEmpty({ revision, words, trigger, object, notFired }: Rest): boolean {
  const named = trigger ?? object ?? notFired;
  return revision === undefined && words.length === 0 && named === undefined;
}

/** The sorted sets whose intersection a filter wants. */
function indexesOf(keys: Keys, wanted: DeliveryFilter): readonly string[] {
  const indexes = termsWanted(wanted).map((term) => keys.term(term));
  if (wanted.outcome !== undefined) indexes.push(keys.outcomes[wanted.outcome]);
  return indexes.length === 0 ? [keys.index] : indexes;
}

function rangeOf({ since, until }: DeliveryFilter): { readonly min: string; readonly max: string } {
  return {
    min: scoreOf(since ?? Number.NEGATIVE_INFINITY),
    max: `(${scoreOf(until ?? Number.POSITIVE_INFINITY)}`,
  };
}

function scoreOf(time: number): string {
  return String(time).replace("Infinity", "inf");
}

/** Steps through the shortest index, newest first: what was looked at, and what of it all the others name too. */
async function* candidates(
  access: RedisAccess,
  wanted: DeliveryFilter,
  behind: Place | undefined,
  first: number,
): AsyncGenerator<{ readonly places: readonly Place[]; readonly hits: readonly Place[] }> {
  const { redis, keys, ask } = access;
  const range = rangeOf(wanted);
  const indexes = await shortestFirst(access, indexesOf(keys, wanted), range);
  const [walked, ...others] = indexes;
  if (walked === undefined) return;
  // `until` excludes its own millisecond; the cursor's has still to be looked through.
  const fromCursor = behind !== undefined && behind.receivedAt < (wanted.until ?? Number.POSITIVE_INFINITY);
  let max = fromCursor ? String(behind.receivedAt) : range.max;
  let step = Math.min(STEP_MAX, others.length === 0 ? first : 2 * first);
  for (let offset = 0; ; step = Math.min(STEP_MAX, 2 * step)) {
    const rows = await ask(
      redis.zrevrangebyscore(walked, max, range.min, "WITHSCORES", "LIMIT", offset, step),
    );
    if (rows.length === 0) return;
    const all: Place[] = [];
    for (let i = 0; i < rows.length; i += 2)
      all.push({ id: rows[i] as string, receivedAt: Number(rows[i + 1]) });
    const places = behind === undefined ? all : all.filter((place) => isBehind(place, behind));
    if (places.length > 0) yield { places, hits: await inAll(access, places, others) };
    // Continue at the last time seen, behind those that were seen of it: a rank would move when deliveries arrive.
    const lowest = (all.at(-1) as Place).receivedAt;
    const seen = all.filter((place) => place.receivedAt === lowest).length;
    offset = String(lowest) === max ? offset + seen : seen;
    max = String(lowest);
  }
}

async function shortestFirst(
  { redis, ask }: RedisAccess,
  indexes: readonly string[],
  { min, max }: { readonly min: string; readonly max: string },
): Promise<readonly string[]> {
  if (indexes.length < 2) return indexes;
  const pipeline = redis.pipeline();
  for (const key of indexes) pipeline.zcount(key, min, max);
  const lengths = new Map<string, number>();
  for (const [i, length] of answers<number>(await ask(pipeline.exec())).entries())
    lengths.set(indexes[i] as string, length);
  return indexes.toSorted((a, b) => (lengths.get(a) ?? 0) - (lengths.get(b) ?? 0));
}

/** Those of the places that every one of the indexes names. */
async function inAll(
  { redis, ask }: RedisAccess,
  places: readonly Place[],
  indexes: readonly string[],
): Promise<readonly Place[]> {
  let left = places;
  for (const index of indexes) {
    if (left.length === 0) break;
    const scores = await ask(redis.zmscore(index, ...left.map(({ id }) => id)));
    left = left.filter((_, i) => scores[i] !== null);
  }
  return left;
}

/** True when `place` stands behind `last` in a list that is newest first. */
export function isBehind(place: Place, last: Place): boolean {
  return place.receivedAt < last.receivedAt || (place.receivedAt === last.receivedAt && place.id < last.id);
}

async function summaries(
  { redis, keys, ask }: RedisAccess,
  places: readonly Place[],
): Promise<(StoredSummary | undefined)[]> {
  if (places.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const { id } of places) pipeline.hmget(keys.record(id), ...SUMMARY_FIELDS);
  return answers<(string | null)[]>(await ask(pipeline.exec())).map(readSummary);
}

/** Those of what was found that made this very object, and of which this very trigger matched or failed. */
async function named(
  { redis, keys, ask }: RedisAccess,
  { trigger, object, notFired }: Rest,
  found: readonly (StoredSummary | undefined)[],
): Promise<readonly StoredSummary[]> {
  const left = found.filter(
    (one): one is StoredSummary => one !== undefined && (object === undefined || hasMade(one.runs, object)),
  );
  if ((trigger === undefined && notFired === undefined) || left.length === 0) return left;
  const pipeline = redis.pipeline();
  for (const { facts } of left) pipeline.hgetBuffer(keys.record(facts.id), "decisions");
  const decisions = answers<Buffer | null>(await ask(pipeline.exec()));
  return left.flatMap((one, i) => {
    const stored = decisions[i];
    return stored ? sifted(one, decodeDecisions(stored), { trigger, notFired }) : [];
  });
}

/** The answers of a pipeline in their order. @throws the first error among them. */
export function answers<T>(replies: readonly (readonly [Error | null, unknown])[] | null): readonly T[] {
  return (replies ?? []).map(([error, reply]) => {
    if (error !== null) throw error;
    return reply as T;
  });
}
