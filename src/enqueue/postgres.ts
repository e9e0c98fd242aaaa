/** BullMQ on Postgres, be it a server or PGlite in this process: whatever looks like a pg.Pool. */

import type { PgPool } from "bullmq";
import { createPostgresBackend, DEFAULT_SCHEMA, runMigrations, withBackend } from "bullmq";
import type { QueueDepth } from "../core/queue.ts";
import type { QueueDriver } from "./driver.ts";

export type { PgPool, PgPoolClient, PgQueryResult } from "bullmq";

/** The schema of BullMQ's tables: the search_path of every connection that the pool hands out. */
export const QUEUE_SCHEMA = DEFAULT_SCHEMA;

/** Brings BullMQ's tables up to date; several processes may do so at once. */
export async function migrateQueue(pool: PgPool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    client.release();
  }
}

/**
 * Gives back to the queue what a dead process had in hand, without waiting for its locks to run out. Only for a storage
 * that no other process can have open.
 */
export async function releaseAbandoned(pool: PgPool): Promise<void> {
  await pool.query(
    `UPDATE job SET state = 'waiting', lock_token = NULL, locked_until_ms = NULL, stalled_marked = false
     WHERE state = 'active'`,
    [],
  );
}

/**
 * @param pool connections with search_path {@link QUEUE_SCHEMA}, after {@link migrateQueue}; stays the caller's.
 * @param isAway tells broken connections from statements that the database refused.
 */
export function postgresDriver(pool: PgPool, isAway: (error: unknown) => boolean): QueueDriver {
  const bull = withBackend(createPostgresBackend);
  return {
    producer: (name, options) => new bull.Queue<string>(name, { ...options, connection: pool }),

    worker(name, process, options) {
      const worker = new bull.Worker<string>(name, process, { ...options, connection: pool });
      return { worker, disconnect: () => {} };
    },

    async depth(name): Promise<QueueDepth> {
      const { rows } = await pool.query<Record<"waiting" | "active" | "delayed" | "oldest", unknown>>(
        `SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
                count(*) FILTER (WHERE state = 'active') AS active,
                count(*) FILTER (WHERE state = 'delayed') AS delayed,
                min(added_at_ms) AS oldest
         FROM job WHERE queue = $1`,
        [name],
      );
      const row = rows[0];
      const oldest = row?.oldest ?? null;
      return {
        waiting: Number(row?.waiting),
        active: Number(row?.active),
        delayed: Number(row?.delayed),
        oldestMs: oldest === null ? 0 : Math.max(0, Date.now() - Number(oldest)),
      };
    },

    async holds(name, ids) {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM job WHERE queue = $1 AND id = ANY($2::text[])",
        [name, ids],
      );
      return new Set(rows.map((row) => row.id));
    },

    ping: () => pool.query("SELECT 1", []),
    isAway,
  };
}
