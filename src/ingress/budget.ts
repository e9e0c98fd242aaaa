/** The memory that requests may take together, and who gives way when it is full: unfinished bodies, the heaviest first. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";

/** Whose body a share is for. */
export interface Origin {
  /** Where it comes from; asked for only when room is short. */
  readonly address: () => string;
  /** `namespace/name`. */
  readonly listener: string;
  /** What Content-Length announces, in bytes. */
  readonly announced?: number;
}

/** One request's part of the budget. */
export interface Share {
  /** Whether so many more bytes could have room, once unfinished bodies gave way; nothing is taken. */
  fits(bytes: number): boolean;
  /** Takes bytes that have arrived; false when no room can be made for them, and then none are taken. */
  take(bytes: number): boolean;
  /** The body is whole: it keeps its room until the release, and is charged with what decoding it costs. False: no room. */
  finish(body: Buffer): boolean;
  /** Called when the body must give way or is too slow; what it held is given back by then. */
  onCut(cut: (why: SluiceError) => void): void;
  /** Stops the reading of the body for this reason; false when it is not being read. */
  cut(why: SluiceError): boolean;
  /** Gives everything back; more than once does nothing. */
  release(): void;
}

export interface Budget {
  open(origin: Origin): Share;
}

export interface BudgetOptions {
  /** Bytes of everything in hand. */
  readonly limit: number;
  /** Bytes of the largest body: the limit is raised where it would never fit. */
  readonly atLeast?: number;
  /** Bytes that a whole body will take beside itself. Default: nothing. */
  readonly decodeCost?: (body: Buffer, exact: boolean) => number;
  /** Milliseconds that one body may take to arrive. */
  readonly requestTimeout?: number;
  readonly clock?: () => number;
}

/** Bodies up to this many bytes are small: large ones leave them a reserve. */
export const SMALL = 256 * 1024;
/** The part of the budget that large bodies leave free. */
const RESERVE = 1 / 8;
/** From this part of the budget on, decoding costs are counted instead of estimated. */
const COUNTED_FROM = 1 / 8;
/** Milliseconds between two looks at the rate of unfinished bodies. */
const LOOK_MS = 1_000;
/** Looks that make a window. */
const WINDOW = 5;
/** Bytes that must arrive in a window; senders of webhooks are servers, not telephones. */
const MIN_PER_WINDOW = 5 * 1024;
/** A body that brings less than this between two looks may have to give way to a large one. */
const SLOW_PER_LOOK = 256 * 1024;

interface Reading {
  readonly origin: Origin;
  readonly since: number;
  held: number;
  /** What had arrived at the last look, and at the beginning of the window. */
  seen: number;
  windowStart: number;
  looks: number;
  slow: boolean;
  cut: ((why: SluiceError) => void) | undefined;
}

/**
 * Makes the budget. What a sender announces takes nothing: else a few that announce much and send little would keep
 * everybody out.
 *
 * When it is full, a small body takes the room of heavier unfinished ones, and a large body that of slow unfinished ones.
 * The address that holds most, for longest, gives way first; of its bodies those of the listener that holds most; of these
 * the heaviest. Behind a reverse proxy all share one address, so that listener and body decide. A body that brings less
 * than a kilobyte a second is cut off.
 */
