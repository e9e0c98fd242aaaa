/** A PGlite that looks like a pg.Pool: the part of it that BullMQ uses. */

import { EventEmitter } from "node:events";
import type { PgPool, PgPoolClient, PgQueryResult } from "../enqueue/postgres.ts";
import type { Database } from "./pglite-group.ts";

/**
 * Wraps a PGlite for BullMQ.
 *
 * There is one connection, so every client is the same session. BullMQ keeps to single statements except in its
 * migrations: those must run before anybody else has the database.
 */
export function pglitePool(db: Database): PgPool {
  // BullMQ's types are generic in the row; what comes is what the statement selects.
  // biome-ignore lint/suspicious/noExplicitAny: the signature is BullMQ's own
  const query = async <R = any>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> => {
    // Migrations hold many statements in one text, which only the simple protocol takes; they have no parameters.
    const result = params === undefined ? (await db.exec(text)).at(-1) : await db.query<R>(text, [...params]);
    return { rows: (result?.rows ?? []) as R[], rowCount: result?.affectedRows ?? 0 };
  };

  const connect = async (): Promise<PgPoolClient> => {
    const client = new EventEmitter();
    const forget = db.onNotification((channel, payload) => client.emit("notification", { channel, payload }));
    return Object.assign(client, { query, release: () => forget() });
  };

  // Nothing breaks one by one here, so there is nothing to listen for.
  const pool: PgPool = {
    query,
    connect,
    end: async () => {},
    on: () => pool,
    removeAllListeners: () => pool,
  };
  return pool;
}
