/** Reading the whole embedded ledger, section by section, and putting deliveries and claims of a backup back. */

import type {
  BackupClaim,
  BackupDelivery,
  BackupItem,
  BackupRecord,
  Restored,
} from "../../../core/backup.ts";
import type { Act, Outcome, Page } from "../../../core/ledger.ts";
import type { SqliteDatabase } from "../../../core/sqlite.ts";
import { BACKUP_PLACES, base64, bytesOf, fitting, onwards } from "../backup.ts";
import { decodeDecisions } from "../codec.ts";
import { PAGE_MAX } from "../limits.ts";
import { type Place, placeOf } from "../page.ts";
import { triggersOf } from "../record.ts";
import { insertRun } from "./attempts.ts";
import { batches, seqOf } from "./operator.ts";
import { type DeliveryRow, factsIn, jobsIn, reopenedIn, reopenedText, rowOf } from "./rows.ts";
import { fire, insertDelivery } from "./writes.ts";

export function deliveriesFrom(db: SqliteDatabase, cursor: string): Page<BackupItem> {
  const behind = cursor === "" ? undefined : placeOf(cursor);
  const onward = behind === undefined ? "" : "WHERE (received_at, id) > (?, ?)";
  const looked = db.all<Pick<DeliveryRow, "id" | "received_at" | "bytes">>(
    `SELECT id, received_at, bytes FROM delivery ${onward} ORDER BY received_at, id LIMIT ?`,
    ...[...(behind === undefined ? [] : [behind.receivedAt, behind.id]), BACKUP_PLACES],
  );
  const taken = looked
    .slice(0, fitting(looked.map(({ bytes }) => bytes)))
    .map(({ id, received_at }): Place => ({ id, receivedAt: received_at }));
  return { items: taken.flatMap(({ id }) => deliveryOf(db, id) ?? []), ...onwards(taken, looked.length) };
}

function deliveryOf(db: SqliteDatabase, id: string): BackupDelivery | undefined {
  const row = rowOf(db, id);
  const content = db.get<{ head: Uint8Array; decisions: Uint8Array | null; body: Uint8Array | null }>(
    "SELECT head, decisions, body FROM content WHERE id = ?",
    id,
  );
  if (row === undefined || content === undefined) return undefined;
  const { outcome, said, tried, failed, failure, death } = row;
  const runs = db.all<{
    job: string;
    name: string;
    text: string;
    phase: string | null;
    progress: string | null;
  }>("SELECT job, name, body AS text, phase, progress FROM run WHERE delivery = ? ORDER BY seq", id);
  return {
    type: "delivery",
    ...{ facts: factsIn(row), outcome },
    ...(row.duplicate_of !== null && { duplicateOf: row.duplicate_of }),
    head: base64(content.head),
    ...(content.body !== null && { body: base64(content.body) }),
    ...(content.decisions !== null && { decisions: base64(content.decisions) }),
    ...{ said, tried, failed, failure, death },
    ...(row.dropped !== null && { dropped: row.dropped }),
    jobs: jobsIn(row),
    attempts: db.all(
      "SELECT job, number, body AS text FROM attempt WHERE delivery = ? ORDER BY job, number",
      id,
    ),
    runs: runs.map(({ job, name, text, phase, progress }) => ({
      ...{ job, name, text },
      ...(phase !== null && progress !== null && { phase, progress }),
    })),
    reopened: [...reopenedIn(row)].map(([job, { at, attempts }]) => ({ job, at, attempts })),
  };
}

export function claimsFrom(db: SqliteDatabase, cursor: string): Page<BackupItem> {
  const rows = db.all<{ key: string; delivery: string; at: number; outcome: Outcome | null }>(
    "SELECT key, delivery, at, outcome FROM claim WHERE key > ? ORDER BY key LIMIT ?",
    ...[cursor, PAGE_MAX],
  );
  const items = rows.map(({ key, delivery, at, outcome }) => {
    return { type: "claim" as const, key, delivery, at, ...(outcome !== null && { outcome }) };
  });
  const last = rows.length < PAGE_MAX ? undefined : rows.at(-1);
  return { items, ...(last !== undefined && { next: last.key }) };
}

export function actsFrom(db: SqliteDatabase, cursor: string): Page<BackupItem> {
  const rows = db.all<{ seq: number; body: string }>(
    "SELECT seq, body FROM act WHERE seq > ? ORDER BY seq LIMIT ?",
    ...[cursor === "" ? 0 : seqOf(cursor), PAGE_MAX],
  );
  const items = rows.map(({ body }) => ({ type: "act" as const, act: JSON.parse(body) as Act }));
  const last = rows.length < PAGE_MAX ? undefined : rows.at(-1);
  return { items, ...(last !== undefined && { next: String(last.seq) }) };
}

export function batchesFrom(db: SqliteDatabase): Page<BackupItem> {
  return {
    items: batches(db)
      .toReversed()
      .map((batch) => ({ type: "batch" as const, batch })),
  };
}

export function restore(db: SqliteDatabase, item: BackupRecord): keyof Restored {
  if (item.type === "claim") return restoreClaim(db, item);
  const { facts } = item;
  if (rowOf(db, facts.id) !== undefined) return "known";
  const decisions = item.decisions === undefined ? null : bytesOf(item.decisions);
  const { said, tried, failed, failure, death, dropped, duplicateOf, jobs } = item;
  insertDelivery(db, {
    ...{ facts, duplicateOf, said, tried, failed, failure, death, dropped, jobs, decisions },
    reopened: reopenedText(new Map(item.reopened.map(({ job, at, attempts }) => [job, { at, attempts }]))),
    head: bytesOf(item.head),
    body: item.body === undefined ? null : bytesOf(item.body),
  });
  for (const { job, number, text } of item.attempts)
    db.run(
      "INSERT OR IGNORE INTO attempt (delivery, job, number, body) VALUES (?, ?, ?, ?)",
      facts.id,
      job,
      number,
      text,
    );
  for (const run of item.runs) insertRun(db, { ...run, delivery: facts.id });
  if (decisions !== null) fire(db, triggersOf(decodeDecisions(decisions)), facts.receivedAt, facts.id);
  return "added";
}

/** A claim counts only for a delivery that is there, or known to be forgotten. */
function restoreClaim(db: SqliteDatabase, { key, delivery, at, outcome }: BackupClaim): keyof Restored {
  const isHere = rowOf(db, delivery) !== undefined;
  if (!isHere && outcome === undefined) return "void";
  const added = db.run(
    "INSERT OR IGNORE INTO claim (key, delivery, at, outcome) VALUES (?, ?, ?, ?)",
    ...[key, delivery, at, isHere ? null : (outcome ?? null)],
  );
  return added > 0 ? "added" : "known";
}
