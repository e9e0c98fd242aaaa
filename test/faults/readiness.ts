/** Whether /readyz says what senders get: sampled while a burst runs, and held against its answers. */

import type { GatewayProcess } from "../helpers/gateway.ts";

export interface Readiness {
  /** Hears of each answer of the burst. */
  answered(status: number): void;
  /** Ends it. @returns what readiness said wrongly, and for how long at most; milliseconds. */
  end(): Promise<{ readonly faults: readonly string[]; readonly wrongMs: number }>;
}

const EVERY_MS = 500;
/** A cached survey, the moment of the change and the answers under way: so long the two may differ. */
const ALLOWED_MS = 3_000;

export function watchReadiness({ admin }: GatewayProcess): Readiness {
  const counts = { taken: 0, refused: 0 };
  let wrongSince: number | undefined;
  let wrongMs = 0;
  let said = "";
  let asking = Promise.resolve();

  async function sample(): Promise<void> {
    const { taken, refused } = counts;
    counts.taken = 0;
    counts.refused = 0;
    const response = await fetch(`${admin}/readyz`).catch(() => undefined);
    const ready = response?.status === 200;
    await response?.body?.cancel();
    const lied = ready ? refused > 0 && taken === 0 : taken > 0 && refused === 0;
    if (!lied) wrongSince = undefined;
    else {
      wrongSince ??= performance.now();
      const ms = performance.now() - wrongSince;
      if (ms > wrongMs)
        [wrongMs, said] = [ms, ready ? "ready while all was refused" : "not ready while all was taken"];
    }
  }
  const timer = setInterval(() => {
    asking = asking.then(sample);
  }, EVERY_MS);

  return {
    answered(status) {
      if (status === 202) counts.taken++;
      else counts.refused++;
    },
    async end() {
      clearInterval(timer);
      await asking;
      const faults = wrongMs > ALLOWED_MS ? [`/readyz was ${said} for ${Math.round(wrongMs)} ms`] : [];
      return { faults, wrongMs: Math.round(wrongMs) };
    },
  };
}
