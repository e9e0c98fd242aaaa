/** The pruner: what the retention policy lets go is forgotten, by workers, a little at a time. */

import type { StoreClock } from "../core/clock.ts";
import { asFault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Ledger } from "../core/ledger.ts";
import type { RetentionPolicy } from "../core/retention.ts";
import { isTrouble } from "../core/trouble.ts";

export interface PruneNeeds {
  readonly ledger: Pick<Ledger, "prune">;
  readonly policy: RetentionPolicy;
  readonly tell: Tell;
  readonly clock: Pick<StoreClock, "now" | "fault">;
  /** Milliseconds between two rounds; default a minute. */
  readonly every?: number;
}

/** Deliveries of one call, and calls of one round: forgetting must not become the main work. */
const BATCH = 200;
const BATCHES = 50;

/**
 * Prunes now and then until stopped; a round that fails is told and the next one tries again. While the clock is not
 * believed nothing is pruned.
 */
export function keepPruning({ ledger, policy, tell, clock, every = 60_000 }: PruneNeeds): {
  stop(): Promise<void>;
} {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let current = run();

  async function run(): Promise<void> {
    await round().catch((error: unknown) => {
      // A store that is away is told of by itself.
      if (!isTrouble(error)) tell({ type: "defect", where: "prune", error: asFault(error) });
    });
    if (stopped) return;
    timer = setTimeout(() => {
      current = run();
    }, every);
    timer.unref();
  }

  async function round(): Promise<void> {
    const gone = { deliveries: 0, payloads: 0 };
    for (let batch = 0; batch < BATCHES && !stopped; batch++) {
      if (clock.fault() !== undefined) break;
      const { deliveries, payloads } = await ledger.prune(policy, clock.now(), BATCH);
      gone.deliveries += deliveries;
      gone.payloads += payloads;
      if (deliveries + payloads < BATCH) break;
    }
    if (gone.deliveries + gone.payloads > 0) tell({ type: "ledger.pruned", ...gone });
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
