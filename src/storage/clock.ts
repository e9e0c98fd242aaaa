/** The store's clock, as a gateway keeps it: measured over a round trip, counted on by what no step of the time changes. */

import type { Check, CheckAnswer } from "../core/check.ts";
import type { StoreClock } from "../core/clock.ts";
import { asFault, fault, reasonOf, type SluiceError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { isTrouble } from "../core/trouble.ts";
import { degraded, ok } from "./survey.ts";

export interface StoreClockNeeds {
  /** Milliseconds since the epoch, as the store has it. */
  readonly ask: () => Promise<number>;
  /** The latest moment that stands in the store; undefined where none does. */
  readonly highWater: () => Promise<number | undefined>;
  readonly tell: Tell;
  /** This machine's clock, milliseconds since the epoch. */
  readonly wall?: () => number;
  /** Milliseconds, never going back. */
  readonly monotonic?: () => number;
  /** Milliseconds between two measurements. */
  readonly every?: number;
}

export interface KeptClock extends StoreClock {
  readonly check: Check;
  /** Asks the store now. @throws what `ask` throws. */
  measure(): Promise<void>;
  close(): void;
}

/**
 * Milliseconds between our clock and the store's from which on this gateway is not ready. Clocks that NTP keeps differ by
 * less than a second, and what checks time elsewhere (signatures, certificates, tokens) allows minutes.
 */
const SKEW_MS = 60_000;
/** Milliseconds from which on the difference is told. */
const TOLD_MS = 2_000;
/** A round trip that took longer says too little. Milliseconds. */
const SLOW_MS = 2_000;
/** Milliseconds for which a measurement is good enough for a check. */
const FRESH_MS = 5_000;
/** Milliseconds that a store's clock may go ahead of what was last known of it, and be believed at once. */
export const JUMP_MS = 3_600_000;
/** Milliseconds after a jump in which nothing is forgotten: for NTP, or a person, to set the clock right. */
export const HOLD_MS = 3_600_000;

interface Jump {
  /** The store's time at 0 of the monotonic clock, had it not jumped. */
  readonly base: number;
  /** Monotonic. */
  readonly until: number;
}

/**
 * Measures the store's clock, and again every `every` milliseconds until closed.
 *
 * @throws what `ask` and `highWater` throw at the first measurement.
 */
export async function openStoreClock(needs: StoreClockNeeds): Promise<KeptClock> {
  const { ask, tell, wall = Date.now, monotonic = () => performance.now(), every = 10_000 } = needs;
  /** The store's time at 0 of the monotonic clock. */
  let base = 0;
  let skew = 0;
  let measuredAt = Number.NEGATIVE_INFINITY;
  let jump: Jump | undefined;
  let told: SluiceError | undefined;
  let asking: Promise<void> | undefined;
  /** Why it cannot be known. */
  let unknown: string | undefined;

  const now = (): number => Math.floor(base + monotonic());

  async function measureOnce(first: boolean): Promise<void> {
    const from = monotonic();
    unknown = undefined;
    const time = await ask().catch(forbidden);
    const to = monotonic();
    const found = time - (from + to) / 2;
    // What lies within the error of the measurement is no news: time must not jitter.
    const error = (to - from) / 2 + 1;
    if (first || (Math.abs(found - base) > error && to - from <= SLOW_MS)) {
      if (!first) suspect(base, found);
      base = found;
    }
    skew = wall() - (base + monotonic());
    measuredAt = monotonic();
  }

  /** A user of the store who may not ask for its time is served by ours, as before there was this clock. */
  function forbidden(error: unknown): number {
    if (!/^NOPERM\b/.test(reasonOf(error))) throw error;
    unknown = reasonOf(error);
    return wall();
  }

  /** @param was the store's time at 0 of the monotonic clock, as it was known before; `is`, as it was found. */
  function suspect(was: number, is: number): void {
    const known = jump?.base ?? was;
    if (Math.abs(is - known) <= JUMP_MS) jump = undefined;
    else if (Math.abs(is - was) > JUMP_MS) jump = { base: known, until: monotonic() + HOLD_MS };
  }

  function settle(): void {
    if (jump !== undefined && monotonic() >= jump.until) jump = undefined;
  }

  function problem(): SluiceError | undefined {
    settle();
    if (Math.abs(skew) > SKEW_MS)
      return fault("SLUICE_CLOCK_SKEW", { off: span(skew), way: skew > 0 ? "ahead of" : "behind" });
    if (jump === undefined) return undefined;
    const by = base - jump.base;
    return fault("SLUICE_CLOCK_JUMP", {
      by: span(by),
      way: by > 0 ? "ahead of" : "behind",
      left: span(jump.until - monotonic()),
    });
  }

  function tellChange(): void {
    const found = problem();
    if (found?.code === told?.code) return;
    told = found;
    tell(found === undefined ? { type: "clock.right" } : { type: "clock.wrong", error: found });
  }

  function measure(): Promise<void> {
    asking ??= measureOnce(false)
      .then(tellChange)
      .finally(() => {
        asking = undefined;
      });
    return asking;
  }

  await measureOnce(true);
  const last = await needs.highWater();
  if (last !== undefined) suspect(last - monotonic(), base);
  tellChange();

  const timer = setInterval(() => {
    measure().catch((error: unknown) => {
      // A store that is away is told of by itself.
      if (!isTrouble(error)) tell({ type: "defect", where: "clock", error: asFault(error) });
    });
  }, every);
  timer.unref();

  async function check(): Promise<CheckAnswer> {
    if (monotonic() > measuredAt + FRESH_MS) {
      try {
        await measure();
      } catch (error) {
        return { state: "degraded", message: `could not be asked: ${reasonOf(error)}` };
      }
    }
    const found = problem();
    if (found !== undefined) {
      const { code, message, fix } = found;
      const state = code === "SLUICE_CLOCK_SKEW" ? "failed" : "degraded";
      return { state, message, fix, faults: [{ code, message, fix }] };
    }
    if (unknown !== undefined)
      return degraded(
        `it may not be asked (${unknown}): ours counts`,
        "Allow this user of the store `+time`.",
      );
    if (Math.abs(skew) <= TOLD_MS) return ok(`within ${TOLD_MS / 1_000} s of ours`);
    return degraded(
      `ours is ${span(skew)} ${skew > 0 ? "ahead of" : "behind"} it: logs and certificates go by ours`,
      "Run NTP on both machines.",
    );
  }

  return {
    now,
    jumped() {
      settle();
      return jump === undefined ? 0 : Math.max(0, Math.round(base - jump.base));
    },
    fault: problem,
    check: { name: "store-clock", check },
    measure,
    close: () => clearInterval(timer),
  };
}

/** For what is opened before its clock is: this machine's time until then. */
export interface LateClock extends Pick<StoreClock, "now" | "jumped"> {
  open(clock: KeptClock): void;
  close(): void;
}

export function createLateClock(): LateClock {
  let clock: KeptClock | undefined;
  return {
    now: () => clock?.now() ?? Date.now(),
    jumped: () => clock?.jumped() ?? 0,
    open(opened) {
      clock = opened;
    },
    close: () => clock?.close(),
  };
}

/** A span of time in words, whatever its sign. */
function span(ms: number): string {
  const seconds = Math.abs(ms) / 1_000;
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
