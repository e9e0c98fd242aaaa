/** Refusals in the Redis ledger: a list for each listener, so that a flood to one hides nothing of another. */

import { REFUSALS_KEPT, REFUSALS_KEPT_MS, type Refusal, type RefusalFilter } from "../../../core/refusal.ts";
import { cleanRefusal, isWanted, latestFirst, oldestKept } from "../refusals.ts";
import type { RedisAccess } from "./search.ts";
import { answers } from "./search.ts";

/** Listeners that are looked through: those to which something was refused last. */
const LISTENERS = 1_000;

const nameOf = ({ listener: { namespace, name } }: Refusal): string => `${namespace}/${name}`;

export async function keepRefusedRedis(
  { redis, keys, ask }: RedisAccess,
  refusals: readonly Refusal[],
): Promise<void> {
  if (refusals.length === 0) return;
  const writing = redis.multi();
  for (const [name, own] of Map.groupBy(refusals.map(cleanRefusal), nameOf)) {
    const list = keys.refusedOf(name);
    const last = Math.max(...own.map(({ lastAt }) => lastAt));
    writing.lpush(list, ...own.map((one) => JSON.stringify(one)));
    writing.ltrim(list, 0, REFUSALS_KEPT - 1);
    writing.pexpire(list, REFUSALS_KEPT_MS);
    writing.zadd(keys.refused, last, name);
    writing.zremrangebyscore(keys.refused, "-inf", oldestKept(last));
  }
  answers(await ask(writing.exec()));
}

export async function refusedRedis(
  { redis, keys, ask }: RedisAccess,
  filter: RefusalFilter,
  limit: number,
): Promise<readonly Refusal[]> {
  const names = await ask(redis.zrevrange(keys.refused, 0, LISTENERS - 1));
  const reading = redis.pipeline();
  for (const name of names) reading.lrange(keys.refusedOf(name), 0, REFUSALS_KEPT - 1);
  const lists = answers<readonly string[]>(await ask(reading.exec()));
  const found = lists.flat().map((text) => JSON.parse(text) as Refusal);
  return found
    .filter((one) => isWanted(one, filter))
    .sort(latestFirst)
    .slice(0, limit);
}
