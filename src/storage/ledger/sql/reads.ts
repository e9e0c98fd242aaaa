/** Reading the SQL ledger: rows into records, requests and pending work. */

import type { Attempt, Run } from "../../../core/job.ts";
import type { DeliveryRecord, PendingWork, StoredDelivery } from "../../../core/ledger.ts";
import type { RunProgress } from "../../../core/progress.ts";
import type { SqlClient } from "../../../core/sql.ts";
import { decodeDecisions, decodeHead } from "../codec.ts";
import { cursorOf, pageSize, placeOf, wholeMs } from "../page.ts";
import type { Reopened } from "../record.ts";
import { byJob, pendingOf, recordOf, workOf } from "../record.ts";
import type { Seals } from "../sealed.ts";
import type { SummaryRow } from "./rows.ts";
import { jobStates, placedOf, reopenedOf, SUMMARY, storedOf } from "./rows.ts";

interface DetailRow extends SummaryRow {
  readonly head: Uint8Array;
  readonly decisions: Uint8Array | null;
  readonly reopened: Readonly<Record<string, Reopened>>;
  /** Pairs of job and JSON, one behind the other. */
  readonly attempts: readonly string[];
  readonly made: readonly string[];
  /** Pairs of a run's name and JSON. */
  readonly progress: readonly string[];
}

const FIND = `SELECT ${SUMMARY}, d.head, d.decisions, d.reopened,
  ARRAY(SELECT unnest(ARRAY[a.job, a.body]) FROM sluice.attempt AS a WHERE a.delivery = d.id) AS attempts,
  ARRAY(SELECT unnest(ARRAY[r.job, r.body])
        FROM (SELECT job, body FROM sluice.run WHERE delivery = d.id ORDER BY seq) AS r) AS made,
  ARRAY(SELECT unnest(ARRAY[r.name, r.progress]) FROM sluice.run AS r
        WHERE r.delivery = d.id AND r.progress IS NOT NULL) AS progress
  FROM sluice.delivery AS d WHERE d.id = $1`;

export async function findSql(client: SqlClient, id: string): Promise<DeliveryRecord | undefined> {
  const [row] = await client.query<DetailRow>(FIND, [id]);
  if (row === undefined) return undefined;
  return recordOf(storedOf(row), {
    head: decodeHead(row.head),
    decisions: row.decisions === null ? [] : decodeDecisions(row.decisions),
    attempts: byJob<Attempt>(pairs(row.attempts)),
    runs: byJob<Run>(pairs(row.made)),
    progress: new Map(pairs(row.progress).map(([name, json]) => [name, JSON.parse(json) as RunProgress])),
    reopened: reopenedOf(row.reopened),
  });
}

export async function loadSql(
  client: SqlClient,
  id: string,
  seals: Seals,
): Promise<StoredDelivery | undefined> {
  type Row = Pick<DetailRow, "namespace" | "listener" | "received_at" | "replay_of" | "proof" | "head"> & {
    body: Uint8Array;
  };
  const [row] = await client.query<Row>(
    `SELECT namespace, listener, received_at, replay_of, proof, head, body
    FROM sluice.delivery WHERE id = $1 AND body IS NOT NULL`,
    [id],
  );
  if (row === undefined) return undefined;
  const facts = {
    id,
    listener: { namespace: row.namespace, name: row.listener },
    receivedAt: Number(row.received_at),
    proof: row.proof,
    ...(row.replay_of !== null && { replayOf: row.replay_of }),
  };
  return seals.open(facts, row.head, row.body);
}

export async function pendingSql(
  client: SqlClient,
  before: number,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<PendingWork> {
  type Row = Pick<
    DetailRow,
    "id" | "namespace" | "listener" | "received_at" | "decisions" | "reopened" | "job_ids" | "job_states"
  >;
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  const onwards = behind === undefined ? "" : "AND (received_at, id) > ($2::bigint, $3)";
  // One more than asked for tells whether there is a next page.
  const rows = await client.query<Row>(
    `SELECT id, namespace, listener, received_at, decisions, reopened, job_ids, job_states FROM sluice.delivery
    WHERE outcome = 'pending' AND received_at < $1::bigint ${onwards}
    ORDER BY received_at, id LIMIT ${limit + 1}`,
    [wholeMs(before), ...(behind === undefined ? [] : [behind.receivedAt, behind.id])],
  );
  const seen = rows.slice(0, limit).map((row) => {
    const place = placedOf(row);
    const decisions = row.decisions === null ? undefined : decodeDecisions(row.decisions);
    return { place, work: pendingOf(place, jobStates(row), decisions, reopenedOf(row.reopened)) };
  });
  const last = rows.length > limit ? seen.at(-1) : undefined;
  return workOf(
    seen.map(({ work }) => work),
    last && cursorOf(last.place),
  );
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] as string,
    flat[2 * i + 1] as string,
  ]);
}
