/** The audit of the SQL ledger: the database counts its rows again, in one snapshot, and compares. */

import { decideJobId } from "../../../core/identity.ts";
import type { Audit, Outcome } from "../../../core/ledger.ts";
import type { Sql, SqlClient } from "../../../core/sql.ts";
import type { Tally } from "../audit.ts";
import { createTally } from "../audit.ts";

/** Rows read in one step. */
const STEP = 5_000;

export function auditSql(sql: Sql): Promise<Audit> {
  return sql.transaction(async (client) => {
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    const tally = createTally();
    await readDeliveries(client, tally);
    await readRuns(client, tally);
    const totals = await client.query<{ outcome: Outcome; count: number | string }>(
      "SELECT outcome, sum(count)::bigint AS count FROM sluice.total GROUP BY outcome",
    );
    tally.compare(new Map(totals.map(({ outcome, count }) => [outcome, Number(count)])));
    return tally.audit();
  });
}

async function readDeliveries(client: SqlClient, tally: Tally): Promise<void> {
  type Row = { id: string; outcome: Outcome; decided: boolean; open: readonly string[] };
  let last = "";
  for (;;) {
    const rows = await client.query<Row>(
      `SELECT id, outcome, said <> '' AS decided,
        ARRAY(SELECT job FROM unnest(job_ids, job_states) AS j (job, state) WHERE state = 'pending') AS open
      FROM sluice.delivery WHERE id > $1 ORDER BY id LIMIT ${STEP}`,
      [last],
    );
    for (const { id, outcome, decided, open } of rows) {
      tally.delivery(outcome);
      if (outcome === "pending" && !decided) tally.pending(decideJobId(id));
      for (const job of open) tally.pending(job);
      last = id;
    }
    if (rows.length < STEP) return;
  }
}

async function readRuns(client: SqlClient, tally: Tally): Promise<void> {
  let last = "0";
  for (;;) {
    const rows = await client.query<{ seq: number | string; name: string; delivery: string }>(
      `SELECT seq, name, delivery FROM sluice.run WHERE seq > $1::bigint ORDER BY seq LIMIT ${STEP}`,
      [last],
    );
    for (const { seq, name, delivery } of rows) {
      tally.run(name, delivery);
      last = String(seq);
    }
    if (rows.length < STEP) return;
  }
}
