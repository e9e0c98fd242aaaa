/** How the embedded ledger forgets: rows and counts of a few deliveries go in one transaction. */

import type { Outcome } from "../../../core/ledger.ts";
import { OUTCOMES } from "../../../core/ledger.ts";
import { EACH, listOf, type SqliteDatabase } from "../../../core/sqlite.ts";
import { DEDUPE_WINDOW_MS } from "../limits.ts";
import { wholeMs } from "../page.ts";
import type { Forgettable } from "../prune.ts";
import { PRUNED } from "../totals.ts";
import { total } from "./reads.ts";
import { addBytes, addTotal, type DeliveryRow } from "./rows.ts";

/** The total that is no count: when retention last looked. */
const LOOKED = "retention looked";

const CLASSES: Readonly<Record<Forgettable, readonly Outcome[]>> = {
  settled: ["created", "filtered", "duplicate"],
  dead: ["dead"],
};

type Gone = Pick<
  DeliveryRow,
  "id" | "received_at" | "outcome" | "bytes" | "proof" | "namespace" | "listener"
>;

/** Keeps the time that retention goes by, and returns it: this machine's, where that is behind. */
export function look(db: SqliteDatabase, now: number): number {
  const at = Math.floor(Math.min(now, Date.now()));
  db.run("INSERT OR REPLACE INTO total (name, count) VALUES (?, ?)", LOOKED, at);
  return at;
}

export function highWater(db: SqliteDatabase): number | undefined {
  return (
    total(db, LOOKED) ??
    db.get<{ at: number }>("SELECT received_at AS at FROM delivery ORDER BY received_at DESC LIMIT 1")?.at
  );
}

/** As Forgetter.forget. @param now milliseconds since the epoch: what is left of a dedupe key's time counts from here. */
export function forget(
  db: SqliteDatabase,
  kind: Forgettable,
  before: number,
  atMost: number,
  now: number,
): number {
  // Each class has its own index; the oldest of all of them are among the oldest of each.
  const old = CLASSES[kind]
    .flatMap((outcome) =>
      db.all<Gone>(
        `SELECT id, received_at, outcome, bytes, proof, namespace, listener FROM delivery
        WHERE outcome = ? AND received_at < ? ORDER BY received_at, id LIMIT ?`,
        ...[outcome, wholeMs(before) ?? 0, atMost],
      ),
    )
    .sort((a, b) => a.received_at - b.received_at || (a.id < b.id ? -1 : 1))
    .slice(0, atMost);
  if (old.length > 0) remove(db, old, now);
  return old.length;
}

function remove(db: SqliteDatabase, old: readonly Gone[], now: number): void {
  const ids = listOf(old.map(({ id }) => id));
  // A key that still counts outlives its delivery, with the outcome.
  db.run(
    `UPDATE claim SET outcome = (SELECT outcome FROM delivery AS d WHERE d.id = claim.delivery)
    WHERE delivery IN (${EACH}) AND outcome IS NULL AND at + ? > ?`,
    ...[ids, DEDUPE_WINDOW_MS, now],
  );
  db.run(`DELETE FROM claim WHERE delivery IN (${EACH}) AND outcome IS NULL`, ids);
  db.run("DELETE FROM claim WHERE outcome IS NOT NULL AND at <= ?", now - DEDUPE_WINDOW_MS);
  for (const table of ["attempt", "run", "fired"])
    db.run(`DELETE FROM ${table} WHERE delivery IN (${EACH})`, ids);
  for (const table of ["content", "delivery"]) db.run(`DELETE FROM ${table} WHERE id IN (${EACH})`, ids);
  for (const gone of old) {
    addTotal(db, gone.outcome, -1);
    addBytes(db, gone, -gone.bytes);
  }
  addTotal(db, "forgotten", old.length);
  const pruned = Math.max(total(db, PRUNED) ?? 0, ...old.map(({ received_at }) => received_at));
  db.run("INSERT OR REPLACE INTO total (name, count) VALUES (?, ?)", PRUNED, pruned);
}

/** As Forgetter.strip. */
export function strip(db: SqliteDatabase, before: number, atMost: number): number {
  const old = db.all<{ id: string }>(
    `SELECT id FROM delivery
    WHERE has_body = 1 AND outcome <> 'pending' AND (outcome <> 'dead' OR dropped IS NOT NULL) AND received_at < ?
    ORDER BY received_at, id LIMIT ?`,
    ...[wholeMs(before) ?? 0, atMost],
  );
  for (const { id } of old) forgetBody(db, id);
  return old.length;
}

export function forgetBody(db: SqliteDatabase, id: string): void {
  const row = db.get<Pick<DeliveryRow, "proof" | "namespace" | "listener"> & { length: number | null }>(
    `SELECT proof, namespace, listener, length(body) AS length FROM delivery AS d JOIN content AS c ON c.id = d.id
    WHERE d.id = ? AND outcome <> 'pending'`,
    id,
  );
  if (row?.length == null) return;
  db.run("UPDATE content SET body = NULL WHERE id = ?", id);
  db.run("UPDATE delivery SET has_body = 0, bytes = bytes - ? WHERE id = ?", row.length, id);
  addBytes(db, row, -row.length);
}

/** Those of some deliveries that have no body. */
export function bodiless(db: SqliteDatabase, ids: readonly string[]): readonly string[] {
  return db
    .all<{ id: string }>(`SELECT id FROM delivery WHERE has_body = 0 AND id IN (${EACH})`, listOf(ids))
    .map(({ id }) => id);
}

export function kept(db: SqliteDatabase): { readonly deliveries: number; readonly bytes: number } {
  const deliveries = OUTCOMES.reduce((sum, outcome) => sum + (total(db, outcome) ?? 0), 0);
  return { deliveries, bytes: total(db, "bytes") ?? 0 };
}
