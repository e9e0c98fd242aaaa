/** The pruner: what the retention policy lets go is forgotten, by workers, a little at a time. */

import { asFault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Ledger } from "../core/ledger.ts";
import type { RetentionPolicy } from "../core/retention.ts";
import { isTrouble } from "../core/trouble.ts";

export interface PruneNeeds {
  readonly ledger: Pick<Ledger, "prune">;
  readonly policy: RetentionPolicy;
  readonly tell: Tell;
  readonly clock?: () => number;
  /** Milliseconds between two rounds; default a minute. */
  readonly every?: number;
}

/** Deliveries of one call, and calls of one round: forgetting must not become the main work. */
const BATCH = 200;
const BATCHES = 50;

/** Prunes now and then until stopped; a round that fails is told and the next one tries again. */
export function keepPruning({ ledger, policy, tell, clock = Date.now, every = 60_000 }: PruneNeeds): {
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
      const { deliveries, payloads } = await ledger.prune(policy, clock(), BATCH);
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
