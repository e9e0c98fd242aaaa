/** Decisions that were made late, in the SQL ledger. */

import type { LateDecision } from "../../../core/decision.ts";
import { fault } from "../../../core/errors.ts";
import type { Sql } from "../../../core/sql.ts";
import { failureOf } from "../cause.ts";
import { decodeDecisions, encodeDecisions } from "../codec.ts";
import { lateChange } from "../late.ts";
import { failedOf, lineOf, triggersOf } from "../record.ts";
import { jobStates, type SummaryRow } from "./rows.ts";

type Row = Pick<SummaryRow, "job_ids" | "job_states"> & { readonly decisions: Uint8Array | null };

const READ = "SELECT decisions, job_ids, job_states FROM sluice.delivery WHERE id = $1 FOR UPDATE";

/** $1 id, $2 said, $3 failed, $4 decisions, $5 job ids, $6 their states, $7 failure, $8 triggers. */
const WRITE = `
WITH written AS (
  UPDATE sluice.delivery
  SET said = $2, failed = $3::integer, decisions = $4::bytea, job_ids = $5::text[], job_states = $6::text[], failure = $7
  WHERE id = $1
  RETURNING id, received_at
)
INSERT INTO sluice.fired SELECT f.trigger, w.received_at, w.id FROM written AS w, unnest($8::text[]) AS f (trigger)
ON CONFLICT DO NOTHING`;

/** The row is locked while it is read and written, so that neither a try of a job nor another worker is overwritten. */
export function decideLateSql(sql: Sql, id: string, late: readonly LateDecision[]): Promise<void> {
  return sql.transaction(async (client) => {
    const [row] = await client.query<Row>(READ, [id]);
    if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    if (row.decisions === null) return;
    const change = lateChange(id, decodeDecisions(row.decisions), late);
    if (change === undefined) return;
    const { decisions, added, settled } = change;
    const jobs = [
      ...jobStates(row).filter((job) => job.id !== settled),
      ...added.map((job) => ({ id: job, state: "pending" })),
    ];
    await client.query(WRITE, [
      ...[id, lineOf(decisions), failedOf(decisions), encodeDecisions(decisions)],
      ...[jobs.map((job) => job.id), jobs.map(({ state }) => state), failureOf(decisions)],
      triggersOf(decisions),
    ]);
  });
}
