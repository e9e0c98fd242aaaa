/** The queue port on BullMQ, for every storage that a driver reaches. */

import type { Job } from "../core/job.ts";
import type { Queue } from "../core/queue.ts";
import { orAway } from "./away.ts";
import { inBatches } from "./batch.ts";
import { startConsumer } from "./consumer.ts";
import type { QueueDriver } from "./driver.ts";
import { jobOptions, POLICY, QUEUE } from "./policy.ts";

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
  const producer = driver.producer(QUEUE);

  const write = inBatches<Job>(async (jobs) => {
    const additions = jobs.map((job) => ({
      name: job.kind,
      data: driver.pack(job),
      opts: jobOptions(job),
    }));
    await orAway(producer.add(additions), POLICY.enqueueMs);
  }, POLICY.batch);

  const ping = async () => {
    await orAway(driver.ping(), POLICY.pingMs);
  };

  return {
    enqueue: (jobs) => orAway(write(jobs), POLICY.enqueueMs),
    async consume(handler, { concurrency }) {
      await ping();
      return startConsumer({ driver, handler, concurrency, onError });
    },
    depth: () => orAway(driver.depth(QUEUE), POLICY.askMs),
    holds: (ids) => orAway(driver.holds(QUEUE, ids), POLICY.askMs),
    pause: (note) => orAway(producer.pause(note), POLICY.askMs),
    resume: () => orAway(producer.resume(), POLICY.askMs),
    state: () => orAway(producer.state(), POLICY.askMs),
    ping,
    close: () => producer.close(),
  };
}
