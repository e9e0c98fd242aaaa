/** Sql for tests over a pool, and a ledger's bench on it. */

import type { Pool } from "pg";
import type { Sql, SqlClient } from "../../../../src/core/sql.ts";
import { createSqlLedger } from "../../../../src/storage/ledger/sql/ledger.ts";
import type { LedgerBench } from "../../../contracts/ledger.ts";

export function poolSql(pool: Pool): Sql {
  const client = (on: Pick<Pool, "query">): SqlClient => ({
    query: async <Row extends object>(text: string, values?: readonly unknown[]) =>
      (await on.query<Row>(text, [...(values ?? [])])).rows,
  });
  return {
    ...client(pool),
    async transaction(work) {
      const connection = await pool.connect();
      const tx = client(connection);
      try {
        await tx.query("BEGIN");
        const result = await work(tx);
        await tx.query("COMMIT");
        return result;
      } catch (error) {
        await tx.query("ROLLBACK");
        throw error;
      } finally {
        connection.release();
      }
    },
  };
}

export function sqlBench(sql: Sql, dispose: () => Promise<void>): LedgerBench {
  let now = Date.now;
  return {
    async open(clock) {
      now = clock;
      await sql.query("DROP SCHEMA IF EXISTS sluice CASCADE");
      return createSqlLedger({ sql, clock });
    },
    reopen: (keys) => createSqlLedger({ sql, clock: now, keys }),
    removeRecord: async (id) => void (await sql.query("DELETE FROM sluice.delivery WHERE id = $1", [id])),
    async dump() {
      const tables = ["delivery", "attempt", "run", "claim"];
      const found: string[] = [];
      for (const table of tables) {
        // Binary columns are printed with their readable characters.
        const rows = await sql.query<{ row: string }>(
          `SELECT t::text ${table === "delivery" ? "|| encode(head, 'escape') || encode(body, 'escape')" : ""} AS row
          FROM sluice.${table} AS t`,
        );
        found.push(...rows.map(({ row }) => row));
      }
      return Buffer.from(found.join("\n"));
    },
    [Symbol.asyncDispose]: dispose,
  };
}
