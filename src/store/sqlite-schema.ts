/** The tables of an embedded store, as numbered steps that each file takes once. */

import { fault } from "../core/errors.ts";
import type { SqliteDatabase } from "../core/sqlite.ts";
import { QUEUE_TABLES } from "../enqueue/sqlite-jobs.ts";
import { LEDGER_TABLES } from "../ledger/sqlite-schema.ts";

/**
 * Step n brings a store from version n - 1 to n. Steps that were released are never edited; new ones are appended. A
 * version refuses a file that took more steps than it knows.
 */
export const STEPS: readonly (readonly string[])[] = [
  [...LEDGER_TABLES, ...QUEUE_TABLES, "CREATE TABLE store_key (id TEXT NOT NULL) STRICT"],
];

/**
 * Brings the file to the newest version, in one transaction.
 *
 * @throws SluiceError SLUICE_STORE_VERSION when a newer version has been here.
 */
export function migrate(db: SqliteDatabase, steps = STEPS): void {
  const version = db.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  if (version > steps.length)
    throw fault("SLUICE_STORE_VERSION", { found: String(version), known: String(steps.length) });
  if (version === steps.length) return;
  db.run("BEGIN IMMEDIATE");
  try {
    for (const statement of steps.slice(version).flat()) db.run(statement);
    db.run(`PRAGMA user_version = ${steps.length}`);
    db.run("COMMIT");
  } catch (error) {
    if (db.isTransaction()) db.run("ROLLBACK");
    throw error;
  }
}
