/** What people do in the embedded ledger: dead letters tried again or dropped, acts, and orders of many. */

import { fault } from "../../../core/errors.ts";
import type { CreateJob } from "../../../core/job.ts";
import type { Act, KeptBatch, Page } from "../../../core/ledger.ts";
import type { SqliteDatabase } from "../../../core/sqlite.ts";
import { cleanAct, refuseCursor } from "../acts.ts";
import { decodeDecisions } from "../codec.ts";
import { BATCHES_KEPT } from "../limits.ts";
import { pageSize } from "../page.ts";
import type { JobState, Reopened } from "../record.ts";
import { droppedOf, jobsOf, refuseDrop, withReopened } from "../record.ts";
import { jobsIn, jobsText, moveOutcome, outcomeIn, reopenedIn, reopenedText, rowOf } from "./rows.ts";
import type { PageOf } from "./search.ts";

export function reopen(
  db: SqliteDatabase,
  id: string,
  at: number,
  only: ReadonlySet<string> | undefined,
): readonly CreateJob[] {
  const row = rowOf(db, id);
  if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
  const may = (job: string): boolean => only === undefined || only.has(job);
  const jobs = jobsIn(row);
  const dead = jobs.filter((job) => job.state === "dead" && may(job.id));
  const all = new Map([
    ...reopenedIn(row),
    ...dead.map((job) => [job.id, triedUntil(db, id, job.id, at)] as const),
  ]);
  if (dead.length > 0) {
    const after = jobs.map((job): JobState => (dead.includes(job) ? { id: job.id, state: "pending" } : job));
    const outcome = outcomeIn(row, after);
    db.run(
      "UPDATE delivery SET jobs = ?, reopened = ?, dropped = NULL, outcome = ? WHERE id = ?",
      ...[jobsText(after), reopenedText(all), outcome, id],
    );
    moveOutcome(db, row.outcome, outcome);
  }
  // Those that are pending since this moment already belong to a client that lost the answer and asks again.
  const again = new Set(
    jobs
      .filter((job) => may(job.id) && job.state !== "created" && all.get(job.id)?.at === at)
      .map((job) => job.id),
  );
  const stored = db.get<{ decisions: Uint8Array | null }>("SELECT decisions FROM content WHERE id = ?", id);
  const wanted = stored?.decisions == null ? [] : jobsOf(decodeDecisions(stored.decisions));
  return wanted.filter((job) => again.has(job.id)).map((job) => withReopened(job, all));
}

function triedUntil(db: SqliteDatabase, delivery: string, job: string, at: number): Reopened {
  const row = db.get<{ attempts: number | null }>(
    "SELECT max(number) AS attempts FROM attempt WHERE delivery = ? AND job = ?",
    ...[delivery, job],
  );
  return { at, attempts: row?.attempts ?? 0 };
}

export function drop(db: SqliteDatabase, id: string, act: Act): void {
  const row = rowOf(db, id);
  if (row?.outcome !== "dead") refuseDrop(id, row?.outcome ?? "");
  if (row.dropped !== null) return;
  db.run("UPDATE delivery SET dropped = ? WHERE id = ?", JSON.stringify(droppedOf(act)), id);
  record(db, act);
}

export function record(db: SqliteDatabase, act: Act): void {
  db.run("INSERT INTO act (body) VALUES (?)", JSON.stringify(cleanAct(act)));
}

export function acts(db: SqliteDatabase, page: PageOf): Page<Act> {
  const limit = pageSize(page.limit);
  // One more than asked for tells whether there is a next page.
  const rows = db.all<{ seq: number; body: string }>(
    "SELECT seq, body FROM act WHERE seq < ? ORDER BY seq DESC LIMIT ?",
    ...[page.cursor === undefined ? Number.MAX_SAFE_INTEGER : seqOf(page.cursor), limit + 1],
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const items = rows.slice(0, limit).map(({ body }) => JSON.parse(body) as Act);
  return { items, ...(last !== undefined && { next: String(last.seq) }) };
}

/** @throws SluiceError SLUICE_REQUEST_INVALID where no list has given it out. */
export function seqOf(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) refuseCursor();
  return Number(cursor);
}

export function keepBatch(db: SqliteDatabase, { id, at, text }: KeptBatch): void {
  db.run(
    "INSERT INTO batch (id, at, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    ...[id, at, text],
  );
  db.run(
    `DELETE FROM batch WHERE id IN (
      SELECT id FROM batch WHERE id <> ? ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?
    )`,
    ...[id, BATCHES_KEPT - 1],
  );
}

export function batches(db: SqliteDatabase): readonly KeptBatch[] {
  return db.all<KeptBatch>(
    "SELECT id, at, body AS text FROM batch ORDER BY at DESC, id DESC LIMIT ?",
    BATCHES_KEPT,
  );
}

export function batch(db: SqliteDatabase, id: string): KeptBatch | undefined {
  return db.get<KeptBatch>("SELECT id, at, body AS text FROM batch WHERE id = ?", id);
}
