/** Orders of many deliveries, in the Redis ledger: a hash of the latest. */

import type { KeptBatch } from "../../../core/ledger.ts";
import { BATCHES_KEPT } from "../limits.ts";
import type { RedisAccess } from "./search.ts";

export async function keepBatchRedis(access: RedisAccess, batch: KeptBatch): Promise<void> {
  const { redis, keys, ask } = access;
  const added = await ask(redis.hset(keys.batches, batch.id, JSON.stringify(batch)));
  if (added === 0) return;
  const old = (await batchesRedis(access)).slice(BATCHES_KEPT);
  if (old.length > 0) await ask(redis.hdel(keys.batches, ...old.map(({ id }) => id)));
}

export async function batchRedis(
  { redis, keys, ask }: RedisAccess,
  id: string,
): Promise<KeptBatch | undefined> {
  const text = await ask(redis.hget(keys.batches, id));
  return text === null ? undefined : (JSON.parse(text) as KeptBatch);
}

export async function batchesRedis({ redis, keys, ask }: RedisAccess): Promise<readonly KeptBatch[]> {
  const texts = await ask(redis.hvals(keys.batches));
  const kept = texts.map((text) => JSON.parse(text) as KeptBatch);
  return kept.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
}
