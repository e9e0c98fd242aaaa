/** What people did, in the SQL ledger. */

import type { Act, Page } from "../../../core/ledger.ts";
import type { SqlClient } from "../../../core/sql.ts";
import { cleanAct, refuseCursor } from "../acts.ts";
import { pageSize } from "../page.ts";

export async function recordSql(client: SqlClient, act: Act): Promise<void> {
  await client.query("INSERT INTO sluice.act (body) VALUES ($1)", [JSON.stringify(cleanAct(act))]);
}

export async function actsSql(
  client: SqlClient,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<Act>> {
  const limit = pageSize(page.limit);
  if (page.cursor !== undefined && !/^\d{1,18}$/.test(page.cursor)) refuseCursor();
  const behind = page.cursor === undefined ? "" : "WHERE seq < $1::bigint";
  // One more than asked for tells whether there is a next page.
  const rows = await client.query<{ seq: number | string; body: string }>(
    `SELECT seq, body FROM sluice.act ${behind} ORDER BY seq DESC LIMIT ${limit + 1}`,
    page.cursor === undefined ? [] : [page.cursor],
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const items = rows.slice(0, limit).map(({ body }) => JSON.parse(body) as Act);
  return { items, ...(last !== undefined && { next: String(last.seq) }) };
}
