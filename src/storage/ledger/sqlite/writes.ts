/** Writing deliveries and decisions into the embedded ledger: read the row, apply the rule, write. */

import type { LateDecision } from "../../../core/decision.ts";
import { fault } from "../../../core/errors.ts";
import type { AcceptResult, Outcome } from "../../../core/ledger.ts";
import type { SqliteDatabase } from "../../../core/sqlite.ts";
import { decodeDecisions } from "../codec.ts";
import { lateChange } from "../late.ts";
import type { Facts, JobState } from "../record.ts";
import {
  addBytes,
  addTotal,
  type Decided,
  decidedOf,
  jobsIn,
  jobsText,
  moveOutcome,
  outcomeIn,
  rowOf,
} from "./rows.ts";

/** A delivery as it is accepted. */
export interface Entry {
  readonly facts: Facts;
  readonly head: Uint8Array;
  /** Null where it is not kept. */
  readonly body: Uint8Array | null;
  /** Undefined while a worker has still to decide. */
  readonly decided: Decided | undefined;
}

/** Times in milliseconds: now, since the epoch; and for how long a claim counts. */
export interface ClaimTime {
  readonly now: number;
  readonly window: number;
}

interface Holder {
  readonly id: string;
  readonly outcome: Outcome | undefined;
}

/**
 * Claims a key for a delivery, where nobody holds it: where the holder's claim is too old, the holder was filtered in the
 * end, or its record is gone, the next one takes it.
 */
export function claim(db: SqliteDatabase, id: string, key: string, { now, window }: ClaimTime): Holder {
  const held = db.get<{ delivery: string; at: number; gone: Outcome | null; outcome: Outcome | null }>(
    `SELECT c.delivery, c.at, c.outcome AS gone, coalesce(c.outcome, d.outcome) AS outcome
    FROM claim AS c LEFT JOIN delivery AS d ON d.id = c.delivery WHERE c.key = ?`,
    key,
  );
  const counts = held !== undefined && held.at + window > now && held.outcome !== "filtered";
  if (counts && held.outcome !== null) return { id: held.delivery, outcome: held.outcome };
  if (!counts || held.delivery !== id)
    db.run("INSERT OR REPLACE INTO claim (key, delivery, at, outcome) VALUES (?, ?, ?, NULL)", key, id, now);
  return { id, outcome: undefined };
}

export function accept(
  db: SqliteDatabase,
  entry: Entry,
  key: string | undefined,
  time: ClaimTime,
): AcceptResult {
  const { facts } = entry;
  const holder = key === undefined ? undefined : claim(db, facts.id, key, time);
  const first = holder === undefined || holder.id === facts.id ? undefined : holder;
  // A sender that lost the answer asks again: what is there stays as it is.
  if (db.get("SELECT 1 FROM delivery WHERE id = ?", facts.id) === undefined)
    insert(db, first === undefined ? entry : { ...entry, body: null, decided: undefined }, first?.id);
  if (first === undefined) return { kind: "accepted" };
  const outcome = first.outcome ?? rowOf(db, first.id)?.outcome;
  if (outcome === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id: first.id });
  return { kind: "duplicate", of: first.id, outcome };
}

function insert(db: SqliteDatabase, entry: Entry, duplicateOf: string | undefined): void {
  const { facts, decided, head, body } = entry;
  const jobs = pending(decided?.work ?? []);
  const said = decided?.said ?? "";
  const failed = decided?.failed ?? 0;
  insertDelivery(db, {
    ...{ facts, duplicateOf, said, tried: "", failed, failure: decided?.failure ?? "", death: "" },
    ...{ dropped: undefined, jobs, reopened: "{}", head, body, decisions: decided?.decisions ?? null },
  });
  fire(db, decided?.triggers ?? [], facts.receivedAt, facts.id);
}

/** All that a new row and its contents hold. */
export interface WholeDelivery {
  readonly facts: Facts;
  readonly duplicateOf: string | undefined;
  readonly said: string;
  readonly tried: string;
  readonly failed: number;
  readonly failure: string;
  readonly death: string;
  readonly dropped: string | undefined;
  readonly jobs: readonly JobState[];
  readonly reopened: string;
  readonly head: Uint8Array;
  readonly body: Uint8Array | null;
  readonly decisions: Uint8Array | null;
}

