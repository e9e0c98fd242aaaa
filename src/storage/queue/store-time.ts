/** Translates BullMQ's times, which are this process's, into the store's where a worker speaks to the storage, and back. */

import { createPostgresBackend, createRedisBackend } from "bullmq";

/** Milliseconds below which clocks count as the same. */
const SAME_MS = 1_000;
/** Milliseconds since the epoch are above this, all other numbers of a worker's commands below. */
const EPOCH_MS = 1e12;

/** @param now milliseconds since the epoch by the store's clock. @returns what that is ahead of this process's clock. */
export function shiftOf(now: () => number): () => number {
  return () => {
    const shift = now() - Date.now();
    return Math.abs(shift) < SAME_MS ? 0 : shift;
  };
}

const moved = (value: unknown, by: number): unknown =>
  typeof value === "number" && value >= EPOCH_MS ? value + by : value;

const allMoved = (values: readonly unknown[], by: number): unknown[] =>
  values.map((value) => moved(value, by));

/**
 * The backend of a worker on Redis. BullMQ compares its process's clock with what other gateways wrote: when jobs are due,
 * and on Postgres when locks run out (bullmq 6.7.0).
 *
 * @param shift as {@link shiftOf} makes it.
 */
export function redisBackendBy(shift: () => number): typeof createRedisBackend {
  return (...options) => {
    const backend = createRedisBackend(...options);
    const send = backend.execCommand.bind(backend);
    backend.execCommand = (client, name, args) => {
      const by = shift();
      if (by === 0) return send(client, name, args);
      const answer: unknown = send(client, name, allMoved(args, by));
      // Where no job was there: when the next one is due.
      const back = (found: unknown) => (Array.isArray(found) ? allMoved(found, -by) : found);
      return answer instanceof Promise ? answer.then(back) : answer;
    };
    const waitForJob = backend.waitForJob.bind(backend);
    backend.waitForJob = async (timeout) => {
      const found = await waitForJob(timeout);
      return found && { ...found, score: moved(found.score, -shift()) as number };
    };
    return backend;
  };
}

type Run = (command: string, params: readonly unknown[]) => Promise<{ readonly rows: readonly object[] }>;

/** The backend of a worker on Postgres. @param shift as {@link shiftOf} makes it. */
export function postgresBackendBy(shift: () => number): typeof createPostgresBackend {
  return (...options) => {
    const backend = createPostgresBackend(...options);
    const run = Reflect.get(backend, "run") as Run;
    const translated = async (by: number, command: string, params: readonly unknown[]) => {
      const answer = await run.call(backend, command, allMoved(params, by));
      return { ...answer, rows: answer.rows.map((row) => dueBy(row, -by)) };
    };
    Reflect.set(backend, "run", (...command: Parameters<Run>) => {
      const by = shift();
      return by === 0 ? run.apply(backend, command) : translated(by, ...command);
    });
    return backend;
  };
}

/** When the next job is due stands in one column of the answer; as a number, or as the digits of one. */
function dueBy(row: object, by: number): object {
  const due = "next_delay" in row ? row.next_delay : null;
  return due === null ? row : { ...row, next_delay: Number(due) + by };
}
