/** The sweeper: stored work that the queue does not hold (a crash between the two) is queued again, by any worker. */

import { asFault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { decideJobFor } from "../core/job.ts";
import type { Ledger } from "../core/ledger.ts";
import type { Queue } from "../core/queue.ts";
import { isTrouble } from "../core/trouble.ts";

export interface SweepNeeds {
  readonly ledger: Pick<Ledger, "pending">;
  readonly queue: Pick<Queue, "enqueue" | "holds">;
  readonly tell: Tell;
  readonly clock?: () => number;
  /** Younger deliveries are still in the hands of the request that brought them. Milliseconds. */
  readonly minAge?: number;
}

/** How old a delivery must be; milliseconds. Writing to the queue is given up long before. */
const MIN_AGE_MS = 10_000;
/** Deliveries looked at together. */
const BATCH = 500;
/** Batches of one sweep: under a backlog of many thousands sweeping must not become the main work. */
const BATCHES = 10;

/**
 * Makes sweeps. Each goes on where the one before ended, oldest first, so that lost work is found behind any number of
 * deliveries that the queue rightly holds.
 *
 * @returns makes one sweep; resolves with how many jobs were missing and are queued again.
 */
export function createSweep(needs: SweepNeeds): () => Promise<number> {
  const { clock = Date.now, minAge = MIN_AGE_MS } = needs;
  let next: string | undefined;
  return async () => {
    let found = 0;
    for (let batch = 0; batch < BATCHES; batch++) {
      const swept = await sweepBatch(needs, clock() - minAge, next);
      found += swept.found;
      next = swept.next;
      if (next === undefined) break;
    }
    return found;
  };
}

/**
 * Makes sweeps of all that is due, however much that is: for somebody who has to know what a sweep leaves.
 *
 * @returns makes one; resolves with the moment before which a delivery was received to be due, milliseconds since the
 *   epoch.
 */
export function createWholeSweep(needs: Omit<SweepNeeds, "tell">): () => Promise<number> {
  const { clock = Date.now, minAge = MIN_AGE_MS } = needs;
  return async () => {
    const before = clock() - minAge;
    let next: string | undefined;
    do ({ next } = await sweepBatch(needs, before, next));
    while (next !== undefined);
    return before;
  };
}

interface Swept {
  readonly found: number;
  readonly next: string | undefined;
}

async function sweepBatch(
  { ledger, queue }: Pick<SweepNeeds, "ledger" | "queue">,
  before: number,
  cursor: string | undefined,
): Promise<Swept> {
  const page = { limit: BATCH, ...(cursor !== undefined && { cursor }) };
  const work = await ledger.pending(before, page);
  const jobs = [...work.undecided.map(decideJobFor), ...work.jobs];
  const held = jobs.length === 0 ? new Set() : await queue.holds(jobs.map((job) => job.id));
  const lost = jobs.filter((job) => !held.has(job.id));
  if (lost.length > 0) await queue.enqueue(lost);
  return { found: lost.length, next: work.next };
}

export interface Sweeper {
  /** The store is back: sweeps now, and again as soon as what it was brought last may be swept. */
  soon(): void;
  stop(): Promise<void>;
}

/** Sweeps now and then every `every` milliseconds until stopped; a sweep that fails is tried again. */
export function keepSweeping(needs: SweepNeeds, every = 15_000): Sweeper {
  const { tell, minAge = MIN_AGE_MS } = needs;
  const sweep = createSweep(needs);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current: Promise<void> = run(every);

  async function run(pause: number): Promise<void> {
    await sweep().catch((error: unknown) => {
      // A store that is away is told of by itself.
      if (!isTrouble(error)) tell({ type: "defect", where: "sweep", error: asFault(error) });
    });
    if (stopped) return;
    timer = setTimeout(() => {
      current = run(every);
    }, pause);
    timer.unref();
  }

  return {
    soon() {
      current = current.then(() => {
        clearTimeout(timer);
        return stopped ? undefined : run(Math.min(every, minAge));
      });
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
