/** Reading the SQL ledger: rows into summaries, records, pages and pending work. */

import type { Delivery } from "../core/delivery.ts";
import type { Attempt, Run } from "../core/job.ts";
import type {
  DeliveryFilter,
  DeliveryRecord,
  DeliverySummary,
  Outcome,
  Page,
  PendingWork,
} from "../core/ledger.ts";
import type { SqlClient } from "../core/sql.ts";
import { decode, decodeDecisions, decodeHead } from "./codec.ts";
import { RUNS_SHOWN } from "./limits.ts";
import { cleanFilter, cursorOf, pageSize, placeOf } from "./page.ts";
import type { Facts, JobState, StoredSummary } from "./record.ts";
import { byJob, pendingOf, recordOf, summaryOf, workOf } from "./record.ts";

/** Of a big integer: drivers give a number, a text or a bigint. */
type Big = number | string | bigint;

interface SummaryRow {
  readonly id: string;
  readonly namespace: string;
  readonly listener: string;
  readonly received_at: Big;
  readonly provider: string;
  readonly event: string;
  readonly provider_id: string | null;
  readonly repository: string | null;
  readonly ref: string | null;
  readonly revision: string | null;
  readonly pull_request: Big | null;
  readonly actor: string | null;
  readonly proof: string;
  readonly size: Big;
  readonly replay_of: string | null;
  readonly duplicate_of: string | null;
  readonly outcome: Outcome;
  readonly said: string;
  readonly tried: string;
  readonly job_ids: readonly string[];
  readonly job_states: readonly JobState["state"][];
  readonly runs: readonly string[];
}

interface DetailRow extends SummaryRow {
  readonly head: Uint8Array;
  readonly decisions: Uint8Array | null;
  /** Pairs of job and JSON, one behind the other. */
  readonly attempts: readonly string[];
  readonly made: readonly string[];
}

const SUMMARY = `d.id, d.namespace, d.listener, d.received_at, d.provider, d.event, d.provider_id, d.repository, d.ref,
  d.revision, d.pull_request, d.actor, d.proof, d.size, d.replay_of, d.duplicate_of, d.outcome, d.said, d.tried,
  d.job_ids, d.job_states,
  ARRAY(SELECT r.name FROM sluice.run AS r WHERE r.delivery = d.id ORDER BY r.seq LIMIT ${RUNS_SHOWN}) AS runs`;

const FIND = `SELECT ${SUMMARY}, d.head, d.decisions,
  ARRAY(SELECT unnest(ARRAY[a.job, a.body]) FROM sluice.attempt AS a WHERE a.delivery = d.id) AS attempts,
  ARRAY(SELECT unnest(ARRAY[r.job, r.body])
        FROM (SELECT job, body FROM sluice.run WHERE delivery = d.id ORDER BY seq) AS r) AS made
  FROM sluice.delivery AS d WHERE d.id = $1`;

export async function findSql(client: SqlClient, id: string): Promise<DeliveryRecord | undefined> {
  const [row] = await client.query<DetailRow>(FIND, [id]);
  if (row === undefined) return undefined;
  return recordOf(storedOf(row), {
    head: decodeHead(row.head),
    decisions: row.decisions === null ? [] : decodeDecisions(row.decisions),
    attempts: byJob<Attempt>(pairs(row.attempts)),
    runs: byJob<Run>(pairs(row.made)),
  });
}

export async function loadSql(client: SqlClient, id: string): Promise<Delivery | undefined> {
  type Row = Pick<DetailRow, "namespace" | "listener" | "received_at" | "replay_of" | "head"> & {
    body: Uint8Array;
  };
  const [row] = await client.query<Row>(
    `SELECT namespace, listener, received_at, replay_of, head, body
    FROM sluice.delivery WHERE id = $1 AND body IS NOT NULL`,
    [id],
  );
  if (row === undefined) return undefined;
  return {
    id,
    listener: { namespace: row.namespace, name: row.listener },
    receivedAt: Number(row.received_at),
    ...decodeHead(row.head),
    body: decode(row.body),
    ...(row.replay_of !== null && { replayOf: row.replay_of }),
  };
}

