/** Reading the Redis ledger in order: lists newest first, pending work oldest first. */

import type { Redis } from "ioredis";
import type { DeliveryFilter, DeliverySummary, Page, PendingWork } from "../core/ledger.ts";
import { decodeDecisions } from "./codec.ts";
import type { Place } from "./page.ts";
import { cleanFilter, cursorOf, matches, pageSize, placeOf } from "./page.ts";
import type { Ask } from "./patience.ts";
import type { Facts, Pending } from "./record.ts";
import { pendingOf, summaryOf, workOf } from "./record.ts";
import type { Keys } from "./redis-keys.ts";
import { readJobs, readSummary, SUMMARY_FIELDS } from "./redis-keys.ts";

export interface RedisAccess {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly ask: Ask;
}

/** Records read in one pipeline. */
const BATCH = 200;

/** Records looked at for one page: a filter that hits seldom gives a short page and a cursor, not a long wait. */
const LOOKED_AT = 20_000;

export async function listRedis(
  access: RedisAccess,
  filter: DeliveryFilter,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<DeliverySummary>> {
  const wanted = cleanFilter(filter);
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  const items: DeliverySummary[] = [];
  let last: Place | undefined;
  let looked = 0;
  for await (const places of newestFirst(access, wanted, behind)) {
    const found = await summaries(access, places);
    for (const [i, place] of places.entries()) {
      if (items.length === limit || looked === LOOKED_AT)
        return { items, ...(last && { next: cursorOf(last) }) };
      looked++;
      last = place;
      const summary = found[i];
      if (summary !== undefined && matches(wanted, summary)) items.push(summary);
    }
  }
  return { items };
}

/** Batches of the index. Ties in time are ordered by id, backwards too, as Redis orders equal scores. */
async function* newestFirst(
  { redis, keys, ask }: RedisAccess,
  { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY }: DeliveryFilter,
  behind: Place | undefined,
): AsyncGenerator<readonly Place[]> {
  const min = String(since).replace("Infinity", "inf");
  // `until` excludes its own millisecond; the cursor's has still to be looked through.
  let max = behind !== undefined && behind.receivedAt < until ? String(behind.receivedAt) : `(${until}`;
  if (max === "(Infinity") max = "+inf";
  for (let offset = 0; ; ) {
    const rows = await ask(
      redis.zrevrangebyscore(keys.index, max, min, "WITHSCORES", "LIMIT", offset, BATCH),
    );
    if (rows.length === 0) return;
    const places: Place[] = [];
    for (let i = 0; i < rows.length; i += 2)
      places.push({ id: rows[i] as string, receivedAt: Number(rows[i + 1]) });
    const fresh = behind === undefined ? places : places.filter((place) => isBehind(place, behind));
    if (fresh.length > 0) yield fresh;
    // Continue at the last time seen, behind those that were seen of it: a rank would move when deliveries arrive.
    const lowest = (places.at(-1) as Place).receivedAt;
    const seen = places.filter((place) => place.receivedAt === lowest).length;
    offset = String(lowest) === max ? offset + seen : seen;
    max = String(lowest);
  }
}

/** True when `place` stands behind `last` in a list that is newest first. */
function isBehind(place: Place, last: Place): boolean {
  return place.receivedAt < last.receivedAt || (place.receivedAt === last.receivedAt && place.id < last.id);
}

async function summaries(
  { redis, keys, ask }: RedisAccess,
  places: readonly Place[],
): Promise<(DeliverySummary | undefined)[]> {
  const pipeline = redis.pipeline();
  for (const { id } of places) pipeline.hmget(keys.record(id), ...SUMMARY_FIELDS);
  const replies = await ask(pipeline.exec());
  return (replies ?? []).map(([error, fields]) => {
    if (error !== null) throw error;
    const stored = readSummary(fields as (string | null)[]);
    return stored && summaryOf(stored);
  });
}

export async function pendingRedis(
  access: RedisAccess,
  before: number,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<PendingWork> {
  const { redis, keys, ask } = access;
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  const places = await oldestPending(access, before, behind, limit + 1);
  const seen = places.slice(0, limit);
  const pipeline = redis.pipeline();
  for (const { id } of seen) pipeline.hmgetBuffer(keys.record(id), "facts", "jobs", "decisions");
  const replies = await ask(pipeline.exec());
  const found = (replies ?? []).flatMap(([error, reply]): readonly Pending[] => {
    if (error !== null) throw error;
    const [facts, jobs, decisions] = reply as (Buffer | null)[];
    if (!facts) return [];
    const of = JSON.parse(facts.toString("utf8")) as Facts;
    return [
      pendingOf(of, readJobs(jobs?.toString("utf8")), decisions ? decodeDecisions(decisions) : undefined),
    ];
  });
  const last = places.length > limit ? seen.at(-1) : undefined;
  return workOf(found, last && cursorOf(last));
}

/** At most `count` places of the index of pending work, oldest first. */
async function oldestPending(
  { redis, keys, ask }: RedisAccess,
  before: number,
  behind: Place | undefined,
  count: number,
): Promise<readonly Place[]> {
  const min = behind === undefined ? "-inf" : behind.receivedAt;
  const places: Place[] = [];
  // The cursor's own millisecond is looked through again: places of one time are ordered by id.
  for (let offset = 0; places.length < count; offset += count) {
    const rows = await ask(
      redis.zrangebyscore(keys.pending, min, `(${before}`, "WITHSCORES", "LIMIT", offset, count),
    );
    for (let i = 0; i < rows.length; i += 2) {
      const place = { id: rows[i] as string, receivedAt: Number(rows[i + 1]) };
      if (behind === undefined || isBehind(behind, place)) places.push(place);
    }
    if (rows.length < 2 * count) break;
  }
  return places.slice(0, count);
}
