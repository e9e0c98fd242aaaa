/** Refusals in the SQL ledger: of each listener the latest. */

import { REFUSALS_KEPT, type Refusal, type RefusalFilter } from "../../../core/refusal.ts";
import type { Sql, SqlClient } from "../../../core/sql.ts";
import { bareName, fullName } from "../named.ts";
import { cleanRefusal, isWanted, latestFirst, oldestKept } from "../refusals.ts";

export function keepRefusedSql(sql: Sql, refusals: readonly Refusal[]): Promise<void> {
  const kept = refusals.map(cleanRefusal);
  if (kept.length === 0) return Promise.resolve();
  const namespaces = kept.map(({ listener }) => listener.namespace);
  const names = kept.map(({ listener }) => listener.name);
  const times = kept.map(({ lastAt }) => lastAt);
  const bodies = kept.map((one) => JSON.stringify(one));
  return sql.transaction(async (client) => {
    await client.query(
      `INSERT INTO sluice.refused (namespace, listener, at, body)
      SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])`,
      [namespaces, names, times, bodies],
    );
    await client.query(
      `DELETE FROM sluice.refused WHERE at < $3::bigint OR seq IN (
        SELECT seq FROM (
          SELECT seq, row_number() OVER (PARTITION BY namespace, listener ORDER BY seq DESC) AS place
          FROM sluice.refused WHERE (namespace, listener) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        ) AS r WHERE place > ${REFUSALS_KEPT}
      )`,
      [namespaces, names, oldestKept(Math.max(...times))],
    );
  });
}

export async function refusedSql(
  client: SqlClient,
  filter: RefusalFilter,
  limit: number,
): Promise<readonly Refusal[]> {
  const full = fullName(filter.listener);
  const name = filter.listener === undefined ? null : bareName(filter.listener);
  const rows = await client.query<{ body: string }>(
    `SELECT body FROM sluice.refused
    WHERE ($1::text IS NULL OR namespace = $1) AND ($2::text IS NULL OR listener = $2) AND at >= $3::bigint
    ORDER BY at DESC`,
    [full?.namespace ?? filter.namespace ?? null, name, Math.ceil(filter.since ?? 0)],
  );
  const found = rows.map(({ body }) => JSON.parse(body) as Refusal);
  return found
    .filter((one) => isWanted(one, filter))
    .sort(latestFirst)
    .slice(0, limit);
}
