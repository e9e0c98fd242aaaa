/** What becomes of work that the store holds and nobody believes: it is told of, and what others may believe is held. */

import type { SluiceError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Disposition } from "../core/queue.ts";

/** Held work is looked at again after this: by a worker that has the key, or when an operator has said what counts. */
const HOLD_MS = 30_000;
/** Held work of one reason is told of once in this time, however much it is. */
const TELL_MS = 60_000;

/**
 * Makes the function that hears of distrust.
 *
 * @returns what to do with the job: it is held, untried, so that it is neither lost nor killed by a gateway that lacks a
 *   key; undefined where it was changed, and must be given up.
 */
export function createDistrust(tell: Tell, clock: () => number) {
  const toldAt = new Map<SluiceError["code"], number>();
  return (delivery: string, error: SluiceError): Disposition | undefined => {
    const now = clock();
    const held = error.retry !== "never";
    if (!held || now - (toldAt.get(error.code) ?? Number.NEGATIVE_INFINITY) >= TELL_MS) {
      toldAt.set(error.code, now);
      tell({ type: "store.distrusted", delivery, error });
    }
    return held ? { kind: "aside", afterMs: HOLD_MS } : undefined;
  };
}
