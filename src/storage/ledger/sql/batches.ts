/** Orders of many deliveries, in the SQL ledger: a table of the latest. */

import type { KeptBatch } from "../../../core/ledger.ts";
import type { SqlClient } from "../../../core/sql.ts";
import { BATCHES_KEPT } from "../limits.ts";

export async function keepBatchSql(client: SqlClient, { id, at, text }: KeptBatch): Promise<void> {
  await client.query(
    `WITH kept AS (
      INSERT INTO sluice.batch AS b (id, at, body) VALUES ($1, $2::bigint, $3)
      ON CONFLICT (id) DO UPDATE SET body = excluded.body
      RETURNING id
    )
    DELETE FROM sluice.batch WHERE id IN (
      SELECT id FROM sluice.batch WHERE id NOT IN (SELECT id FROM kept)
      ORDER BY at DESC, id DESC OFFSET ${BATCHES_KEPT - 1}
    )`,
    [id, at, text],
  );
}

export async function batchSql(client: SqlClient, id: string): Promise<KeptBatch | undefined> {
  const rows = await client.query<Row>("SELECT id, at, body FROM sluice.batch WHERE id = $1", [id]);
  return rows.map(keptOf)[0];
}

export async function batchesSql(client: SqlClient): Promise<readonly KeptBatch[]> {
  const rows = await client.query<Row>(
    `SELECT id, at, body FROM sluice.batch ORDER BY at DESC, id DESC LIMIT ${BATCHES_KEPT}`,
  );
  return rows.map(keptOf);
}

interface Row {
  readonly id: string;
  readonly at: number | string;
  readonly body: string;
}

const keptOf = ({ id, at, body }: Row): KeptBatch => ({ id, at: Number(at), text: body });
