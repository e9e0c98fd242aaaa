/** When to ask again: at once after what worked, later and later after what failed, seldom while people must act. */

import type { SluiceError } from "../core/errors.ts";

export interface Trouble {
  readonly error: SluiceError;
  /** Milliseconds that the server asks to be left alone for. */
  readonly after?: number | undefined;
}

export interface PatienceOptions {
  /** Milliseconds before the first try after a failure; each further one waits twice as long. */
  readonly firstMs: number;
  /** Longest such wait. */
  readonly longestMs: number;
  /** Milliseconds between tries where only a person can mend it. */
  readonly slowMs: number;
  readonly random: () => number;
  readonly onAway?: ((error: SluiceError) => void) | undefined;
  readonly onBack?: ((after: number) => void) | undefined;
}

export interface Patience {
  /** It works: whatever was before is forgotten. */
  works(): void;
  /** Whether it has worked since the last end or failure. */
  worked(): boolean;
  /** @returns milliseconds to wait after something ended without a fault. */
  ended(): number;
  /** @returns milliseconds to wait after a failure. */
  failed(trouble: Trouble): number;
  /** The trouble that lasts. */
  away(): SluiceError | undefined;
}

/** A server that asks for more is asked after this many milliseconds all the same. */
const LONGEST_AFTER_MS = 300_000;

export function createPatience(options: PatienceOptions): Patience {
  const { firstMs, longestMs, slowMs, random, onAway, onBack } = options;
  let failures = 0;
  let worked = false;
  let away: { readonly since: number; readonly error: SluiceError } | undefined;

  /** Spread over its second half: many gateways lose one server at the same moment. */
  const spread = (ms: number): number => ms * (0.5 + 0.5 * random());

  const longer = (): number => spread(Math.min(firstMs * 2 ** Math.min(failures++, 20), longestMs));

  return {
    works() {
      worked = true;
      failures = 0;
      if (away === undefined) return;
      const after = performance.now() - away.since;
      away = undefined;
      onBack?.(after);
    },
    worked: () => worked,
    ended() {
      const ms = worked ? 0 : longer();
      worked = false;
      return ms;
    },
    failed({ error, after = 0 }) {
      worked = false;
      const known = away?.error.code === error.code;
      away = { since: away?.since ?? performance.now(), error };
      if (!known) onAway?.(error);
      const wait = error.retry === "slow" ? spread(slowMs) : longer();
      return Math.max(wait, Math.min(after, LONGEST_AFTER_MS));
    },
    away: () => away?.error,
  };
}
