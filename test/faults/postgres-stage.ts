/** The Postgres of a row: one server, a primary with a standby, PgBouncer before it, or a database on a small disk. */

import { chownSync } from "node:fs";
import { type PgBouncer, startPgBouncer } from "../helpers/pgbouncer.ts";
import {
  type PostgresServer,
  type PostgresStandby,
  startPostgres,
  startStandby,
  UNPRIVILEGED,
} from "../helpers/postgres.ts";
import { lacksSmallDisk as lacks, mountSmallDisk } from "../helpers/small-disk.ts";
import type { StageStore } from "./stage.ts";

export interface PostgresStage extends AsyncDisposable {
  /** As gateways get it. */
  readonly url: string;
  readonly server: PostgresServer;
  /** @throws Error unless the store is `standby`. */
  readonly standby: PostgresStandby;
  /** @throws Error unless the store is `pgbouncer`. */
  readonly bouncer: PgBouncer;
  /** Fills the database's disk to the last page, or makes room on it. @throws Error unless the store is `small-disk`. */
  readonly disk: { fill(): void; free(): void };
}

type Kind = Extract<StageStore, "postgres" | "standby" | "pgbouncer" | "small-disk">;

export function isPostgresStage(store: StageStore): store is Kind {
  return store === "postgres" || store === "standby" || store === "pgbouncer" || store === "small-disk";
}

/** What a gateway demands of a store. */
const DURABLE = ["fsync=on"];

export async function openPostgresStage(kind: Kind): Promise<PostgresStage> {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await startPostgres(DURABLE));
  const standby = kind === "standby" ? opened.use(await follower(server)) : undefined;
  const disk = kind === "small-disk" ? opened.use(smallDisk(server)) : undefined;
  const database = await server.createDatabase(disk && `TABLESPACE ${TABLESPACE}`);
  const bouncer = kind === "pgbouncer" ? opened.use(await startPgBouncer(database, "session")) : undefined;
  const url = standby === undefined ? (bouncer?.url ?? database) : bothHosts(database, standby);
  const running = opened.move();
  const present = <T>(part: T | undefined, what: string): T => {
    if (part === undefined) throw new Error(`this stage has no ${what}`);
    return part;
  };
  return {
    url,
    server,
    get standby() {
      return present(standby, "standby");
    },
    get bouncer() {
      return present(bouncer, "PgBouncer");
    },
    get disk() {
      return present(disk, "small disk");
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A standby that every commit waits for. */
async function follower(server: PostgresServer): Promise<PostgresStandby> {
  const standby = await startStandby(server, DURABLE);
  server.run("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()");
  return standby;
}

function bothHosts(database: string, standby: PostgresServer): string {
  const { host, pathname } = new URL(database);
  return `postgres://postgres@${host},127.0.0.1:${standby.port}${pathname}?target_session_attrs=read-write`;
}

const TABLESPACE = "small";
const SIZE = "96m";

/** Why a small disk cannot be had here; undefined where it can. */
export const lacksSmallDisk = (): string | undefined => lacks(SIZE);

function smallDisk(server: PostgresServer): PostgresStage["disk"] & AsyncDisposable {
  const disk = mountSmallDisk(SIZE);
  if (process.getuid?.() === 0) chownSync(disk.path, UNPRIVILEGED, UNPRIVILEGED);
  server.run(`CREATE TABLESPACE ${TABLESPACE} LOCATION '${disk.path}'`);
  return {
    fill: disk.fill,
    free: disk.free,
    async [Symbol.asyncDispose]() {
      await server.stop();
      disk[Symbol.dispose]();
    },
  };
}
