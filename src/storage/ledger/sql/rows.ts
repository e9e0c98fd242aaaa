/** Rows of the SQL ledger as stored summaries. */

import type { Outcome } from "../../../core/ledger.ts";
import { RUNS_SHOWN } from "../limits.ts";
import type { Dropped, Facts, JobState, Reopened, ReopenedJobs, StoredSummary } from "../record.ts";

/** Of a big integer: drivers give a number, a text or a bigint. */
export type Big = number | string | bigint;

export interface SummaryRow {
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
  readonly failure: string;
  readonly death: string;
  readonly note: string | null;
  readonly dropped: string | null;
  readonly job_ids: readonly string[];
  readonly job_states: readonly JobState["state"][];
  readonly runs: readonly string[];
}

/** Columns of a {@link SummaryRow} of delivery `d`. */
export const SUMMARY = `d.id, d.namespace, d.listener, d.received_at, d.provider, d.event, d.provider_id, d.repository,
  d.ref, d.revision, d.pull_request, d.actor, d.proof, d.size, d.replay_of, d.duplicate_of, d.outcome, d.said, d.tried,
  d.failure, d.death, d.note, d.dropped, d.job_ids, d.job_states,
  ARRAY(SELECT r.name FROM sluice.run AS r WHERE r.delivery = d.id ORDER BY r.seq LIMIT ${RUNS_SHOWN}) AS runs`;

export function placedOf(row: Pick<SummaryRow, "id" | "namespace" | "listener" | "received_at">): {
  readonly id: string;
  readonly listener: Facts["listener"];
  readonly receivedAt: number;
} {
  const listener = { namespace: row.namespace, name: row.listener };
  return { id: row.id, listener, receivedAt: Number(row.received_at) };
}

export function storedOf(row: SummaryRow): StoredSummary {
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
    ...(row.note !== null && { note: JSON.parse(row.note) as NonNullable<Facts["note"]> }),
  };
  const { outcome, said, tried, failure, death, runs } = row;
  return {
    facts,
    outcome,
    ...(row.duplicate_of !== null && { duplicateOf: row.duplicate_of }),
    ...{ said, tried, jobs: jobStates(row), failure, death },
    ...(row.dropped !== null && { dropped: JSON.parse(row.dropped) as Dropped }),
    runs,
  };
}

export function jobStates(row: Pick<SummaryRow, "job_ids" | "job_states">): readonly JobState[] {
  return row.job_ids.map((id, i) => ({ id, state: row.job_states[i] ?? "pending" }));
}

/** The column `reopened`. */
export function reopenedOf(column: Readonly<Record<string, Reopened>>): ReopenedJobs {
  return new Map(Object.entries(column));
}
