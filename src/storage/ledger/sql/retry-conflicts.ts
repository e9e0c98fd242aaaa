/** Says again to a database what it undid for another's sake: a deadlock or a lost race is nobody's mistake. */

import { setTimeout as wait } from "node:timers/promises";
import type { Sql } from "../../../core/sql.ts";

/** How often one statement or transaction is tried; each loser leaves its locks to the winners, so few are needed. */
const TRIES = 5;
/** A loser waits up to this, times the tries it has had, so that it does not run into the winner again; milliseconds. */
const APART_MS = 20;

/**
 * Wraps Sql for a caller whose every statement and transaction may run twice: what the database rolled back to let
 * others go on is done again, a moment later.
 *
 * @throws what `sql` throws; of a rollback that does not end, the last.
 */
export function again(sql: Sql): Sql {
  return {
    query: (text, values) => repeat(() => sql.query(text, values)),
    transaction: (work) => repeat(() => sql.transaction(work)),
  };
}

async function repeat<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES || !wasUndone(error)) throw error;
      await wait(APART_MS * tries * Math.random());
    }
  }
}

/** Appendix A of the Postgres manual: 40001 serialization_failure, 40P01 deadlock_detected. */
function wasUndone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "40001" || code === "40P01";
}
