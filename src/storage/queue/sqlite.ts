/** The queue port on the embedded database: one process has it, so workers are woken here and need no locks. */

import type { Job } from "../../core/job.ts";
import type { Queue } from "../../core/queue.ts";
import type { SqliteCall } from "../../core/sqlite.ts";
import { orAway } from "./away.ts";
import { envelope } from "./format.ts";
import { bornAt, KINDS, LANES, POLICY } from "./policy.ts";
import { startSqliteConsumer } from "./sqlite-consumer.ts";
import type { NewJob, QueueOperations } from "./sqlite-jobs.ts";

export interface SqliteQueueOptions {
  readonly call: SqliteCall<QueueOperations>;
  /** Hears what goes wrong in the background: a handler that threw, a verdict that could not be written. Must not throw. */
  readonly onError?: (error: unknown) => void;
  /** The store's clock, milliseconds since the epoch; this machine's by default. */
  readonly now?: () => number;
}

/** Makes the queue; what a process that is gone had in hand must have been given back. */
export function createSqliteQueue({ call, onError = () => {}, now = Date.now }: SqliteQueueOptions): Queue {
  /** Consumers, by lane: each is told when there may be something to take. */
  const consumers = new Set<{ readonly lane: string; wake(): void }>();
  const wake = (lane?: string): void => {
    for (const consumer of consumers) if (lane === undefined || consumer.lane === lane) consumer.wake();
  };
  const ping = async (): Promise<void> => orAway(call("ping"), POLICY.pingMs);

  return {
    async enqueue(jobs) {
      if (jobs.length === 0) return;
      await orAway(call("add", jobs.map(rowOf)), POLICY.enqueueMs);
      for (const lane of new Set(jobs.map(({ kind }) => LANES[kind]))) wake(lane);
    },
    async consume(handler, { concurrency }) {
      await ping();
      const started = KINDS.map((kind) => {
        const lane = LANES[kind];
        const consumer = startSqliteConsumer({
          call,
          lane,
          handler,
          concurrency,
          onError,
          now,
          wake: () => wake(lane),
        });
        const entry = { lane, wake: consumer.wake };
        consumers.add(entry);
        return { entry, consumer };
      });
      return {
        async stop(graceMs) {
          await Promise.all(
            started.map(async ({ entry, consumer }) => {
              await consumer.stop(graceMs);
              consumers.delete(entry);
            }),
          );
        },
      };
    },
    depth: () => orAway(call("depth", now()), POLICY.askMs),
    holds: async (ids) => new Set(await orAway(call("holds", ids), POLICY.askMs)),
    pause: (note) => orAway(call("pause", note), POLICY.askMs),
    async resume() {
      await orAway(call("resume"), POLICY.askMs);
      wake();
    },
    async state() {
      const note = await orAway(call("note"), POLICY.askMs);
      return note === undefined ? { paused: false } : { paused: true, note };
    },
    ping,
    async close() {},
  };
}

function rowOf(job: Job): NewJob {
  const { id, kind } = job;
  return { id, lane: LANES[kind], receivedAt: bornAt(job), data: JSON.stringify(envelope(job)) };
}
