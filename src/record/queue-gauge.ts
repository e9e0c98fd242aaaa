/** The queue's depth as gauges: asked when somebody scrapes, never longer than the scrape can wait. */

import type { Registry } from "prom-client";
import { Gauge } from "prom-client";
import type { QueueDepth } from "../core/queue.ts";

/** A second scraper within this time gets the same numbers. */
const FRESH_MS = 1_000;
const LIMIT_MS = 1_000;

/**
 * Registers sluice_queue_jobs and sluice_queue_oldest_seconds. While the queue does not answer, both have no samples:
 * old numbers would look like news.
 *
 * @param depth asks the queue; asked once at a time.
 */
export function gaugeQueue(register: Registry, depth: () => Promise<QueueDepth>): void {
  const latest = remembered(depth);
  const registers = [register];
  new Gauge({
    name: "sluice_queue_jobs",
    help: "Jobs in the queue.",
    labelNames: ["state"],
    registers,
    async collect() {
      const now = await latest();
      this.reset();
      if (now === undefined) return;
      this.set({ state: "waiting" }, now.waiting);
      this.set({ state: "active" }, now.active);
      this.set({ state: "delayed" }, now.delayed);
    },
  });
  new Gauge({
    name: "sluice_queue_oldest_seconds",
    help: "Age of the oldest job that is waiting, active or delayed; 0 when there is none.",
    registers,
    async collect() {
      const now = await latest();
      if (now === undefined) this.remove();
      else this.set(now.oldestMs / 1_000);
    },
  });
}

/** The depth, at most a second old; undefined when it cannot be had within the limit. */
function remembered(ask: () => Promise<QueueDepth>): () => Promise<QueueDepth | undefined> {
  let known: { readonly depth: QueueDepth | undefined; readonly at: number } | undefined;
  let asking: Promise<QueueDepth | undefined> | undefined;
  return async () => {
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.depth;
    asking ??= (async () => ask())()
      .catch(() => undefined)
      .then((depth) => {
        known = { depth, at: performance.now() };
        asking = undefined;
        return depth;
      });
    return inTime(asking);
  };
}

async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS, undefined);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
