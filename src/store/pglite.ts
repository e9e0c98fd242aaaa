/** Postgres inside this process: opened so that a commit is on disk before it is answered, and spoken to as Sql. */

import { fsyncSync, mkdirSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import type { Sql } from "../core/sql.ts";
import { QUEUE_SCHEMA } from "../enqueue/postgres.ts";
import type { Database } from "./pglite-group.ts";
import { sqlClient } from "./sql-client.ts";
import { sqlError } from "./sql-error.ts";

/** Postgres's numbers for types: bigint and bytea. */
const INT8 = 20;
const BYTEA = 17;

/**
 * Opens the database in a folder, made if absent (1 to 5 s then, 0.2 s later).
 *
 * PGlite starts Postgres with fsync off (`-F`), and its file system has no fsync: what was committed would survive this
 * process but not the machine. Both are mended here.
 */
export async function openPglite(folder: string): Promise<PGlite> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return PGlite.create({
    fs: new DurableFS(folder),
    relaxedDurability: false,
    startParams: [
      ...PGlite.defaultStartParams.filter((param) => param !== "-F"),
      // fdatasync is an empty function in PGlite's runtime; fsync reaches the file system.
      ...setting("wal_sync_method", "fsync"),
      ...setting("search_path", QUEUE_SCHEMA),
      ...setting("shared_buffers", "16MB"),
    ],
    // As the pg driver of the server's store reads them.
    parsers: { [INT8]: Number, [BYTEA]: (text) => Buffer.from(text.slice(2), "hex") },
  });
}

/** Sql over a PGlite. Transactions have the database for themselves; other queries wait in line. */
export function pgliteSql(db: Database): Sql {
  return {
    ...sqlClient(db),
    async transaction(work) {
      let own: { error: unknown } | undefined;
      try {
        return await db.transaction((tx) =>
          work(sqlClient(tx)).catch((error: unknown) => {
            own = { error };
            throw error;
          }),
        );
      } catch (error) {
        throw own === undefined ? sqlError(error) : own.error;
      }
    },
  };
}

function setting(name: string, value: string): string[] {
  return ["-c", `${name}=${value}`];
}

type FsInit = Awaited<ReturnType<NodeFS["init"]>>;
type PostgresModule = Parameters<NonNullable<FsInit["emscriptenOpts"]["preRun"]>[number]>[0];

/** Rights of group and others. */
const OTHERS = 0o077;

/** The parts of Emscripten's NODEFS that are changed here. */
interface NodeOperations {
  readonly stream_ops: Record<string, unknown>;
  readonly node_ops: { mknod: (parent: unknown, name: string, mode: number, dev: number) => unknown };
  doSetAttr: (file: unknown, node: unknown, change: { mode?: number }, ...system: unknown[]) => unknown;
}

/**
 * Emscripten's NODEFS with the one operation that it lacks, and with files for their owner alone: it gives each the mode
 * that Postgres asked for by a chmod of its own, so that no umask counts.
 */
class DurableFS extends NodeFS {
  override async init(pg: PGlite, options: Partial<PostgresModule>): Promise<FsInit> {
    const made = await super.init(pg, options);
    made.emscriptenOpts.preRun?.push((module) => {
      const { NODEFS } = module as unknown as { NODEFS: NodeOperations };
      NODEFS.stream_ops["fsync"] = (stream: { nfd: number }) => fsyncSync(stream.nfd);
      const { doSetAttr, node_ops } = NODEFS;
      const { mknod } = node_ops;
      node_ops.mknod = (parent, name, mode, dev) => mknod(parent, name, mode & ~OTHERS, dev);
      NODEFS.doSetAttr = (file, node, change, ...system) => {
        const { mode } = change;
        return doSetAttr(
          file,
          node,
          mode === undefined ? change : { ...change, mode: mode & ~OTHERS },
          ...system,
        );
      };
    });
    return made;
  }
}
