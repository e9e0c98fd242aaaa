/** The Postgres store: one pool for queue and ledger, and the difference between "refused" and "away". */

import type { PoolClient } from "pg";
import type { Check } from "../../core/check.ts";
import type { Queue } from "../../core/queue.ts";
import type { Sql } from "../../core/sql.ts";
import { createBullQueue } from "../queue/bull.ts";
import type { PgPool } from "../queue/postgres.ts";
import { migrateQueue, postgresDriver } from "../queue/postgres.ts";
import { sqlClient } from "../sql-client.ts";
import { isAway, sqlError } from "../sql-error.ts";
import type { Durability } from "../survey.ts";
import { checkSqlVersion } from "../version.ts";
import { parsePostgresAddress } from "./address.ts";
import { type Connections, openPool } from "./pool.ts";
import { postgresChecks, sessionChecks } from "./preflight.ts";

/** What a Postgres store gives: its queue, and Sql for the ledger. */
export interface SqlParts {
  readonly queue: Queue;
  readonly sql: Sql;
  /** The clock of the machine that it runs on, milliseconds since the epoch. */
  time(): Promise<number>;
  checks(): readonly Check[];
  close(): Promise<void>;
}

/**
 * @param now the store's clock, milliseconds since the epoch.
 * @throws SluiceError SLUICE_STORE_AWAY, SLUICE_STORE_VERSION, SLUICE_STORE_POOLER.
 */
export async function openPostgres(
  url: string,
  onError: (error: unknown) => void,
  durability: Durability = "strict",
  now: () => number = Date.now,
): Promise<SqlParts> {
  const pool = await openPool(parsePostgresAddress(url)).catch((error: unknown) => {
    throw sqlError(error);
  });
  try {
    const sql = poolSql(pool);
    await checkSqlVersion(sql);
    const forBull = bullPool(pool);
    await migrateQueue(forBull);
    const queue = createBullQueue({ driver: postgresDriver(forBull, isAway, now), onError });
    const close = async () => {
      await queue.close();
      await pool.end();
    };
    const checks = [...postgresChecks(sql, durability), ...sessionChecks(pool)];
    return { queue, sql, time: () => serverTime(sql), checks: () => checks, close };
  } catch (error) {
    await pool.end();
    throw sqlError(error);
  }
}

async function serverTime(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ now: number }>(
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now",
  );
  return Number(row?.now);
}

/** Sql over a pool: single statements on any connection, transactions on one. */
export function poolSql(pool: Connections): Sql {
  return {
    ...sqlClient(pool),
    async transaction(work) {
      const connection = await pool.connect().catch((error: unknown) => {
        throw sqlError(error);
      });
      // A connection that breaks while it is out says so here; the statement under way fails as well.
      const ignore = () => {};
      connection.on("error", ignore);
      let broken = false;
      try {
        const tx = sqlClient(connection);
        await tx.query("BEGIN");
        try {
          const result = await work(tx);
          await tx.query("COMMIT");
          return result;
        } catch (error) {
          broken = await rollbackFails(connection);
          throw error;
        }
      } catch (error) {
        broken ||= isAway(error);
        throw error;
      } finally {
        // A broken one may have more to say after it was given back.
        if (!broken) connection.off("error", ignore);
        connection.release(broken);
      }
    },
  };
}

async function rollbackFails(connection: PoolClient): Promise<boolean> {
  try {
    await connection.query("ROLLBACK");
    return false;
  } catch {
    return true;
  }
}

/**
 * The pool as BullMQ sees it. BullMQ waits and repeats only what fails with ECONNREFUSED; a restarting Postgres says
 * other things too (57P03 "starting up", a closed socket), and they must not count as the job's failure.
 */
function bullPool(pool: Connections): PgPool {
  const refused = (error: unknown): never => {
    if (!isAway(error)) throw error;
    throw Object.assign(new Error("the store is away", { cause: error }), { code: "ECONNREFUSED" });
  };
  const own = pool as unknown as PgPool;
  const facade: PgPool = {
    query: (text, params) => own.query(text, params).catch(refused),
    connect: () => own.connect().catch(refused),
    end: async () => {},
    // The pool's errors are heard above; BullMQ would add a listener with each worker, and leave it.
    on: () => facade,
    removeAllListeners: () => facade,
  };
  return facade;
}