export function createBudget(options: BudgetOptions): Budget {
  const { atLeast = 0, clock = Date.now, decodeCost = () => 0, requestTimeout = 60_000 } = options;
  const limit = Math.max(options.limit, Math.ceil(atLeast / (1 - RESERVE)));
  const reserve = Math.floor(limit * RESERVE);
  const small = Math.min(SMALL, Math.floor(reserve / 16));
  const readings = new Set<Reading>();
  let held = 0;
  /** What whole bodies hold: nobody can make them give way. */
  let settled = 0;
  let looking: NodeJS.Timeout | undefined;

  const roomFor = (large: boolean): number => (large ? limit - reserve : limit);

  /** Makes unfinished bodies give way until so many bytes fit, or none is left that must. */
  function makeRoom(bytes: number, mine: Reading, large: boolean): boolean {
    while (held + bytes > roomFor(large)) {
      const now = clock();
      const own = bytes + weight(mine, now);
      const yielding = [...readings].filter((other) => (large ? other.slow : weight(other, now) > own));
      const victim = heaviest(yielding, now);
      if (victim === undefined || victim === mine) return false;
      cut(victim, fault("SLUICE_BUSY"));
    }
    return true;
  }

  function cut(reading: Reading, why: SluiceError): void {
    give(reading);
    reading.cut?.(why);
  }

  /** Ends a reading and gives back what it held. */
  function give(reading: Reading): void {
    held -= reading.held;
    reading.held = 0;
    leave(reading);
  }

  function leave(reading: Reading): void {
    readings.delete(reading);
    if (readings.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  }

  function look(): void {
    const now = clock();
    for (const reading of readings) {
      reading.slow = reading.held - reading.seen < SLOW_PER_LOOK;
      reading.seen = reading.held;
      if (now - reading.since >= requestTimeout) cut(reading, tooSlow(`it took ${requestTimeout / 1_000} s`));
      else if (++reading.looks % WINDOW === 0) {
        const slow = reading.held - reading.windowStart < MIN_PER_WINDOW;
        reading.windowStart = reading.held;
        if (slow) cut(reading, tooSlow(`less than ${MIN_PER_WINDOW} bytes came in ${WINDOW} s`));
      }
    }
  }

  return {
    open(origin) {
      const reading: Reading = {
        ...{ origin, since: clock(), held: 0, seen: 0, windowStart: 0, looks: 0, slow: false },
        cut: undefined,
      };
      let whole = false;
      let charged = 0;
      readings.add(reading);
      looking ??= setInterval(look, LOOK_MS).unref();
      const isLarge = (bytes: number): boolean => Math.max(bytes, origin.announced ?? 0) > small;
      return {
        fits: (bytes) => settled + bytes <= roomFor(isLarge(bytes)),
        take(bytes) {
          const large = isLarge(reading.held + bytes);
          if (held + bytes > roomFor(large) && !makeRoom(bytes, reading, large)) return false;
          held += bytes;
          reading.held += bytes;
          return true;
        },
        finish(body) {
          const cost = decodeCost(body, held > limit * COUNTED_FROM);
          // One alone is worked on, however much that takes.
          if (settled > 0 && held + cost > limit && !makeRoom(cost, reading, false)) return false;
          leave(reading);
          whole = true;
          charged = reading.held + cost;
          held += cost;
          settled += charged;
          return true;
        },
        onCut(told) {
          reading.cut = told;
        },
        cut(why) {
          const isRead = readings.has(reading);
          if (isRead) cut(reading, why);
          return isRead;
        },
        release() {
          if (!whole) return give(reading);
          held -= charged;
          settled -= charged;
          charged = 0;
        },
      };
    },
  };
}

function tooSlow(reason: string): SluiceError {
  return fault("SLUICE_SENDER_SLOW", { reason });
}

/** The one that gives way: of the address, then of the listener, that holds most bytes for longest. */
function heaviest(readings: readonly Reading[], now: number): Reading | undefined {
  const weigh = (reading: Reading): number => weight(reading, now);
  const ofAddress = heaviestGroup(readings, ({ origin }) => origin.address(), weigh);
  const ofListener = heaviestGroup(ofAddress, ({ origin }) => origin.listener, weigh);
  return heaviestGroup(ofListener, (reading) => reading, weigh)[0];
}

/** Bytes times milliseconds. */
function weight({ held, since }: Reading, now: number): number {
  return held * (now - since + 1);
}

function heaviestGroup<K>(
  readings: readonly Reading[],
  keyOf: (reading: Reading) => K,
  weigh: (reading: Reading) => number,
): readonly Reading[] {
  const groups = new Map<K, { sum: number; readonly members: Reading[] }>();
  for (const reading of readings) {
    const group = groups.get(keyOf(reading)) ?? { sum: 0, members: [] };
    group.sum += weigh(reading);
    group.members.push(reading);
    groups.set(keyOf(reading), group);
  }
  let first: { sum: number; members: Reading[] } | undefined;
  for (const group of groups.values()) if (first === undefined || group.sum > first.sum) first = group;
  return first?.members ?? [];
}
