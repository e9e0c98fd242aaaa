/** Gives records that an older version wrote their places in the indexes that this one searches. */

import type { OperatorScripts } from "./operator-scripts.ts";
import { indexed } from "./prune.ts";
import type { RedisAccess } from "./search.ts";
import { packed } from "./terms.ts";

const STEP = 500;

/**
 * Walks all records once. It may be cut off and begun again, or run in two processes at once: a record that has its
 * places is left alone. About 10 s for 100,000 records.
 */
export async function adoptRedis(access: RedisAccess, scripts: OperatorScripts): Promise<void> {
  const { redis, keys, ask } = access;
  let cursor = "0";
  do {
    const [next, found] = await ask(redis.zscan(keys.index, cursor, "COUNT", STEP));
    cursor = next;
    const ids = found.filter((_, i) => i % 2 === 0);
    const read = await indexed(access, ids);
    await Promise.all(
      ids.map((id, i) => {
        const [first, ...others] = read[i]?.terms ?? [];
        if (first === undefined) return undefined;
        return ask(scripts.adopt([keys.record(id)], [id, first, packed(others)]));
      }),
    );
  } while (cursor !== "0");
}
