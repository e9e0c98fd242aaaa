/** The pending work of the Redis ledger, oldest first. */

import type { PendingWork } from "../../../core/ledger.ts";
import { decodeDecisions } from "../codec.ts";
import type { Place } from "../page.ts";
import { cursorOf, pageSize, placeOf } from "../page.ts";
import type { Facts, Pending } from "../record.ts";
import { pendingOf, workOf } from "../record.ts";
import { readJobs, readReopened } from "./keys.ts";
import type { RedisAccess } from "./search.ts";
import { answers, isBehind } from "./search.ts";

export async function pendingRedis(
  access: RedisAccess,
  before: number,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<PendingWork> {
  const { redis, keys, ask } = access;
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  const places = await oldestFirst(access, keys.outcomes.pending, `(${before}`, behind, limit + 1);
  const seen = places.slice(0, limit);
  const pipeline = redis.pipeline();
  for (const { id } of seen) pipeline.hmgetBuffer(keys.record(id), "facts", "jobs", "reopened", "decisions");
  const replies = answers<readonly (Buffer | null)[]>(await ask(pipeline.exec()));
  const found = replies.flatMap(([facts, jobs, reopened, decisions]): readonly Pending[] => {
    if (!facts) return [];
    const of = JSON.parse(facts.toString("utf8")) as Facts;
    const states = readJobs(jobs?.toString("utf8"));
    const decided = decisions ? decodeDecisions(decisions) : undefined;
    return [pendingOf(of, states, decided, readReopened(reopened?.toString("utf8")))];
  });
  const last = places.length > limit ? seen.at(-1) : undefined;
  return workOf(found, last && cursorOf(last));
}

/** At most `count` places of an index, oldest first. @param max the last time, as ZRANGEBYSCORE takes it. */
export async function oldestFirst(
  { redis, ask }: RedisAccess,
  index: string,
  max: string,
  behind: Place | undefined,
  count: number,
): Promise<readonly Place[]> {
  const min = behind === undefined ? "-inf" : behind.receivedAt;
  const places: Place[] = [];
  // The cursor's own millisecond is looked through again: places of one time are ordered by id.
  for (let offset = 0; places.length < count; offset += count) {
    const rows = await ask(redis.zrangebyscore(index, min, max, "WITHSCORES", "LIMIT", offset, count));
    for (let i = 0; i < rows.length; i += 2) {
      const place = { id: rows[i] as string, receivedAt: Number(rows[i + 1]) };
      if (behind === undefined || isBehind(behind, place)) places.push(place);
    }
    if (rows.length < 2 * count) break;
  }
  return places.slice(0, count);
}
