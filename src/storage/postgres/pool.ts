/** A pool of connections to the Postgres server in use, each made ready and proved before anybody has it. */

import pg from "pg";
import { fault } from "../../core/errors.ts";
import type { PostgresAddress } from "./address.ts";
import { createHosts } from "./hosts.ts";
import { createSessions, type Sessions } from "./session.ts";

/** Connections of one process; each worker keeps one for itself to listen on. */
export const CONNECTIONS = 12;
/** Milliseconds until a connection is given up, new or from the pool: below the time that `enqueue` may take. */
const CONNECT_MS = 1_500;

/** What the ledger and BullMQ need of a pool. */
export type Connections = Pick<PostgresPool, "query" | "connect">;

export interface PostgresPool {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
  connect(): Promise<pg.PoolClient>;
  readonly sessions: Pick<Sessions, "pooled" | "fault">;
  /** Proves that connections are sessions of their own. @throws SluiceError SLUICE_STORE_POOLER. */
  prove(): Promise<void>;
  end(): Promise<void>;
}

/** @throws SluiceError SLUICE_STORE_POOLER, SLUICE_STORE_AWAY; whatever node-postgres throws of a connection. */
export async function openPool(address: PostgresAddress): Promise<PostgresPool> {
  const live = new Set<pg.Client>();
  const cut = ({ connection }: pg.Client): void => void connection.stream.destroy();
  const hosts = createHosts(address, OPTIONS, () => live.forEach(cut));
  const sessions = createSessions();

  /** Made with `new` by the pool: a connection to the server that is in use then. */
  function ClientInUse(this: unknown, options: pg.ClientConfig): pg.Client {
    const client = new pg.Client({ ...options, connectionString: hosts.current().url });
    live.add(client);
    client.once("end", () => live.delete(client));
    // A connection that breaks fails the statement under way; unheard, the event would end the process.
    client.on("error", () => {});
    client.connection.on("errorMessage", ({ code }: { readonly code?: string }) => {
      if (code !== READ_ONLY) return;
      // It was demoted, or became read-only, under us: nothing is written here any more.
      cut(client);
      if (hosts.several) void hosts.search();
    });
    return client;
  }

  async function ready(client: pg.Client): Promise<void> {
    const late = setTimeout(() => cut(client), CONNECT_MS);
    try {
      const why = hosts.unfit(await sessions.prepare(client));
      if (why !== undefined) throw fault("SLUICE_STORE_AWAY", { reason: `the server is ${why}` });
    } finally {
      clearTimeout(late);
    }
  }

  const pool = new pg.Pool({
    ...OPTIONS,
    max: CONNECTIONS,
    Client: ClientInUse as unknown as new () => pg.Client,
    onConnect: (client) => ready(client as pg.Client),
  });
  // An idle connection that breaks is replaced at the next query.
  pool.on("error", () => {});

  async function connect(): Promise<pg.PoolClient> {
    try {
      return await pool.connect();
    } catch (error) {
      if (!hosts.several || !(await hosts.search())) throw error;
      return pool.connect();
    }
  }
  const end = async (): Promise<void> => {
    hosts.close();
    await pool.end();
  };

  try {
    await hosts.find();
    await (await connect()).release();
    await sessions.prove(connect);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    sessions,
    prove: () => sessions.prove(connect),
    connect,
    end,
    async query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]) {
      const client = await connect();
      try {
        const result = await client.query<Row>(text, values);
        client.release();
        return result;
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
  };
}

/** SQLSTATE read_only_sql_transaction. */
const READ_ONLY = "25006";

const OPTIONS = {
  connectionTimeoutMillis: CONNECT_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: "sluice",
  types: { getTypeParser },
} satisfies pg.ClientConfig;

/** bigint as a number: ours are milliseconds and counts, far below 2^53. */
function getTypeParser(type: number, format?: "text" | "binary") {
  if (type === pg.types.builtins.INT8 && format !== "binary") return Number;
  return pg.types.getTypeParser(type, format as "text");
}
