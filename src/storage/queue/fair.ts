/** Fair shares of a consumer's slots: jobs of one trigger that take long wait for each other, and nobody waits for them. */

export interface FairOptions {
  /** Jobs at once. */
  readonly slots: number;
  /** A job that is in hand for so long is slow, and so are the further ones of its key; milliseconds. */
  readonly slowMs: number;
  /** Longest time for which a job is turned away; milliseconds. */
  readonly awayMs: number;
  /** Hears how many slots are held by slow keys: so many more may be filled. */
  readonly onLent: (slots: number) => void;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
  /** Gives numbers in [0, 1). */
  readonly random?: () => number;
}

export interface Fair {
  /** Asks for a slot that the caller has in hand already: leave it when done, or come again later. */
  enter(key: string): Entered;
}

export type Entered =
  /** Leaves the slot; what was not tried says nothing of how long its key takes. */
  { readonly leave: (tried: boolean) => void } | { readonly afterMs: number };

/** What is known of a key. */
interface Known {
  inHand: number;
  /** Of these, in hand for longer than `slowMs`. */
  slow: number;
  /** How long the last one took, milliseconds. */
  took: number;
  seenAt: number;
  /** When the last one that was turned away is to come again. */
  nextAt: number;
}

/** Slots are lent at most so many times over: several keys may become slow one after another. */
const LENT_TIMES = 3;
const JITTER = 0.2;

/**
 * Makes the shares of one consumer.
 *
 * A key is slow while one of its jobs is, and after one was until another is quick. Jobs of slow keys stand beside the
 * consumer's slots, so that these stay free for the quick; slow keys share as many slots again, evenly. What finds its
 * key's share taken is told to come again when it is about its turn. Alone, a slow key loses nothing: it has as many
 * slots as before.
 */
export function createFair(options: FairOptions): Fair {
  const { slots, slowMs, awayMs, onLent, clock = () => performance.now(), random = Math.random } = options;
  // As many as there are triggers.
  const known = new Map<string, Known>();
  let told = 0;

  const isSlow = ({ slow, took }: Known): boolean => slow > 0 || took >= slowMs;

  function lend(): void {
    let held = 0;
    for (const one of known.values()) if (isSlow(one)) held += one.inHand;
    const lent = Math.min(held, LENT_TIMES * slots);
    if (lent === told) return;
    told = lent;
    onLent(lent);
  }

  /** How many slots a slow key may hold. */
  function share(now: number): number {
    let asking = 0;
    for (const one of known.values()) if (isSlow(one) && now - one.seenAt <= 2 * awayMs) asking++;
    return Math.max(1, Math.floor(slots / Math.max(1, asking)));
  }

  function turnAway(one: Known, now: number, places: number): number {
    const next = Math.max(now + slowMs, one.nextAt + Math.max(slowMs, one.took) / places);
    if (next - now > awayMs) return awayMs * (1 - JITTER * random());
    one.nextAt = next;
    return next - now;
  }

  function hold(key: string, one: Known, now: number): Entered {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      one.slow++;
      lend();
    }, slowMs);
    timer.unref();
    one.inHand++;
    lend();
    return {
      leave(tried) {
        clearTimeout(timer);
        one.inHand--;
        if (late) one.slow--;
        one.took = tried ? clock() - now : 0;
        if (!isSlow(one)) one.nextAt = 0;
        if (!isSlow(one) && one.inHand === 0) known.delete(key);
        lend();
      },
    };
  }

  return {
    enter(key) {
      const now = clock();
      const one = known.get(key) ?? { inHand: 0, slow: 0, took: 0, seenAt: now, nextAt: 0 };
      known.set(key, one);
      one.seenAt = now;
      if (isSlow(one)) {
        const places = share(now);
        if (one.inHand >= places) return { afterMs: turnAway(one, now, places) };
      }
      return hold(key, one, now);
    },
  };
}
