/** BullMQ on Postgres: on whatever looks like a pg.Pool. */

import type { PgPool } from "bullmq";
import { DEFAULT_SCHEMA, runMigrations, withBackend } from "bullmq";
import type { QueueDepth } from "../../core/queue.ts";
import { addEach } from "./add-each.ts";
import type { QueueDriver } from "./driver.ts";
import { createPause } from "./pause.ts";
import { DUE_AT, NO_EVENTS } from "./policy.ts";
import { postgresBackendBy, shiftOf } from "./store-time.ts";
import { widen } from "./widen.ts";

export type { PgPool, PgPoolClient, PgQueryResult } from "bullmq";

/** The schema of BullMQ's tables: the search_path of every connection that the pool hands out. */
export const QUEUE_SCHEMA = DEFAULT_SCHEMA;

/** Measured on Postgres compiled to WASM: one job costs 2 ms alone and 15 in bulk, ten 15 either way, a hundred 47 in bulk. */
const BULK_FROM = 10;

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
 * @param pool connections with search_path {@link QUEUE_SCHEMA}, after {@link migrateQueue}; stays the caller's.
 * @param isAway tells broken connections from statements that the database refused.
 * @param now the store's clock, milliseconds since the epoch; this process's by default.
 */
export function postgresDriver(
  pool: PgPool,
  isAway: (error: unknown) => boolean,
  now: () => number = Date.now,
): QueueDriver {
  const bull = withBackend(postgresBackendBy(shiftOf(now)));
  return {
    // BullMQ's column is jsonb, which reorders keys and refuses U+0000. A string within it is left alone.
    pack: (data) => JSON.stringify(data),
    unpack: (data) => JSON.parse(data as string) as unknown,

    producer(name) {
      const queue = new bull.Queue(name, { connection: pool, streams: NO_EVENTS });
      queue.on("error", () => {});
      return {
        ...createPause(queue),
        // BullMQ's bulk statement makes two temporary tables each time: dear, and worth it only for many.
        add: (jobs) => (jobs.length < BULK_FROM ? addEach(queue, jobs) : queue.addBulk([...jobs])),
        close: () => queue.close(),
      };
    },

    worker(name, process, options) {
      const worker = new bull.Worker(name, process, { ...options, connection: pool });
      return { worker, widen: (concurrency) => widen(worker, concurrency), disconnect: () => {} };
    },

    async depth(name): Promise<QueueDepth> {
      const { rows } = await pool.query<Record<"waiting" | "active" | "delayed" | "oldest" | "due", unknown>>(
        `SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
                count(*) FILTER (WHERE state = 'active') AS active,
                count(*) FILTER (WHERE state = 'delayed') AS delayed,
                min(added_at_ms) AS oldest,
                min(CASE
                  WHEN failed_reason IS NULL THEN added_at_ms
                  WHEN failed_reason ~ $2 THEN substring(failed_reason FROM $2)::bigint
                  WHEN state = 'delayed' THEN process_at_ms
                  ELSE coalesce(processed_at_ms, added_at_ms)
                END) AS due
         FROM job WHERE queue = $1`,
        [name, `^${DUE_AT}([0-9]{1,15})$`],
      );
      const row = rows[0];
      const ageOf = (since: unknown) => (since === null ? 0 : Math.max(0, now() - Number(since)));
      return {
        waiting: Number(row?.waiting),
        active: Number(row?.active),
        delayed: Number(row?.delayed),
        oldestMs: ageOf(row?.oldest ?? null),
        dueMs: ageOf(row?.due ?? null),
      };
    },

    async holds(name, ids) {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM job WHERE queue = $1 AND id = ANY($2::text[])",
        [name, ids],
      );
      return new Set(rows.map((row) => row.id));
    },

    now,
    ping: () => pool.query("SELECT 1", []),
    isAway,
  };
}
