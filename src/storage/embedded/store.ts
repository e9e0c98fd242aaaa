/** The embedded store: SQLite in a folder, in a thread of its own, one process at a time. */

import { closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Check } from "../../core/check.ts";
import { fault, reasonOf, SluiceError } from "../../core/errors.ts";
import type { Queue } from "../../core/queue.ts";
import type { SqliteCall } from "../../core/sqlite.ts";
import type { Room } from "../../core/store.ts";
import type { KeyMark } from "../key-mark.ts";
import type { LedgerOperations } from "../ledger/sqlite/operations.ts";
import { createSqliteQueue } from "../queue/sqlite.ts";
import type { QueueOperations } from "../queue/sqlite-jobs.ts";
import { startSqlite } from "./client.ts";
import { type StoreOperations, sqliteMark } from "./key-mark.ts";
import { type Lock, takeLock } from "./lock-file.ts";
import { folderChecks, roomOfDisk } from "./preflight.ts";
import { makePrivate } from "./private-folder.ts";

/** The database's name in the folder; SQLite's log and index of it lie beside it. */
export const DATABASE_FILE = "sluice.db";

/** What lay in a store's folder when Postgres was embedded, before version 0.2. */
const POSTGRES_FOLDER = "postgres";

export interface EmbeddedParts {
  readonly queue: Queue;
  /** The ledger's way to the database. */
  readonly call: SqliteCall<LedgerOperations>;
  readonly mark: KeyMark;
  /** The clock of this machine, milliseconds since the epoch. */
  time(): Promise<number>;
  checks(): readonly Check[];
  /** As Store has it. */
  room(): Promise<Room>;
  /** As Store has it. */
  announce(admin: string): void;
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly folder: string;
  /** Address of this process's admin server, for whoever finds the store taken. */
  readonly admin: string;
  readonly onError: (error: unknown) => void;
}

/**
 * @throws SluiceError SLUICE_STORE_BUSY, SLUICE_STORE_VERSION, SLUICE_STORE_KIND for a folder of before 0.2,
 *   SLUICE_CONFIG_INVALID when the folder is unusable, or a trouble of core/trouble.ts.
 */
export async function openEmbedded({ folder, admin, onError }: EmbeddedOptions): Promise<EmbeddedParts> {
  const unlock = claim(folder, admin);
  try {
    const client = await startSqlite(join(folder, DATABASE_FILE));
    try {
      const jobs = client.driver<QueueOperations>("queue");
      await jobs("release");
      const checks = folderChecks(folder);
      return {
        queue: createSqliteQueue({ call: jobs, onError }),
        call: client.driver<LedgerOperations>("ledger"),
        mark: sqliteMark(client.driver<StoreOperations>("store")),
        time: async () => Date.now(),
        checks: () => checks,
        room: () => roomOfDisk(folder),
        announce: unlock.announce,
        async close() {
          await client.close();
          unlock();
        },
      };
    } catch (error) {
      await client.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

function claim(folder: string, admin: string): Lock {
  let lock: Lock | undefined;
  try {
    makePrivate(folder);
    lock = takeLock(folder, admin);
    if (existsSync(join(folder, POSTGRES_FOLDER, "PG_VERSION")) && !existsSync(join(folder, DATABASE_FILE)))
      throw fault("SLUICE_STORE_KIND", { path: folder });
    makeFile(folder);
    return lock;
  } catch (error) {
    lock?.();
    if (error instanceof SluiceError) throw error;
    throw fault("SLUICE_CONFIG_INVALID", { key: "store", reason: reasonOf(error) }, { cause: error });
  }
}

/** SQLite would make the file by the umask, and never forces the folders to disk that lead to it. */
function makeFile(folder: string): void {
  closeSync(openSync(join(folder, DATABASE_FILE), "a", 0o600));
  if (process.platform === "win32") return;
  for (const path of [folder, dirname(folder)]) {
    const directory = openSync(path, "r");
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}
