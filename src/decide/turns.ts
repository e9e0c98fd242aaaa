/** Fair scheduler of deciding: expensive deliveries take turns by listener, one at a time, and leave time for all else. */

import { fault } from "../core/errors.ts";

export interface TurnsOptions {
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
  /** Calls back when the event loop has gone round once. */
  readonly afterLoop?: (run: () => void) => void;
  /** Calls back after so many milliseconds. */
  readonly later?: (run: () => void, ms: number) => void;
}

/** One delivery on its way through the decision. */
export interface Visit {
  /** Waits for the listener's next turn. @param steps what the delivery has cost so far. */
  pause(steps: number): Promise<void>;
  /** The decision is made. @param steps what it cost. */
  leave(steps: number): void;
}

export interface Turns {
  /**
   * Lets a delivery begin.
   *
   * @param bounded false where the caller bounds how many come, as a worker does by its slots.
   * @returns at once for a listener whose deliveries are cheap, and while no expensive one is being decided.
   * @throws SluiceError SLUICE_LISTENER_BUSY, also later, when too many of this listener wait, or this one did too long.
   */
  enter(listener: string, bytes: number, bounded?: boolean): Visit | Promise<Visit>;
}

/** A delivery that costs so many steps is expensive, and so is its listener for a while: 5 ms. */
export const EXPENSIVE_STEPS = 100_000;
const EXPENSIVE_FOR_MS = 60_000;

/** Part of the time that expensive decisions may have together: health, proofs and cheap deliveries have the rest. */
const SHARE = 0.5;
/** A turn that took longer has waited for something outside of this process. */
const MAX_REST_MS = 100;

/** Deliveries of one listener that wait to begin, the bytes of their bodies, and how long one waits. */
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const MAX_WAIT_MS = 5_000;

interface Waiting {
  readonly grant: () => void;
  readonly refuse: (reason: string) => void;
  readonly since: number;
  readonly bytes: number;
  /** It has begun, and is not refused any more. */
  readonly begun: boolean;
  readonly bounded: boolean;
}

interface Account {
  /** Steps used, as fair queueing counts them: who begins to wait begins where the others are. */
  used: number;
  expensiveAt: number;
  waiting: Waiting[];
}

/**
 * Makes the scheduler of one process.
 *
 * A listener is expensive for a minute after one of its deliveries was. Deliveries of expensive listeners begin, and go
 * on after each pause, one at a time: the listener that has used least goes first, its oldest delivery first, and after
 * each turn everything else has as much time as it took. All other listeners pass at once.
 */
export function createTurns({
  clock = () => performance.now(),
  afterLoop = (run) => setImmediate(run),
  later = (run, ms) => void setTimeout(run, ms),
}: TurnsOptions = {}): Turns {
  const accounts = new Map<string, Account>();
  // Whether a turn is being taken or slept off.
  let taken = false;

  /** @param from when the turn began. */
  function take(from: number): void {
    taken = true;
    // What runs now runs until it pauses or leaves: then the loop goes round.
    afterLoop(() => later(next, Math.min(MAX_REST_MS, ((clock() - from) * (1 - SHARE)) / SHARE)));
  }

  function next(): void {
    taken = false;
    const now = clock();
    let best: Account | undefined;
    for (const [name, account] of accounts) {
      refuseLate(account, now);
      if (account.waiting.length === 0) {
        if (now - account.expensiveAt > EXPENSIVE_FOR_MS) accounts.delete(name);
      } else if (best === undefined || account.used < best.used) best = account;
    }
    const first = best?.waiting.shift();
    if (first === undefined) return;
    take(now);
    first.grant();
  }

  function refuseLate(account: Account, now: number): void {
    const isLate = ({ bounded, begun, since }: Waiting) => bounded && !begun && now - since > MAX_WAIT_MS;
    const late = account.waiting.filter(isLate);
    if (late.length === 0) return;
    account.waiting = account.waiting.filter((one) => !isLate(one));
    for (const one of late) one.refuse(`it waited for ${MAX_WAIT_MS} ms`);
  }

  function accountOf(listener: string, now: number): Account {
    const known = accounts.get(listener);
    if (known !== undefined) return known;
    const made: Account = { used: 0, expensiveAt: now, waiting: [] };
    accounts.set(listener, made);
    return made;
  }

  function wait(listener: string, account: Account, one: Omit<Waiting, "grant" | "refuse">): Promise<void> {
    if (account.waiting.length === 0) {
      const others = [...accounts.values()].filter((other) => other.waiting.length > 0);
      const least = Math.min(...others.map(({ used }) => used));
      if (Number.isFinite(least)) account.used = Math.max(account.used, least);
    }
    return new Promise((resolve, reject) => {
      const refuse = (reason: string) => reject(fault("SLUICE_LISTENER_BUSY", { listener, reason }));
      const waiting: Waiting = { ...one, grant: resolve, refuse };
      // What has begun goes on before the next begins: half-made decisions only hold memory.
      if (one.begun) account.waiting.unshift(waiting);
      else account.waiting.push(waiting);
      if (!taken) next();
    });
  }

  function visit(listener: string, bounded: boolean): Visit {
    const from = clock();
    let counted = 0;
    const count = (steps: number): Account => {
      const account = accountOf(listener, clock());
      account.used += steps - counted;
      counted = steps;
      return account;
    };
    return {
      pause(steps) {
        const now = clock();
        const account = count(steps);
        account.expensiveAt = now;
        if (!taken) take(from);
        return wait(listener, account, { since: now, bytes: 0, begun: true, bounded });
      },
      leave(steps) {
        if (steps < EXPENSIVE_STEPS && !accounts.has(listener)) return;
        const account = count(steps);
        if (steps < EXPENSIVE_STEPS) return;
        account.expensiveAt = clock();
        if (!taken) take(from);
      },
    };
  }

  return {
    enter(listener, bytes, bounded = true) {
      const account = accounts.get(listener);
      if (account === undefined) return visit(listener, bounded);
      const now = clock();
      if (!taken && account.waiting.length === 0) {
        if (now - account.expensiveAt > EXPENSIVE_FOR_MS) accounts.delete(listener);
        else take(now);
        return visit(listener, bounded);
      }
      const unbegun = account.waiting.filter(({ begun }) => !begun);
      const held = unbegun.reduce((sum, one) => sum + one.bytes, 0);
      if (bounded && unbegun.length > 0) {
        if (unbegun.length >= MAX_WAITING) throw busy(listener, `${MAX_WAITING} of its deliveries wait`);
        if (held + bytes > MAX_WAITING_BYTES) throw busy(listener, `${held} bytes of its deliveries wait`);
      }
      return wait(listener, account, { since: now, bytes, begun: false, bounded }).then(() =>
        visit(listener, bounded),
      );
    },
  };
}

const busy = (listener: string, reason: string) => fault("SLUICE_LISTENER_BUSY", { listener, reason });
