/** What people did, in the Redis ledger: a stream. */

import type { Act, Page } from "../../../core/ledger.ts";
import { cleanAct, refuseCursor } from "../acts.ts";
import { pageSize } from "../page.ts";
import type { RedisAccess } from "./search.ts";

export async function recordRedis({ redis, keys, ask }: RedisAccess, act: Act): Promise<void> {
  await ask(redis.xadd(keys.acts, "*", "act", JSON.stringify(cleanAct(act))));
}

export async function actsRedis(
  { redis, keys, ask }: RedisAccess,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<Act>> {
  const limit = pageSize(page.limit);
  if (page.cursor !== undefined && !/^\d{1,19}-\d{1,19}$/.test(page.cursor)) refuseCursor();
  const from = page.cursor === undefined ? "+" : `(${page.cursor}`;
  // One more than asked for tells whether there is a next page.
  const rows = await ask(redis.xrevrange(keys.acts, from, "-", "COUNT", limit + 1));
  const items = rows.slice(0, limit).map(([, fields]) => JSON.parse(fields[1] ?? "") as Act);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items, ...(last !== undefined && { next: last[0] }) };
}
