/** Checks over one survey of the storage: asked once for all of them, and not again for some seconds. */

import type { Check, CheckAnswer } from "../core/check.ts";
import { reasonOf } from "../core/errors.ts";
import { orAway } from "./queue/away.ts";

/**
 * strict: a store that may forget what it accepted is not ready. relaxed: it is, and says what it may forget. replicated: as
 * strict, and a delivery counts as accepted only when a replica has it.
 */
export type Durability = "strict" | "relaxed" | "replicated";

/** What one check makes of a survey. */
export type Judge<Survey> = (survey: Survey) => CheckAnswer;

/** Milliseconds for which a survey is good: `/readyz` may be asked often, and settings change seldom. */
const GOOD_FOR_MS = 5_000;
/** Below the time that `/readyz` gives a check. */
const ASK_MS = 1_500;

/**
 * Makes checks that share a survey.
 *
 * A survey that fails makes them degraded, not failed: whether the storage answers at all is another check's matter.
 *
 * @param ask makes the survey; given up after 1.5 s.
 * @param judges name of the check to what it makes of the survey.
 */
export function surveyChecks<Survey>(
  ask: () => Promise<Survey>,
  judges: Readonly<Record<string, Judge<Survey>>>,
): readonly Check[] {
  let asked = Number.NEGATIVE_INFINITY;
  let latest: Promise<Survey> | undefined;
  const survey = (): Promise<Survey> => {
    const now = performance.now();
    if (latest === undefined || now - asked >= GOOD_FOR_MS) {
      asked = now;
      latest = orAway(ask(), ASK_MS);
      // No answer is not remembered: the next may come at once.
      latest.catch(() => {
        latest = undefined;
      });
    }
    return latest;
  };
  const [first] = Object.keys(judges);
  return Object.entries(judges).map(([name, judge]) => ({
    name,
    async check() {
      try {
        return judge(await survey());
      } catch (error) {
        // One reason for all of them: the first says it.
        const why = name === first ? `: ${reasonOf(error)}` : `; ${first} says why`;
        return { state: "degraded", message: `could not be asked${why}` };
      }
    },
  }));
}

/** Nothing to mend. */
export const ok = (message: string): CheckAnswer => ({ state: "ok", message });

/** Worth mending, yet nothing that was accepted is at risk by itself. */
export const degraded = (message: string, fix: string): CheckAnswer => ({ state: "degraded", message, fix });

/** Deliveries must go elsewhere. */
export const failed = (message: string, fix: string): CheckAnswer => ({ state: "failed", message, fix });

/** The storage may forget what it accepted: how bad that is, the operator says. */
export const forgets = (durability: Durability, message: string, fix: string): CheckAnswer => ({
  state: durability === "relaxed" ? "degraded" : "failed",
  message,
  fix,
});

/** Milliseconds between our clock and the storage's from which on ages and retries are told wrongly. */
const SKEW_MS = 2_000;

/** @param skewMs the storage's clock minus ours, milliseconds. */
export function judgeClock(skewMs: number): CheckAnswer {
  const off = Math.abs(skewMs);
  if (off <= SKEW_MS) return ok(`within ${SKEW_MS / 1_000} s of ours`);
  const seconds = (off / 1_000).toFixed(1);
  return degraded(
    `${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} ours: ages and retries are told wrongly`,
    "Run NTP on both machines.",
  );
}
