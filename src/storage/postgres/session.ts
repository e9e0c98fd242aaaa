/** What every new connection to Postgres is made ready for, and proved to be: a session of its own, with our search_path. */

import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { fault, type SluiceError } from "../../core/errors.ts";
import { QUEUE_SCHEMA } from "../queue/postgres.ts";
import type { ServerRole } from "./hosts.ts";

export interface Sessions {
  /**
   * Sets the search_path of a new connection. A pooler in between (PgBouncer) drops what a connection asks for when it
   * begins, and may hand one server session from client to client: then neither the path nor a LISTEN stays.
   *
   * @returns what the server is. @throws SluiceError SLUICE_STORE_POOLER.
   */
  prepare(client: pg.Client): Promise<ServerRole>;
  /** Whether two connections, open at once, are two sessions. @throws SluiceError SLUICE_STORE_POOLER. */
  prove(connect: () => Promise<pg.PoolClient>): Promise<void>;
  /** True when a pooler stands between. */
  pooled(): boolean;
  /** What was wrong with the latest connection that was looked at, where something was. */
  fault(): SluiceError | undefined;
}

/** Milliseconds after which a session that seems to be shared is looked at again: its last holder may just be leaving. */
const LOOK_AGAIN_MS = 200;

export function createSessions(): Sessions {
  const holders = new Map<number, pg.Client>();
  let pooled = false;
  let latest: SluiceError | undefined;

  async function prepare(client: pg.Client): Promise<ServerRole> {
    const { rows } = await client.query<ServerRole & { pid: number; path: string | null }>(PREPARE, [
      QUEUE_SCHEMA,
      processOf(client),
    ]);
    const [row] = rows;
    if (row === undefined) throw shared("it did not say which session it is");
    pooled = row.path === null;
    if (pooled) await settle(client, row.pid);
    return row;
  }

  async function settle(client: pg.Client, pid: number): Promise<void> {
    if (holders.has(pid)) {
      await wait(LOOK_AGAIN_MS);
      if (holders.has(pid)) throw shared(ONE_FOR_TWO);
    }
    await sameSession(client, pid);
    holders.set(pid, client);
    client.once("end", () => {
      if (holders.get(pid) === client) holders.delete(pid);
    });
    await client.query("SELECT set_config('search_path', $1, false)", [QUEUE_SCHEMA]);
    const { rows } = await client.query<{ path: string }>("SELECT current_setting('search_path') AS path");
    if (rows[0]?.path !== QUEUE_SCHEMA) throw shared("search_path does not stay as it is set");
  }

  async function noting<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      latest = undefined;
      return result;
    } catch (error) {
      if (isPooler(error)) latest = error;
      throw error;
    }
  }

  return {
    prepare: (client) => noting(() => prepare(client)),
    async prove(connect) {
      if (!pooled) return;
      const first = await connect();
      try {
        const second = await connect();
        try {
          await noting(() => apart(first, second));
        } finally {
          second.release();
        }
      } finally {
        first.release();
      }
    },
    pooled: () => pooled,
    fault: () => latest,
  };
}

/** Whether the pooler hands out the session that rested longest or shortest, one of these turns finds it shared. */
async function apart(first: pg.Client, second: pg.Client): Promise<void> {
  const pids = new Map<pg.Client, number>();
  for (const client of [first, first, second, second, first, second]) {
    const known = pids.get(client);
    if (known === undefined) pids.set(client, await pidOf(client));
    else await sameSession(client, known);
  }
  if (pids.get(first) === pids.get(second)) throw shared(ONE_FOR_TWO);
}

async function sameSession(client: pg.Client, pid: number): Promise<void> {
  if ((await pidOf(client)) !== pid) throw shared("one connection goes from session to session");
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

/** The session as the connection was told at its beginning; a pooler tells its own numbers. */
function processOf(client: pg.Client): number | null {
  const { processID } = client as pg.Client & { readonly processID?: number | null };
  return processID ?? null;
}

const ONE_FOR_TWO = "two connections share one session of the server";

const shared = (reason: string): SluiceError => fault("SLUICE_STORE_POOLER", { reason });

function isPooler(error: unknown): error is SluiceError {
  return error instanceof Error && "code" in error && error.code === "SLUICE_STORE_POOLER";
}

const PREPARE = `
SELECT pg_backend_pid() AS pid,
       CASE WHEN pg_backend_pid() = $2::bigint THEN set_config('search_path', $1, false) END AS path,
       pg_is_in_recovery() AS standby,
       current_setting('transaction_read_only') = 'on' AS "readOnly"`;
