/** How the SQL ledger forgets: rows and counts of a few deliveries go in one transaction. */

import type { Ledger, Outcome } from "../../../core/ledger.ts";
import { OUTCOMES } from "../../../core/ledger.ts";
import type { RetentionPolicy } from "../../../core/retention.ts";
import type { Sql, SqlClient } from "../../../core/sql.ts";
import { DEDUPE_WINDOW_MS } from "../limits.ts";
import { wholeMs } from "../page.ts";
import { type Forgettable, type Forgetter, prune } from "../prune.ts";
import { PRUNED } from "../totals.ts";

const CLASSES = { settled: "d.outcome IN ('created', 'filtered', 'duplicate')", dead: "d.outcome = 'dead'" };

interface Gone {
  readonly id: string;
  readonly received_at: number | string;
  readonly outcome: Outcome;
  readonly bytes: number | string;
}

/** The name of the total that is no count: when retention last looked. */
const LOOKED = "retention looked";

/** $1 now, $2 name. Keeps the time that retention goes by, and returns it: the database's, where that is behind. */
const LOOK = `
INSERT INTO sluice.total AS t (outcome, shard, count)
VALUES ($2, 0, least($1::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint))
ON CONFLICT (outcome, shard) DO UPDATE SET count = excluded.count
RETURNING count`;

/** As {@link Ledger.prune}. */
export async function pruneSql(
  sql: Sql,
  policy: RetentionPolicy,
  now: number,
  limit: number,
): ReturnType<Ledger["prune"]> {
  const [row] = await sql.query<{ count: number | string }>(LOOK, [now, LOOKED]);
  const at = Number(row?.count ?? now);
  return prune(sqlForgetter(sql, at), policy, at, limit);
}

/** As {@link Ledger.highWater}. */
export async function highWaterSql(sql: Sql): Promise<number | undefined> {
  const [row] = await sql.query<{ at: number | string | null }>(
    `SELECT coalesce(
      (SELECT count FROM sluice.total WHERE outcome = $1 AND shard = 0),
      (SELECT received_at FROM sluice.delivery ORDER BY received_at DESC LIMIT 1)
    ) AS at`,
    [LOOKED],
  );
  return row?.at == null ? undefined : Number(row.at);
}

/** @param now milliseconds since the epoch: what is left of a dedupe key's time is counted from here. */
function sqlForgetter(sql: Sql, now: number): Forgetter {
  return {
    forget: (kind, before, atMost) =>
      sql.transaction(async (client) => {
        const old = await oldest(client, kind, before, atMost);
        if (old.length > 0) await forget(client, old, now);
        return old.length;
      }),

    async strip(before, atMost) {
      const rows = await sql.query(
        `UPDATE sluice.delivery SET body = NULL WHERE id IN (
          SELECT id FROM sluice.delivery
          WHERE body IS NOT NULL AND outcome <> 'pending' AND (outcome <> 'dead' OR dropped IS NOT NULL) AND received_at < $1::bigint
          ORDER BY received_at, id LIMIT ${atMost} FOR UPDATE SKIP LOCKED
        ) RETURNING 1 AS one`,
        [wholeMs(before)],
      );
      return rows.length;
    },

    async kept() {
      const rows = await sql.query<{ outcome: string; count: number | string }>(
        "SELECT outcome, sum(count)::bigint AS count FROM sluice.total GROUP BY outcome",
      );
      const totals = new Map(rows.map(({ outcome, count }) => [outcome, Number(count)]));
      const deliveries = OUTCOMES.reduce((sum, outcome) => sum + (totals.get(outcome) ?? 0), 0);
      return { deliveries, bytes: totals.get("bytes") ?? 0 };
    },
  };
}

function oldest(
  client: SqlClient,
  kind: Forgettable,
  before: number,
  atMost: number,
): Promise<readonly Gone[]> {
  return client.query<Gone>(
    `SELECT d.id, d.received_at, d.outcome, d.bytes FROM sluice.delivery AS d
    WHERE ${CLASSES[kind]} AND d.received_at < $1::bigint
    ORDER BY d.received_at, d.id LIMIT ${atMost} FOR UPDATE SKIP LOCKED`,
    [wholeMs(before)],
  );
}

async function forget(client: SqlClient, old: readonly Gone[], now: number): Promise<void> {
  const ids = old.map(({ id }) => id);
  // What is deleted takes its claims with it, so those that still count are cut loose first.
  await client.query(
    `UPDATE sluice.claim AS c SET delivery = NULL, forgotten = d.id, outcome = d.outcome
    FROM sluice.delivery AS d WHERE d.id = c.delivery AND d.id = ANY ($1::text[]) AND c.at + $2::bigint > $3::bigint`,
    [ids, DEDUPE_WINDOW_MS, now],
  );
  await client.query("DELETE FROM sluice.claim WHERE delivery IS NULL AND at + $1::bigint <= $2::bigint", [
    DEDUPE_WINDOW_MS,
    now,
  ]);
  await client.query("DELETE FROM sluice.delivery WHERE id = ANY ($1::text[])", [ids]);
  await client.query(
    `INSERT INTO sluice.total AS t
    SELECT name, 0, change FROM unnest($1::text[], $2::bigint[]) AS c (name, change) ORDER BY name COLLATE "C"
    ON CONFLICT (outcome, shard) DO UPDATE SET count = t.count + excluded.count`,
    columns(changes(old)),
  );
  await client.query(
    `INSERT INTO sluice.total AS t VALUES ($1, 0, $2::bigint)
    ON CONFLICT (outcome, shard) DO UPDATE SET count = greatest(t.count, excluded.count)`,
    [PRUNED, Math.max(...old.map(({ received_at }) => Number(received_at)))],
  );
}

/**
 * What becomes of the totals. They count what is kept; what was forgotten is counted apart. Bytes of unproved deliveries
 * are the database's own to count off.
 */
function changes(old: readonly Gone[]): ReadonlyMap<string, number> {
  const found = new Map([
    ["forgotten", old.length],
    ["bytes", -old.reduce((sum, { bytes }) => sum + Number(bytes), 0)],
  ]);
  for (const { outcome } of old) found.set(outcome, (found.get(outcome) ?? 0) - 1);
  return found;
}

function columns(changed: ReadonlyMap<string, number>): readonly unknown[] {
  return [[...changed.keys()], [...changed.values()]];
}
