/** Work on the side that must not become the main work, however much of it there is. */

import { setTimeout as wait } from "node:timers/promises";

/** Does a piece of work when its turn comes. @throws what the work throws. */
export type Sparing = (work: () => Promise<unknown>) => Promise<void>;

/**
 * @param part of the time that may be spent. What waits is done together, as one round trip carries it all; then there
 *   is a rest, in proportion to what it took.
 */
export function createSparing(part: number): Sparing {
  let waiting: (() => Promise<void>)[] = [];
  let busy = false;

  async function workOff(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      const together = waiting;
      waiting = [];
      const from = performance.now();
      await Promise.all(together.map((work) => work()));
      const took = performance.now() - from;
      await wait(took * (1 / part - 1), undefined, { ref: false });
    }
    busy = false;
  }

  return (work) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push(() => work().then(() => resolve(), reject));
    if (!busy) void workOff();
    return promise;
  };
}
