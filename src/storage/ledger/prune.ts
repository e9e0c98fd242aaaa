/** Retention: what a policy lets go, in which order; the drivers only forget. */

import type { RetentionPolicy } from "../../core/retention.ts";
import { PRUNE_BATCH } from "./limits.ts";

/** settled: created, filtered or duplicate. Pending deliveries are in neither class. */
export type Forgettable = "settled" | "dead";

export interface Forgetter {
  /**
   * Forgets the oldest of a class that were received before a time, in one short write.
   *
   * @param before milliseconds since the epoch; Infinity for any time.
   * @param atMost from 1 to {@link PRUNE_BATCH}.
   * @returns how many; fewer than asked for when no more are old enough.
   */
  forget(kind: Forgettable, before: number, atMost: number): Promise<number>;
  /** Forgets the bodies of the oldest that have one and are neither pending nor dead and not dropped; counts as {@link forget}. */
  strip(before: number, atMost: number): Promise<number>;
  /** What is kept now: deliveries, and the bytes of what was stored of them. */
  kept(): Promise<{ readonly deliveries: number; readonly bytes: number }>;
}

/** @param now milliseconds since the epoch. @param limit deliveries, and bodies, of this call. */
export async function prune(
  { forget, strip, kept }: Forgetter,
  policy: RetentionPolicy,
  now: number,
  limit: number,
): Promise<{ readonly deliveries: number; readonly payloads: number }> {
  let deliveries = await many(limit, (atMost) => forget("settled", now - policy.age, atMost));
  deliveries += await many(limit - deliveries, (atMost) => forget("dead", now - policy.deadAge, atMost));
  while (deliveries < limit) {
    const atMost = Math.min(PRUNE_BATCH, limit - deliveries, excess(await kept(), policy));
    if (atMost <= 0) break;
    const gone = await forget("settled", Number.POSITIVE_INFINITY, atMost);
    const more = gone === 0 ? await forget("dead", Number.POSITIVE_INFINITY, atMost) : 0;
    if (gone + more === 0) break;
    deliveries += gone + more;
  }
  const payloads = await many(limit, (atMost) => strip(now - policy.payloadAge, atMost));
  return { deliveries, payloads };
}

/** How many deliveries are too many: by number, or by bytes at their mean size. */
function excess(
  { deliveries, bytes }: { readonly deliveries: number; readonly bytes: number },
  policy: RetentionPolicy,
): number {
  const tooMany = deliveries - (policy.count ?? deliveries);
  const tooLarge = bytes - (policy.bytes ?? bytes);
  return Math.max(tooMany, tooLarge > 0 ? Math.ceil((deliveries * tooLarge) / bytes) : 0);
}

async function many(limit: number, step: (atMost: number) => Promise<number>): Promise<number> {
  for (let done = 0; ; ) {
    const atMost = Math.min(PRUNE_BATCH, limit - done);
    if (!(atMost >= 1)) return done;
    const gone = await step(atMost);
    done += gone;
    if (gone < atMost) return done;
  }
}
