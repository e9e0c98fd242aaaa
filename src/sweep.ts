/** The sweeper: stored work that the queue does not hold (a crash between the two) is queued again, by any worker. */

import { fault, reasonOf } from "./core/errors.ts";
import type { Tell } from "./core/fact.ts";
import { decideJobId } from "./core/identity.ts";
import type { Job } from "./core/job.ts";
import type { Ledger } from "./core/ledger.ts";
import type { Queue } from "./core/queue.ts";

export interface SweepNeeds {
  readonly ledger: Pick<Ledger, "pending">;
  readonly queue: Pick<Queue, "enqueue" | "holds">;
  readonly tell: Tell;
  readonly clock?: () => number;
  /** Younger deliveries are still in the hands of the request that brought them. Milliseconds. */
  readonly minAge?: number;
}

const BATCH = 500;

/**
 * Makes one sweep.
 *
 * @returns how many jobs were missing and are queued again.
 */
export function createSweep(needs: SweepNeeds): () => Promise<number> {
  const { ledger, queue, clock = Date.now, minAge = 10_000 } = needs;
  return async () => {
    const { undecided, jobs } = await ledger.pending(clock() - minAge, BATCH);
    const decides: Job[] = undecided.map(({ id, listener, receivedAt }) => ({
      kind: "decide",
      id: decideJobId(id),
      delivery: id,
      listener,
      receivedAt,
    }));
    const all = [...decides, ...jobs];
    if (all.length === 0) return 0;
    const held = await queue.holds(all.map((job) => job.id));
    const lost = all.filter((job) => !held.has(job.id));
    if (lost.length > 0) await queue.enqueue(lost);
    return lost.length;
  };
}

/** Sweeps now and then every `every` milliseconds until stopped; a sweep that fails is told and tried again. */
export function keepSweeping(needs: SweepNeeds, every = 15_000): { stop(): Promise<void> } {
  const sweep = createSweep(needs);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current: Promise<unknown> = run();
  async function run(): Promise<void> {
    await sweep().catch((error: unknown) => {
      const failure = fault("SLUICE_STORE_AWAY", { reason: reasonOf(error) }, { cause: error });
      needs.tell({ type: "defect", where: "sweep", error: failure });
    });
    if (stopped) return;
    timer = setTimeout(() => {
      current = run();
    }, every);
    timer.unref();
  }
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
