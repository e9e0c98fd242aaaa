/** Whether a database that was full has room again: its disk is asked for some, and given it back. */

import type { Sql } from "../../../core/sql.ts";

/**
 * Sorts more than memory may hold, so that the server writes it beside the database's tables: what has no room for that
 * has none for a delivery. A row that is changed in place would tell nothing, and one that is added would stay.
 *
 * @throws SluiceError SLUICE_STORE_FULL while there is none.
 */
export async function askForRoom(sql: Sql): Promise<void> {
  await sql.transaction(async (client) => {
    await client.query("SELECT set_config('work_mem', '64kB', true)");
    await client.query(SORT);
  });
}

/** About 256 KiB: a delivery with its decisions, several times over. */
const SORT = `
SELECT count(text) FROM (
  SELECT repeat(md5(i::text), 32) AS text FROM generate_series(1, 256) AS i ORDER BY text OFFSET 0
) AS sorted`;
