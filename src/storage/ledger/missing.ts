/** Which of some acknowledged deliveries a ledger does not know, though nobody let it forget them. */

import { fault } from "../../core/errors.ts";
import type { SqlClient } from "../../core/sql.ts";
import type { RedisAccess } from "./redis/search.ts";
import { answers } from "./redis/search.ts";
import { notPruned, PRUNED } from "./totals.ts";

/** All of them are asked for with one command; each by itself only where one is missing. */
export async function missingRedis(
  { redis, keys, ask }: RedisAccess,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  if ((await ask(redis.exists(...ids.map(keys.record)))) === new Set(ids).size) return [];
  const looking = redis.pipeline();
  for (const id of ids) looking.exists(keys.record(id), keys.forgotten(id));
  const found = answers<number>(await ask(looking.exec()));
  const pruned = Number((await ask(redis.hget(keys.totals, PRUNED))) ?? 0);
  return notPruned(
    ids.filter((_, i) => found[i] === 0),
    pruned,
  );
}

export async function missingSql(client: SqlClient, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await client.query<{ id: string }>(
    `SELECT id FROM unnest($1::text[]) AS asked (id)
    WHERE NOT EXISTS (SELECT FROM sluice.delivery AS d WHERE d.id = asked.id)`,
    [ids],
  );
  if (rows.length === 0) return [];
  const [row] = await client.query<{ pruned: number | string | null }>(
    "SELECT max(count) AS pruned FROM sluice.total WHERE outcome = $1",
    [PRUNED],
  );
  if (row === undefined) throw fault("SLUICE_STORE_AWAY", { reason: "it gave no answer" });
  return notPruned(
    rows.map(({ id }) => id),
    Number(row.pruned ?? 0),
  );
}
