/** Lets deliveries wait for a store that is away for a moment, instead of refusing them. */

import { setTimeout as sleep } from "node:timers/promises";
import { SluiceError } from "../core/errors.ts";
import type { Hold } from "../core/store.ts";
import { mayBeBrief } from "../core/trouble.ts";
import type { StoreNews } from "./health.ts";

/** From this multiple of the hold on, an outage is no short one: senders hear of it at once. */
const SHORT = 5;
/** Milliseconds before a write is made again that failed though the store is there. */
const PAUSE_MS = 25;

/** Whether a write that failed so may have been done. */
function mayBeWritten(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return true;
  const { code, values } = error;
  return (
    code === "SLUICE_STORE_UNREPLICATED" || (code === "SLUICE_STORE_AWAY" && values["toldCure"] === undefined)
  );
}

/**
 * Makes it.
 *
 * @param holdMs milliseconds from the beginning of a write until its last try begins; 0: the first try is the last.
 */
export function createHold(news: Pick<StoreNews, "awayFor" | "back" | "now">, holdMs: number): Hold {
  if (holdMs === 0) return (write) => write();
  const isShort = (awayFor: number): boolean => awayFor < holdMs * SHORT;

  let waiting = 0;
  async function wait(pause: () => Promise<unknown>): Promise<void> {
    waiting++;
    try {
      await pause();
    } finally {
      waiting--;
    }
  }

  const hold: Hold = async (write) => {
    const until = news.now() + holdMs;
    // Behind those that wait already: they came first.
    const awayFor = news.awayFor();
    if (awayFor !== undefined && isShort(awayFor)) await wait(() => news.back(holdMs));
    let unsure: unknown;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        // A later try that was never sent must not promise that nothing was written.
        if (mayBeWritten(error)) unsure ??= error;
        const left = until - news.now();
        if (left <= 0 || !mayBeBrief(error) || !isShort(news.awayFor() ?? 0)) throw unsure ?? error;
        const isBack = news.awayFor() === undefined;
        await wait(() => (isBack ? sleep(Math.min(PAUSE_MS, left)) : news.back(left)));
      }
    }
  };
  return Object.assign(hold, { waiting: () => waiting });
}
