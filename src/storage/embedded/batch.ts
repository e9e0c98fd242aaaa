/** Group commit: the operations of a batch share one transaction, and each that throws is undone alone. */

import { fault } from "../../core/errors.ts";
import type { SqliteDatabase, SqliteOperations } from "../../core/sqlite.ts";
import { packError, type Thrown } from "./error.ts";

/** One operation, with what it is called with. */
export interface Call {
  readonly driver: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

export type Outcome = { readonly value: unknown } | { readonly thrown: Thrown };

/** @returns what became of each call, in their order; by then the transaction is on disk. */
export function runBatch(
  db: SqliteDatabase,
  drivers: Readonly<Record<string, SqliteOperations>>,
  calls: readonly Call[],
): readonly Outcome[] {
  try {
    db.run("BEGIN");
    const outcomes = calls.map((call) => runCall(db, drivers, call));
    db.run("COMMIT");
    return outcomes;
  } catch (error) {
    if (db.isTransaction()) db.run("ROLLBACK");
    const thrown = packError(error);
    return calls.map(() => ({ thrown }));
  }
}

/** @throws what ended the whole transaction. */
function runCall(
  db: SqliteDatabase,
  drivers: Readonly<Record<string, SqliteOperations>>,
  { driver, name, args }: Call,
): Outcome {
  db.run("SAVEPOINT one");
  try {
    const operation = drivers[driver]?.[name] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (operation === undefined) throw fault("SLUICE_INTERNAL", { reason: `no operation ${driver}.${name}` });
    const value = operation(...args);
    db.run("RELEASE one");
    return { value };
  } catch (error) {
    // A full disk, or one that fails, has SQLite undo the transaction with all that is in it.
    if (!db.isTransaction()) throw error;
    db.run("ROLLBACK TO one");
    db.run("RELEASE one");
    return { thrown: packError(error) };
  }
}
