/** The embedded store: PGlite in a folder, one process at a time. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Queue } from "../core/queue.ts";
import type { Sql } from "../core/sql.ts";
import { createBullQueue } from "../enqueue/bull.ts";
import { migrateQueue, postgresDriver, releaseAbandoned } from "../enqueue/postgres.ts";
import { takeLock } from "./lock.ts";
import { openPglite, pgliteSql } from "./pglite.ts";
import { pglitePool } from "./pglite-pool.ts";
import { isAway } from "./sql-error.ts";
import { checkSqlVersion } from "./version.ts";

/** What every SQL store gives: its queue, and Sql for the ledger. */
export interface SqlParts {
  readonly queue: Queue;
  readonly sql: Sql;
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly folder: string;
  /** Address of this process's admin server, for whoever finds the store taken. */
  readonly admin: string;
  readonly onError: (error: unknown) => void;
}

/** @throws SluiceError SLUICE_STORE_BUSY, SLUICE_STORE_VERSION. */
export async function openEmbedded({ folder, admin, onError }: EmbeddedOptions): Promise<SqlParts> {
  mkdirSync(folder, { recursive: true });
  const unlock = takeLock(folder, admin);
  try {
    const db = await openPglite(join(folder, "postgres"));
    try {
      const sql = pgliteSql(db);
      await checkSqlVersion(sql);
      const pool = pglitePool(db);
      await migrateQueue(pool);
      await releaseAbandoned(pool);
      const queue = createBullQueue({ driver: postgresDriver(pool, isAway), onError });
      const close = async () => {
        await queue.close();
        await db.close();
        unlock();
      };
      return { queue, sql, close };
    } catch (error) {
      await db.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}
