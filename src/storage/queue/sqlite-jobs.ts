/** Jobs in the embedded database: what the queue does with them, as operations of the database's thread. */

import type { QueueDepth } from "../../core/queue.ts";
import { EACH, listOf, type SqliteDatabase } from "../../core/sqlite.ts";
import type { PauseNote } from "./pause.ts";

/** What version 1 of the store has of the queue. */
export const QUEUE_TABLES: readonly string[] = [
  `CREATE TABLE job (
    id TEXT PRIMARY KEY,
    lane TEXT NOT NULL,
    -- waiting, active or delayed.
    state TEXT NOT NULL,
    -- Their order, among those that wait.
    turn INTEGER NOT NULL,
    -- Times that it was handed out.
    starts INTEGER NOT NULL,
    due_at INTEGER,
    received_at INTEGER NOT NULL,
    -- Since when it is due; in the future while it waits for its next try.
    since INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX job_turn ON job (lane, state, turn)",
  "CREATE INDEX job_due ON job (lane, due_at) WHERE state = 'delayed'",
  "CREATE INDEX job_received ON job (received_at)",
  "CREATE INDEX job_since ON job (since)",
  "CREATE TABLE pause (note TEXT NOT NULL) STRICT",
];

/** A job to be added. */
export interface NewJob {
  readonly id: string;
  readonly lane: string;
  readonly receivedAt: number;
  readonly data: string;
}

/** A job that is handed out. Its number of starts tells this time from the next one. */
export interface TakenJob {
  readonly id: string;
  readonly starts: number;
  readonly data: string;
}

/** A job as whoever has it in hand knows it. */
export type InHand = Pick<TakenJob, "id" | "starts">;

export interface Taken {
  readonly jobs: readonly TakenJob[];
  /** When the next of the delayed ones is due, milliseconds since the epoch. */
  readonly dueAt?: number;
}

export type QueueOperations = ReturnType<typeof queueOperations>;

export function queueOperations(db: SqliteDatabase) {
  let turn = db.get<{ turn: number | null }>("SELECT max(turn) AS turn FROM job")?.turn ?? 0;

  const isPaused = (): boolean => db.get("SELECT 1 FROM pause") !== undefined;

  /** Those whose time has come stand behind those that wait already. */
  function wake(lane: string, now: number, atMost: number): void {
    const due = db.all<{ id: string }>(
      "SELECT id FROM job WHERE lane = ? AND state = 'delayed' AND due_at <= ? ORDER BY due_at LIMIT ?",
      ...[lane, now, atMost],
    );
    for (const { id } of due)
      db.run("UPDATE job SET state = 'waiting', due_at = NULL, turn = ? WHERE id = ?", ++turn, id);
  }

  return {
    /** A job whose id is there already is not added again. */
    add(jobs: readonly NewJob[]): void {
      for (const { id, lane, receivedAt, data } of jobs)
        db.run(
          `INSERT INTO job (id, lane, state, turn, starts, received_at, since, data)
          VALUES (?, ?, 'waiting', ?, 0, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
          ...[id, lane, ++turn, receivedAt, receivedAt, data],
        );
    },

    /** Hands jobs out; none while the queue is paused. @param now milliseconds since the epoch. */
    take(lane: string, atMost: number, now: number): Taken {
      if (isPaused()) return { jobs: [] };
      wake(lane, now, atMost);
      const jobs = db.all<TakenJob>(
        "SELECT id, starts + 1 AS starts, data FROM job WHERE lane = ? AND state = 'waiting' ORDER BY turn LIMIT ?",
        ...[lane, atMost],
      );
      for (const { id } of jobs)
        db.run("UPDATE job SET state = 'active', starts = starts + 1 WHERE id = ?", id);
      const next = db.get<{ due_at: number | null }>(
        "SELECT min(due_at) AS due_at FROM job WHERE lane = ? AND state = 'delayed'",
        lane,
      );
      return { jobs, ...(next?.due_at != null && { dueAt: next.due_at }) };
    },

    /** Forgets a job that is done. What is said of it by whoever had it before changes nothing. */
    finish: ({ id, starts }: InHand): void =>
      void db.run("DELETE FROM job WHERE id = ? AND state = 'active' AND starts = ?", id, starts),

    /** A try failed: the next one is due at that time. */
    retry: ({ id, starts }: InHand, dueAt: number): void =>
      void db.run(
        "UPDATE job SET state = 'delayed', due_at = ?, since = ? WHERE id = ? AND state = 'active' AND starts = ?",
        ...[dueAt, dueAt, id, starts],
      ),

    /** It was not tried, and has been due all the same. @param data replaces what the job holds. */
    putOff: ({ id, starts }: InHand, dueAt: number, data: string | null): void =>
      void db.run(
        `UPDATE job SET state = 'delayed', due_at = ?, data = coalesce(?, data)
        WHERE id = ? AND state = 'active' AND starts = ?`,
        ...[dueAt, data, id, starts],
      ),

    /** It waits again, in its old place. */
    handBack: ({ id, starts }: InHand, data: string | null): void =>
      void db.run(
        "UPDATE job SET state = 'waiting', data = coalesce(?, data) WHERE id = ? AND state = 'active' AND starts = ?",
        ...[data, id, starts],
      ),

    /** Gives back what a process had in hand that is gone: no other can have the store open. */
    release: (): void => void db.run("UPDATE job SET state = 'waiting' WHERE state = 'active'"),

    depth(now: number): QueueDepth {
      const rows = db.all<{ state: string; count: number }>(
        "SELECT state, count(*) AS count FROM job GROUP BY state",
      );
      const of = (state: string) => rows.find((row) => row.state === state)?.count ?? 0;
      const oldest = db.get<{ at: number | null }>("SELECT min(received_at) AS at FROM job")?.at ?? now;
      const since = db.get<{ at: number | null }>("SELECT min(since) AS at FROM job")?.at ?? now;
      return {
        ...{ waiting: of("waiting"), active: of("active"), delayed: of("delayed") },
        oldestMs: Math.max(0, now - oldest),
        dueMs: Math.max(0, now - since),
      };
    },

    holds: (ids: readonly string[]): readonly string[] =>
      db.all<{ id: string }>(`SELECT id FROM job WHERE id IN (${EACH})`, listOf(ids)).map(({ id }) => id),

    pause(note: PauseNote): void {
      db.run("DELETE FROM pause");
      db.run("INSERT INTO pause (note) VALUES (?)", JSON.stringify(note));
    },
    resume: (): void => void db.run("DELETE FROM pause"),
    note(): PauseNote | undefined {
      const row = db.get<{ note: string }>("SELECT note FROM pause");
      return row && (JSON.parse(row.note) as PauseNote);
    },
    ping: (): void => {},
  };
}
