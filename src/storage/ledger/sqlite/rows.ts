/** Rows of the embedded ledger as stored summaries, and what of a row changes when work on it goes on. */

import type { Decision } from "../../../core/decision.ts";
import type { Outcome } from "../../../core/ledger.ts";
import type { SqliteDatabase } from "../../../core/sqlite.ts";
import { derivedOutcome } from "../backup.ts";
import { failureOf } from "../cause.ts";
import { encodeDecisions } from "../codec.ts";
import { RUNS_SHOWN } from "../limits.ts";
import type { Dropped, Facts, JobState, Reopened, ReopenedJobs, StoredSummary } from "../record.ts";
import { failedOf, lineOf, triggersOf, workIdsOf } from "../record.ts";
import { unprovedTotal } from "../totals.ts";

/** A row of the table `delivery`. */
export interface DeliveryRow {
  readonly id: string;
  readonly namespace: string;
  readonly listener: string;
  readonly received_at: number;
  readonly provider: string;
  readonly event: string;
  readonly provider_id: string | null;
  readonly repository: string | null;
  readonly ref: string | null;
  readonly revision: string | null;
  readonly pull_request: number | null;
  readonly actor: string | null;
  readonly proof: string;
  readonly size: number;
  readonly replay_of: string | null;
  readonly note: string | null;
  readonly duplicate_of: string | null;
  readonly outcome: Outcome;
  readonly said: string;
  readonly tried: string;
  readonly failed: number;
  readonly failure: string;
  readonly death: string;
  readonly dropped: string | null;
  readonly jobs: string;
  readonly reopened: string;
  readonly bytes: number;
  readonly has_body: number;
}

/** With the names of its runs, as JSON. */
export interface SummaryRow extends DeliveryRow {
  readonly runs: string;
}

/** Columns of a {@link SummaryRow} of delivery `d`. */
export const SUMMARY = `d.*, (SELECT json_group_array(name) FROM (
  SELECT name FROM run WHERE delivery = d.id ORDER BY seq LIMIT ${RUNS_SHOWN}
)) AS runs`;

/** What decisions come to, as columns; made outside of the database's thread. */
export interface Decided {
  readonly said: string;
  readonly failed: number;
  readonly failure: string;
  readonly decisions: Uint8Array;
  /** Ids of the work that they ask for. */
  readonly work: readonly string[];
  readonly triggers: readonly string[];
}

export function decidedOf(delivery: string, decisions: readonly Decision[]): Decided {
  return {
    said: lineOf(decisions),
    failed: failedOf(decisions),
    failure: failureOf(decisions),
    decisions: encodeDecisions(decisions),
    work: workIdsOf(delivery, decisions),
    triggers: triggersOf(decisions),
  };
}

export function rowOf(db: SqliteDatabase, id: string): DeliveryRow | undefined {
  return db.get<DeliveryRow>("SELECT * FROM delivery WHERE id = ?", id);
}

export function jobsIn({ jobs }: Pick<DeliveryRow, "jobs">): readonly JobState[] {
  const pairs = JSON.parse(jobs) as readonly (readonly [string, JobState["state"]])[];
  return pairs.map(([id, state]) => ({ id, state }));
}

export function jobsText(jobs: readonly JobState[]): string {
  return JSON.stringify(jobs.map(({ id, state }) => [id, state]));
}

export function reopenedIn({ reopened }: Pick<DeliveryRow, "reopened">): ReopenedJobs {
  return new Map(Object.entries(JSON.parse(reopened) as Readonly<Record<string, Reopened>>));
}

export function reopenedText(reopened: ReopenedJobs): string {
  return JSON.stringify(Object.fromEntries(reopened));
}

/** The class that a row's own columns tell. */
export function outcomeIn(
  { duplicate_of, said, failed }: Pick<DeliveryRow, "duplicate_of" | "said" | "failed">,
  jobs: readonly JobState[],
): Outcome {
  return derivedOutcome({ ...(duplicate_of !== null && { duplicateOf: duplicate_of }), said, failed, jobs });
}

export function placedOf(row: Pick<DeliveryRow, "id" | "namespace" | "listener" | "received_at">) {
  const listener = { namespace: row.namespace, name: row.listener };
  return { id: row.id, listener, receivedAt: row.received_at };
}

export function factsIn(row: DeliveryRow): Facts {
  return {
    ...placedOf(row),
    provider: row.provider,
    event: row.event,
    ...(row.provider_id !== null && { providerId: row.provider_id }),
    ...(row.repository !== null && { repository: row.repository }),
    ...(row.ref !== null && { ref: row.ref }),
    ...(row.revision !== null && { revision: row.revision }),
    ...(row.pull_request !== null && { pullRequest: row.pull_request }),
    ...(row.actor !== null && { actor: row.actor }),
    proof: row.proof,
    size: row.size,
    ...(row.replay_of !== null && { replayOf: row.replay_of }),
    ...(row.note !== null && { note: JSON.parse(row.note) as NonNullable<Facts["note"]> }),
  };
}

export function storedOf(row: SummaryRow): StoredSummary {
  const { outcome, said, tried, failure, death } = row;
  return {
    facts: factsIn(row),
    outcome,
    ...(row.duplicate_of !== null && { duplicateOf: row.duplicate_of }),
    ...{ said, tried, jobs: jobsIn(row), failure, death },
    ...(row.dropped !== null && { dropped: JSON.parse(row.dropped) as Dropped }),
    runs: JSON.parse(row.runs) as readonly string[],
  };
}

/** Counts `change` more under a name. */
export function addTotal(db: SqliteDatabase, name: string, change: number): void {
  if (change === 0) return;
  db.run(
    "INSERT INTO total (name, count) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count",
    name,
    change,
  );
}

/** Bytes that are kept of a delivery, or no longer. */
export function addBytes(
  db: SqliteDatabase,
  { proof, namespace, listener }: Pick<DeliveryRow, "proof" | "namespace" | "listener">,
  change: number,
): void {
  addTotal(db, "bytes", change);
  if (proof === "none") addTotal(db, unprovedTotal({ namespace, name: listener }), change);
}

export function moveOutcome(db: SqliteDatabase, from: Outcome, to: Outcome): void {
  if (from === to) return;
  addTotal(db, from, -1);
  addTotal(db, to, 1);
}
