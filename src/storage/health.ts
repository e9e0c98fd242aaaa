/** What is told of a store: once that it is away or full, and once that it is back, however many calls fail meanwhile. */

import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { isTrouble, knownTrouble, mayBeBrief } from "../core/trouble.ts";

export interface StoreNews {
  /**
   * Hears of something that failed: trouble of the store opens an outage, anything else is told as a defect.
   *
   * @param since when it was begun, by {@link now}: what was begun before the last outage ended belongs to that one.
   */
  failed(error: unknown, since?: number): void;
  /** Hears that nobody reaches the store any more; why, for people. Told again, it is the same outage. */
  lost(reason: string): void;
  /**
   * The fault as callers get it: while nobody reaches the store, with why, which a failed call does not know. A call that
   * began when nobody reached it has written nothing; one that was under way may have.
   *
   * @param since when the call began, by {@link now}.
   */
  explain(error: unknown, since?: number): unknown;
  /** Hears that the store can be used again. */
  found(): void;
  /** Hears that somebody can reach it again: whether it can be used is probed at once, as it may refuse to write. */
  reached(): void;
  /**
   * Milliseconds for which the present outage has lasted, where it may be over in a moment; Infinity where it will not be,
   * undefined where there is none.
   */
  awayFor(): number | undefined;
  /** Resolves when the store is back, or after `limitMs`; at once where it is not away. In the order of the calls. */
  back(limitMs: number): Promise<void>;
  now(): number;
  close(): void;
}

export interface StoreNewsNeeds {
  readonly tell: Tell;
  /** A small write. */
  readonly probe: () => Promise<unknown>;
  /** Milliseconds between two probes. */
  readonly every?: number;
  /** Milliseconds without a failure after which a store that was full counts as back. */
  readonly quietMs?: number;
}

/** What is said where the write was never sent. */
const NOTHING_WRITTEN = {
  cure: "Start the store, or correct its address in --store; it is tried again by itself. Nothing was written.",
  toldMessage: "the delivery could not be stored",
  toldCure: "Send it again later; nothing was accepted.",
} as const;
/** Milliseconds of an outage in which it is probed often: deliveries wait for it (hold.ts). */
const EARLY_MS = 3_000;
const EARLY_EVERY_MS = 50;

/** A failover has clients connect twice: what is lost within this of an outage's end may come back at once. Milliseconds. */
const SETTLE_MS = 1_000;
/** So long is waited, in that case, before another outage is told of. */
const DOUBT_MS = 300;

/** While an outage lasts, the store is probed: without work to do, nobody else would notice that it is over. */
export function createStoreNews(needs: StoreNewsNeeds): StoreNews {
  const { tell, probe, every = 1_000, quietMs = 10_000 } = needs;
  const now = (): number => performance.now();
  let away = false;
  let full = false;
  let brief = true;
  let beganAt = 0;
  let foundAt = Number.NEGATIVE_INFINITY;
  let failedAt = 0;
  const waiting = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  let doubt: NodeJS.Timeout | undefined;
  let closed = false;
  let unreached: string | undefined;
  let lostAt = 0;

  function began(reason: string): void {
    failedAt = now();
    if (away || closed) return;
    away = true;
    full = false;
    brief = true;
    beganAt = failedAt;
    tell({ type: "store.away", reason });
    probeLater();
  }

  /** As {@link began}, but right behind an outage only where a probe fails as well. */
  function beganAgain(reason: string): void {
    if (away || now() - foundAt > SETTLE_MS) {
      began(reason);
      return;
    }
    doubt ??= setTimeout(async () => {
      const answered = await probe().then(
        () => true,
        () => false,
      );
      doubt = undefined;
      if (!answered) began(reason);
    }, DOUBT_MS).unref();
  }

  function found(): void {
    clearTimeout(timer);
    unreached = undefined;
    if (!away || closed) return;
    away = false;
    foundAt = now();
    tell({ type: "store.back" });
    wake();
  }

  function wake(): void {
    for (const goOn of waiting) goOn();
    waiting.clear();
  }

  function probeLater(): void {
    const soon = brief && now() - beganAt < EARLY_MS;
    probeIn(soon ? Math.min(every, EARLY_EVERY_MS) : every);
  }

  function probeIn(ms: number): void {
    clearTimeout(timer);
    const mine = setTimeout(async () => {
      const at = now();
      const answered = await probe().then(
        () => true,
        () => false,
      );
      if (!away || closed || timer !== mine) return;
      // At the edge of a full store some writes still go through: it is back when for a while none failed.
      if (answered && at - failedAt >= (full ? quietMs : 0)) found();
      else probeLater();
    }, ms);
    timer = mine.unref();
  }

  return {
    failed(error, since = now()) {
      const trouble = knownTrouble(error);
      if (trouble === undefined) return tell({ type: "defect", where: "queue", error: asFault(error) });
      if (since < foundAt) return;
      const isRoom = trouble.code === "SLUICE_STORE_FULL";
      if (trouble.code === "SLUICE_STORE_AWAY") beganAgain(trouble.values["reason"] ?? "");
      else began(trouble.message);
      full ||= isRoom;
      if (mayBeBrief(trouble)) return;
      brief = false;
      wake();
    },
    lost(reason) {
      if (unreached === undefined) lostAt = now();
      unreached = reason;
      beganAgain(reason);
    },
    explain(error, since = 0) {
      if (unreached === undefined || asFault(error).code !== "SLUICE_STORE_AWAY") return error;
      const outcome = since > lostAt ? NOTHING_WRITTEN : {};
      return fault("SLUICE_STORE_AWAY", { reason: unreached, ...outcome }, { cause: error });
    },
    found,
    reached() {
      unreached = undefined;
      if (away && !closed) probeIn(0);
    },
    awayFor: () => (away ? (brief ? now() - beganAt : Number.POSITIVE_INFINITY) : undefined),
    back(limitMs) {
      if (!away || !brief || closed) return Promise.resolve();
      return new Promise((resolve) => {
        const goOn = () => {
          clearTimeout(late);
          resolve();
        };
        const late = setTimeout(() => {
          waiting.delete(goOn);
          resolve();
        }, limitMs);
        waiting.add(goOn);
      });
    },
    now,
    close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(doubt);
      wake();
    },
  };
}

/** A port whose calls the news hear of when the store fails them; what else goes wrong in them is the caller's. */
export function heard<Port extends object>(
  port: Port,
  news: Pick<StoreNews, "failed" | "explain" | "now">,
): Port {
  const wrapped = Object.entries(port).map(([name, member]) => {
    if (typeof member !== "function") return [name, member] as const;
    const call = async (...given: readonly unknown[]): Promise<unknown> => {
      const since = news.now();
      try {
        return await (Reflect.apply(member, port, given) as Promise<unknown>);
      } catch (error) {
        if (!isTrouble(error)) throw error;
        news.failed(error, since);
        throw news.explain(error, since);
      }
    };
    return [name, call] as const;
  });
  return Object.fromEntries(wrapped) as Port;
}
