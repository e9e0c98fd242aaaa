/** Reading the embedded ledger: records, requests, pending work, and what it counts along the way. */

import type { ObjectName } from "../../../core/delivery.ts";
import type { Attempt, Run } from "../../../core/job.ts";
import type { DeliveryRecord, PendingWork } from "../../../core/ledger.ts";
import type { RunProgress } from "../../../core/progress.ts";
import { EACH, listOf, type SqliteDatabase } from "../../../core/sqlite.ts";
import { decodeDecisions, decodeHead } from "../codec.ts";
import { cursorOf, pageSize, placeOf, wholeMs } from "../page.ts";
import { byJob, pendingOf, recordOf, workOf } from "../record.ts";
import type { Signed } from "../sealed.ts";
import { notPruned, PRUNED, unprovedTotal } from "../totals.ts";
import {
  type DeliveryRow,
  jobsIn,
  placedOf,
  reopenedIn,
  SUMMARY,
  type SummaryRow,
  storedOf,
} from "./rows.ts";
import type { PageOf } from "./search.ts";

export function find(db: SqliteDatabase, id: string): DeliveryRecord | undefined {
  const row = db.get<SummaryRow>(`SELECT ${SUMMARY} FROM delivery AS d WHERE d.id = ?`, id);
  const content = db.get<{ head: Uint8Array; decisions: Uint8Array | null }>(
    "SELECT head, decisions FROM content WHERE id = ?",
    id,
  );
  if (row === undefined || content === undefined) return undefined;
  const attempts = db.all<{ job: string; body: string }>(
    "SELECT job, body FROM attempt WHERE delivery = ?",
    id,
  );
  const runs = db.all<{ job: string; name: string; body: string; progress: string | null }>(
    "SELECT job, name, body, progress FROM run WHERE delivery = ? ORDER BY seq",
    id,
  );
  const progress = runs.flatMap(({ name, progress }) =>
    progress === null ? [] : [[name, JSON.parse(progress) as RunProgress] as const],
  );
  return recordOf(storedOf(row), {
    head: decodeHead(content.head),
    decisions: content.decisions === null ? [] : decodeDecisions(content.decisions),
    attempts: byJob<Attempt>(attempts.map(({ job, body }) => [job, body])),
    runs: byJob<Run>(runs.map(({ job, body }) => [job, body])),
    progress: new Map(progress),
    reopened: reopenedIn(row),
  });
}

/** A request as it is stored, with what is signed beside it. */
export interface StoredRequest {
  readonly facts: Signed;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

export function load(db: SqliteDatabase, id: string): StoredRequest | undefined {
  type Row = Pick<DeliveryRow, "id" | "namespace" | "listener" | "received_at" | "replay_of" | "proof"> & {
    head: Uint8Array;
    body: Uint8Array;
  };
  const row = db.get<Row>(
    `SELECT d.id, namespace, listener, received_at, replay_of, proof, head, body
    FROM delivery AS d JOIN content AS c ON c.id = d.id WHERE d.id = ? AND body IS NOT NULL`,
    id,
  );
  if (row === undefined) return undefined;
  const { proof, replay_of, head, body } = row;
  return {
    facts: { ...placedOf(row), proof, ...(replay_of !== null && { replayOf: replay_of }) },
    head,
    body,
  };
}

export function pending(db: SqliteDatabase, before: number, page: PageOf): PendingWork {
  const limit = pageSize(page.limit);
  const behind = page.cursor === undefined ? undefined : placeOf(page.cursor);
  const onwards = behind === undefined ? "" : "AND (d.received_at, d.id) > (?, ?)";
  // One more than asked for tells whether there is a next page.
  const rows = db.all<DeliveryRow & { readonly decisions: Uint8Array | null }>(
    `SELECT d.*, c.decisions FROM delivery AS d JOIN content AS c ON c.id = d.id
    WHERE d.outcome = 'pending' AND d.received_at < ? ${onwards} ORDER BY d.received_at, d.id LIMIT ?`,
    ...[wholeMs(before) ?? 0, ...(behind === undefined ? [] : [behind.receivedAt, behind.id]), limit + 1],
  );
  const seen = rows.slice(0, limit).map((row) => {
    const place = placedOf(row);
    const decisions = row.decisions === null ? undefined : decodeDecisions(row.decisions);
    return { place, work: pendingOf(place, jobsIn(row), decisions, reopenedIn(row)) };
  });
  const last = rows.length > limit ? seen.at(-1) : undefined;
  return workOf(
    seen.map(({ work }) => work),
    last && cursorOf(last.place),
  );
}

export function total(db: SqliteDatabase, name: string): number | undefined {
  return db.get<{ count: number }>("SELECT count FROM total WHERE name = ?", name)?.count;
}

export function usage(db: SqliteDatabase, listener: ObjectName | undefined) {
  const unproved = listener === undefined ? 0 : (total(db, unprovedTotal(listener)) ?? 0);
  return { bytes: total(db, "bytes") ?? 0, unproved };
}

export function missing(db: SqliteDatabase, ids: readonly string[]): readonly string[] {
  const known = new Set(
    db.all<{ id: string }>(`SELECT id FROM delivery WHERE id IN (${EACH})`, listOf(ids)).map(({ id }) => id),
  );
  const unknown = ids.filter((id) => !known.has(id));
  return unknown.length === 0 ? [] : notPruned(unknown, total(db, PRUNED) ?? 0);
}
