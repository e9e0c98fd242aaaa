/** The embedded store: PGlite in a folder, one process at a time. */

import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import type { Check } from "../core/check.ts";
import { fault, reasonOf, SluiceError } from "../core/errors.ts";
import type { Queue } from "../core/queue.ts";
import type { Sql } from "../core/sql.ts";
import type { Room } from "../core/store.ts";
import { createBullQueue } from "../enqueue/bull.ts";
import { migrateQueue, postgresDriver, releaseAbandoned } from "../enqueue/postgres.ts";
import { folderChecks, roomOfDisk } from "./embedded-preflight.ts";
import { type Lock, takeLock } from "./lock.ts";
import { openPglite, pgliteSql } from "./pglite.ts";
import { groupCommit } from "./pglite-group.ts";
import { pglitePool } from "./pglite-pool.ts";
import { makePrivate } from "./private-folder.ts";
import { isAway } from "./sql-error.ts";
import { checkSqlVersion } from "./version.ts";

/** What every SQL store gives: its queue, and Sql for the ledger. */
export interface SqlParts {
  readonly queue: Queue;
  readonly sql: Sql;
  /** The clock of the machine that it runs on, milliseconds since the epoch. */
  time(): Promise<number>;
  checks(): readonly Check[];
  /** As Store has it. */
  room?(): Promise<Room>;
  /** As Store has it; only where one process at a time has the store. */
  announce?(admin: string): void;
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly folder: string;
  /** Address of this process's admin server, for whoever finds the store taken. */
  readonly admin: string;
  readonly onError: (error: unknown) => void;
}

/** @throws SluiceError SLUICE_STORE_BUSY, SLUICE_STORE_VERSION, SLUICE_CONFIG_INVALID when the folder is unusable. */
export async function openEmbedded({ folder, admin, onError }: EmbeddedOptions): Promise<SqlParts> {
  const unlock = claim(folder, admin);
  try {
    const db = groupCommit(await openDatabase(folder));
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
      const checks = folderChecks(folder);
      return {
        queue,
        sql,
        time: async () => Date.now(),
        checks: () => checks,
        room: () => roomOfDisk(folder),
        announce: unlock.announce,
        close,
      };
    } catch (error) {
      await db.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

function claim(folder: string, admin: string): Lock {
  try {
    makePrivate(folder);
    return takeLock(folder, admin);
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw fault("SLUICE_CONFIG_INVALID", { key: "store", reason: reasonOf(error) }, { cause: error });
  }
}

/** A new database is laid out aside and moved into place whole: a start that is cut off leaves no half of one. */
async function openDatabase(folder: string): Promise<PGlite> {
  const place = join(folder, "postgres");
  if (!existsSync(place)) {
    const draft = join(folder, "postgres.new");
    rmSync(draft, { recursive: true, force: true });
    await (await openPglite(draft)).close();
    renameSync(draft, place);
  }
  return openPglite(place);
}
