/** What became of the SQL ledger's runs. */

import type { Page } from "../../../core/ledger.ts";
import type { Followed, OpenRun, RunName, RunProgress } from "../../../core/progress.ts";
import type { SqlClient } from "../../../core/sql.ts";
import { refuseCursor } from "../acts.ts";
import { followed, openRunOf, progressText } from "../follow.ts";
import { pageSize } from "../page.ts";
import { nameOfRun } from "../record.ts";

/** $1 delivery, $2 name, $3 phase, $4 progress. Returns the phase before, where there is such a run. */
const FOLLOW = `
WITH before AS MATERIALIZED (
  SELECT seq, phase FROM sluice.run WHERE delivery = $1 AND name = $2 FOR UPDATE
), written AS (
  UPDATE sluice.run AS r SET phase = $3::text, progress = $4::text FROM before AS b
  WHERE r.seq = b.seq AND (b.phase IS NULL OR (b.phase = 'running' AND $3 <> 'running'))
)
SELECT coalesce(phase, '') AS phase FROM before`;

export async function followSql(
  client: SqlClient,
  delivery: string,
  run: RunName,
  progress: RunProgress,
): Promise<Followed | undefined> {
  const values = [delivery, nameOfRun(run), progress.phase, progressText(progress)];
  const [row] = await client.query<{ phase: string }>(FOLLOW, values);
  return row === undefined ? undefined : followed(row.phase, progress);
}

export async function runningSql(
  client: SqlClient,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<OpenRun>> {
  const limit = pageSize(page.limit);
  if (page.cursor !== undefined && !/^\d{1,18}$/.test(page.cursor)) refuseCursor();
  const rows = await client.query<{ seq: number | string; delivery: string; name: string }>(
    `SELECT seq, delivery, name FROM sluice.run WHERE phase = 'running' AND seq > $1::bigint
    ORDER BY seq LIMIT ${limit + 1}`,
    [page.cursor ?? "0"],
  );
  const seen = rows.slice(0, limit);
  const last = rows.length > limit ? seen.at(-1) : undefined;
  const items = seen.flatMap(({ delivery, name }) => openRunOf(delivery, name) ?? []);
  return { items, ...(last !== undefined && { next: String(last.seq) }) };
}
