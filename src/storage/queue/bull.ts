/** The queue port on BullMQ, for every storage that a driver reaches: one queue of BullMQ's for each kind of job. */

import type { Job } from "../../core/job.ts";
import type { Queue, QueueDepth } from "../../core/queue.ts";
import { orAway } from "./away.ts";
import { inBatches } from "./batch.ts";
import { startConsumer } from "./consumer.ts";
import type { Addition, QueueDriver } from "./driver.ts";
import { envelope } from "./format.ts";
import { jobOptions, KINDS, LANES, POLICY } from "./policy.ts";

export interface BullQueueOptions {
  readonly driver: QueueDriver;
  /** Hears what goes wrong in the background: a handler that threw, a lock that was lost. Must not throw. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Makes the queue.
 *
 * @returns a queue whose `enqueue` rejects with SLUICE_STORE_AWAY within 2 s when the storage does not answer, and which
 *   goes on by itself when the storage is back.
 */
export function createBullQueue({ driver, onError = () => {} }: BullQueueOptions): Queue {
  const lanes = KINDS.map((kind) => ({ kind, name: LANES[kind], producer: driver.producer(LANES[kind]) }));
  const onEach = <T>(work: (lane: (typeof lanes)[number]) => Promise<T>, limitMs: number): Promise<T[]> =>
    orAway(Promise.all(lanes.map(work)), limitMs);

  const addition = (job: Job): Addition => ({
    name: job.kind,
    data: driver.pack(envelope(job)),
    opts: jobOptions(job),
  });
  const write = inBatches<Job>(async (jobs) => {
    await onEach(async ({ kind, producer }) => {
      const own = jobs.filter((job) => job.kind === kind);
      if (own.length > 0) await producer.add(own.map(addition));
    }, POLICY.enqueueMs);
  }, POLICY.batch);

  const ping = async () => {
    await orAway(driver.ping(), POLICY.pingMs);
  };

  return {
    enqueue: (jobs) => orAway(write(jobs), POLICY.enqueueMs),
    async consume(handler, { concurrency }) {
      await ping();
      const consumers = lanes.map(({ name }) =>
        startConsumer({ driver, name, handler, concurrency, onError }),
      );
      return {
        async stop(graceMs) {
          await Promise.all(consumers.map((consumer) => consumer.stop(graceMs)));
        },
      };
    },
    depth: async () => sum(await onEach(({ name }) => driver.depth(name), POLICY.askMs)),
    async holds(ids) {
      const held = await onEach(({ name }) => driver.holds(name, ids), POLICY.askMs);
      return new Set(held.flatMap((some) => [...some]));
    },
    async pause(note) {
      await onEach(({ producer }) => producer.pause(note), POLICY.askMs);
    },
    async resume() {
      await onEach(({ producer }) => producer.resume(), POLICY.askMs);
    },
    async state() {
      const states = await onEach(({ producer }) => producer.state(), POLICY.askMs);
      return states.find(({ paused }) => paused) ?? { paused: false };
    },
    ping,
    async close() {
      await Promise.all(lanes.map(({ producer }) => producer.close()));
    },
  };
}

function sum(depths: readonly QueueDepth[]): QueueDepth {
  const total = (field: "waiting" | "active" | "delayed") =>
    depths.reduce((count, depth) => count + depth[field], 0);
  return {
    waiting: total("waiting"),
    active: total("active"),
    delayed: total("delayed"),
    oldestMs: Math.max(...depths.map(({ oldestMs }) => oldestMs)),
    dueMs: Math.max(...depths.map(({ dueMs }) => dueMs)),
  };
}