/** Writes a delivery that is not there yet, and counts it. */
export function insertDelivery(db: SqliteDatabase, whole: WholeDelivery): void {
  const { facts, said, failed, jobs, head, body, decisions } = whole;
  const duplicateOf = whole.duplicateOf ?? null;
  const outcome = outcomeIn({ duplicate_of: duplicateOf, said, failed }, jobs);
  const bytes = head.length + (body?.length ?? 0) + (decisions?.length ?? 0);
  db.run(
    `INSERT INTO delivery (
      id, namespace, listener, received_at, provider, event, provider_id, repository, ref, revision, pull_request, actor,
      proof, size, replay_of, note, duplicate_of, outcome, said, tried, failed, failure, death, dropped, jobs, reopened,
      bytes, has_body
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[
      facts.id,
      facts.listener.namespace,
      facts.listener.name,
      facts.receivedAt,
      facts.provider,
      facts.event,
    ],
    ...[facts.providerId ?? null, facts.repository ?? null, facts.ref ?? null, facts.revision ?? null],
    ...[facts.pullRequest ?? null, facts.actor ?? null, facts.proof, facts.size, facts.replayOf ?? null],
    ...[
      facts.note === undefined ? null : JSON.stringify(facts.note),
      duplicateOf,
      outcome,
      said,
      whole.tried,
    ],
    ...[failed, whole.failure, whole.death, whole.dropped ?? null, jobsText(jobs), whole.reopened, bytes],
    body === null ? 0 : 1,
  );
  // What a record that somebody removed has left behind gives way.
  db.run(
    "INSERT OR REPLACE INTO content (id, head, decisions, body) VALUES (?, ?, ?, ?)",
    ...[facts.id, head, decisions, body],
  );
  addTotal(db, outcome, 1);
  const { namespace, name } = facts.listener;
  addBytes(db, { proof: facts.proof, namespace, listener: name }, bytes);
}

export function fire(db: SqliteDatabase, triggers: readonly string[], at: number, delivery: string): void {
  for (const trigger of triggers)
    db.run(
      "INSERT OR IGNORE INTO fired (trigger, received_at, delivery) VALUES (?, ?, ?)",
      trigger,
      at,
      delivery,
    );
}

const pending = (work: readonly string[]): readonly JobState[] =>
  work.map((id) => ({ id, state: "pending" }));

export function decide(db: SqliteDatabase, id: string, decided: Decided): void {
  const row = rowOf(db, id);
  if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  if (row.outcome === "pending" && row.said === "") put(db, id, decided, pending(decided.work));
}

export function decideLate(db: SqliteDatabase, id: string, late: readonly LateDecision[]): void {
  const row = rowOf(db, id);
  if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  const stored = db.get<{ decisions: Uint8Array | null }>("SELECT decisions FROM content WHERE id = ?", id);
  if (stored == null || stored.decisions === null) return;
  const change = lateChange(id, decodeDecisions(stored.decisions), late);
  if (change === undefined) return;
  const { decisions, added, settled } = change;
  const kept = jobsIn(row).filter((job) => job.id !== settled);
  put(db, id, decidedOf(id, decisions), [...kept, ...pending(added)]);
}

function put(db: SqliteDatabase, id: string, decided: Decided, jobs: readonly JobState[]): void {
  const row = rowOf(db, id);
  const content = db.get<{ length: number }>(
    "SELECT coalesce(length(decisions), 0) AS length FROM content WHERE id = ?",
    id,
  );
  if (row === undefined || content === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  const { said, failed, failure, decisions, triggers } = decided;
  const outcome = outcomeIn({ duplicate_of: row.duplicate_of, said, failed }, jobs);
  const more = decisions.length - content.length;
  db.run(
    "UPDATE delivery SET said = ?, failed = ?, failure = ?, jobs = ?, outcome = ?, bytes = bytes + ? WHERE id = ?",
    ...[said, failed, failure, jobsText(jobs), outcome, more, id],
  );
  db.run("UPDATE content SET decisions = ? WHERE id = ?", decisions, id);
  moveOutcome(db, row.outcome, outcome);
  addBytes(db, row, more);
  fire(db, triggers, row.received_at, id);
}
