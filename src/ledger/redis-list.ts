/** Reading the Redis ledger in order: lists newest first, pending work oldest first. */

import type { Redis } from "ioredis";
import type { DeliveryFilter, DeliverySummary, Ledger, Page } from "../core/ledger.ts";
import { decodeDecisions } from "./codec.ts";
import type { Place } from "./page.ts";
import { cleanFilter, cursorOf, matches, pageSize, placeOf } from "./page.ts";
import type { Ask } from "./patience.ts";
import type { Facts, Pending } from "./record.ts";
import { gather, pendingOf, summaryOf } from "./record.ts";
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
  { redis, keys, ask }: RedisAccess,
  before: number,
  limit: number,
): Promise<Awaited<ReturnType<Ledger["pending"]>>> {
  const count = pageSize(limit);
  const ids = await ask(redis.zrangebyscore(keys.pending, "-inf", `(${before}`, "LIMIT", 0, count));
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmgetBuffer(keys.record(id), "facts", "jobs", "decisions");
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
  return gather(found, count);
}