export async function listSql(
  client: SqlClient,
  filter: DeliveryFilter,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<DeliverySummary>> {
  const wanted = cleanFilter(filter);
  const limit = pageSize(page.limit);
  const values: unknown[] = [];
  const conditions = ["true"];
  const where = (condition: string, value: unknown) => {
    if (value !== undefined) conditions.push(condition.replace("?", () => `$${values.push(value)}`));
  };
  where("d.outcome = ?", wanted.outcome);
  where("d.namespace = ?", wanted.namespace);
  where("d.listener = ?", wanted.listener);
  where("d.provider = ?", wanted.provider);
  where("d.event = ?", wanted.event);
  where("d.repository = ?", wanted.repository);
  where("d.received_at >= ?::bigint", wholeMs(wanted.since));
  where("d.received_at < ?::bigint", wholeMs(wanted.until));
  if (page.cursor !== undefined) {
    const { receivedAt, id } = placeOf(page.cursor);
    where(`(d.received_at, d.id) < ($${values.push(receivedAt)}::bigint, ?)`, id);
  }
  // One more than asked for tells whether there is a next page.
  const rows = await client.query<SummaryRow>(
    `SELECT ${SUMMARY} FROM sluice.delivery AS d WHERE ${conditions.join(" AND ")}
    ORDER BY d.received_at DESC, d.id DESC LIMIT ${limit + 1}`,
    values,
  );
  const items = rows.slice(0, limit).map((row) => summaryOf(storedOf(row)));
  const last = items.at(-1);
  return { items, ...(rows.length > limit && last !== undefined && { next: cursorOf(last) }) };
}

export async function pendingSql(
  client: SqlClient,
  before: number,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<PendingWork> {
  type Row = Pick<
    DetailRow,
    "id" | "namespace" | "listener" | "received_at" | "decisions" | "job_ids" | "job_states"
  >;
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  const onwards = behind === undefined ? "" : "AND (received_at, id) > ($2::bigint, $3)";
  // One more than asked for tells whether there is a next page.
  const rows = await client.query<Row>(
    `SELECT id, namespace, listener, received_at, decisions, job_ids, job_states FROM sluice.delivery
    WHERE outcome = 'pending' AND received_at < $1::bigint ${onwards}
    ORDER BY received_at, id LIMIT ${limit + 1}`,
    [wholeMs(before), ...(behind === undefined ? [] : [behind.receivedAt, behind.id])],
  );
  const seen = rows.slice(0, limit).map((row) => {
    const place = placedOf(row);
    const decisions = row.decisions === null ? undefined : decodeDecisions(row.decisions);
    return { place, work: pendingOf(place, jobStates(row), decisions) };
  });
  const last = rows.length > limit ? seen.at(-1) : undefined;
  return workOf(
    seen.map(({ work }) => work),
    last && cursorOf(last.place),
  );
}

/** A time as the index holds it: `>=` and `<` of whole milliseconds mean the same for the next whole one. */
function wholeMs(time: number | undefined): number | undefined {
  return time === undefined
    ? undefined
    : Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Math.ceil(time)));
}

function placedOf(row: Pick<SummaryRow, "id" | "namespace" | "listener" | "received_at">): {
  readonly id: string;
  readonly listener: Facts["listener"];
  readonly receivedAt: number;
} {
  const listener = { namespace: row.namespace, name: row.listener };
  return { id: row.id, listener, receivedAt: Number(row.received_at) };
}

function storedOf(row: SummaryRow): StoredSummary {
  const facts: Facts = {
    ...placedOf(row),
    provider: row.provider,
    event: row.event,
    ...(row.provider_id !== null && { providerId: row.provider_id }),
    ...(row.repository !== null && { repository: row.repository }),
    ...(row.ref !== null && { ref: row.ref }),
    ...(row.revision !== null && { revision: row.revision }),
    ...(row.pull_request !== null && { pullRequest: Number(row.pull_request) }),
    ...(row.actor !== null && { actor: row.actor }),
    proof: row.proof,
    size: Number(row.size),
    ...(row.replay_of !== null && { replayOf: row.replay_of }),
  };
  const { outcome, said, tried, runs } = row;
  const origin = row.duplicate_of === null ? {} : { duplicateOf: row.duplicate_of };
  return { facts, outcome, ...origin, said, tried, jobs: jobStates(row), runs };
}

function jobStates(row: Pick<SummaryRow, "job_ids" | "job_states">): readonly JobState[] {
  return row.job_ids.map((id, i) => ({ id, state: row.job_states[i] ?? "pending" }));
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] as string,
    flat[2 * i + 1] as string,
  ]);
}
