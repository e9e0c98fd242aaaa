/** Opens the file of an embedded store: every commit forced to disk, for its owner alone, brought up to date. */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteValue } from "../../core/sqlite.ts";

/** Statements that stay prepared; searches make many, of which few come again. */
const PREPARED = 300;

/** SQLite writes the log's pages to their places when it has so many (16 MiB), in the thread of the commit. */
const CHECKPOINT_PAGES = 4_000;

/**
 * With a log (WAL) and synchronous=FULL, SQLite forces the log to disk before a commit is answered, and the file before
 * the log is used again.
 */
const SETTINGS = [
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = FULL",
  `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  // After a burst the log's file is cut to this; bytes.
  "PRAGMA journal_size_limit = 33554432",
  // What is forgotten is overwritten where that costs no further page.
  "PRAGMA secure_delete = FAST",
  "PRAGMA temp_store = MEMORY",
  // KiB.
  "PRAGMA cache_size = -8000",
  "PRAGMA trusted_schema = OFF",
];

export interface SqliteFile extends SqliteDatabase {
  close(): void;
}

/**
 * @param file made if absent; SQLite gives its log the rights that it has.
 * @throws what node:sqlite throws, with SQLite's result code as `errcode`.
 */
export function openSqliteFile(file: string): SqliteFile {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  const prepared = new Map<string, StatementSync>();
  const statement = (text: string): StatementSync => {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    if (prepared.size >= PREPARED) prepared.clear();
    const made = db.prepare(text);
    prepared.set(text, made);
    return made;
  };
  try {
    for (const setting of SETTINGS) db.exec(setting);
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    run: (text, ...values) => Number(statement(text).run(...values).changes),
    get: <Row extends object>(text: string, ...values: readonly SqliteValue[]) =>
      statement(text).get(...values) as Row | undefined,
    all: <Row extends object>(text: string, ...values: readonly SqliteValue[]) =>
      statement(text).all(...values) as readonly object[] as readonly Row[],
    isTransaction: () => db.isTransaction,
    close: () => db.close(),
  };
}
