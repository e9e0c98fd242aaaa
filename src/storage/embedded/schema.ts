/** The tables of an embedded store, as numbered steps that each file takes once. */

import { fault } from "../../core/errors.ts";
import type { SqliteDatabase } from "../../core/sqlite.ts";
import { LEDGER_TABLES } from "../ledger/sqlite/schema.ts";
import { QUEUE_TABLES } from "../queue/sqlite-jobs.ts";

export interface Step {
  readonly statements: readonly string[];
  /** It only adds: a version that does not know it works on beside it, and starts after it. */
  readonly adds?: true;
}

/** Steps that were released are never edited; new ones are appended. */
export const STEPS: readonly Step[] = [
  {
    statements: [...LEDGER_TABLES, ...QUEUE_TABLES, "CREATE TABLE store_key (id TEXT NOT NULL) STRICT"],
  },
];

/**
 * Takes the steps that a file lacks, in one transaction. `user_version` is the number of the last one that did more than
 * add.
 *
 * @throws SluiceError SLUICE_STORE_VERSION when a newer version has been here, which this one cannot work beside.
 */
export function migrate(db: SqliteDatabase, steps = STEPS): void {
  const version = db.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  if (version > steps.length)
    throw fault("SLUICE_STORE_VERSION", { found: String(version), known: String(steps.length) });
  db.run("BEGIN IMMEDIATE");
  try {
    db.run("CREATE TABLE IF NOT EXISTS step (number INTEGER PRIMARY KEY) STRICT");
    const taken = new Set(db.all<{ number: number }>("SELECT number FROM step").map(({ number }) => number));
    for (const [i, { statements, adds }] of steps.entries()) {
      const number = i + 1;
      if (taken.has(number)) continue;
      for (const statement of statements) db.run(statement);
      db.run("INSERT INTO step (number) VALUES (?)", number);
      if (!adds) db.run(`PRAGMA user_version = ${number}`);
    }
    db.run("COMMIT");
  } catch (error) {
    if (db.isTransaction()) db.run("ROLLBACK");
    throw error;
  }
}
