/** Adds jobs to a queue of BullMQ one by one. */

import type { Addition } from "./driver.ts";

/** The part of BullMQ's Queue that adding needs. */
export interface AddingQueue {
  add(name: string, data: Addition["data"], opts: Addition["opts"]): Promise<unknown>;
}

export function addEach(queue: AddingQueue, jobs: readonly Addition[]): Promise<readonly unknown[]> {
  return Promise.all(jobs.map(({ name, data, opts }) => queue.add(name, data, opts)));
}
