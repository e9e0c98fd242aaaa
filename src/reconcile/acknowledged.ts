/** Remembers the deliveries that were acknowledged last, and asks the store for them: what it forgot is told of. */

import type { Acknowledgement, Forgotten } from "../core/acknowledged.ts";
import { asFault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Store } from "../core/store.ts";
import { isTrouble } from "../core/trouble.ts";

export interface AcknowledgedNeeds {
  /** Undefined while it is not open yet. */
  readonly store: () =>
    | (Pick<Store, "name"> & { readonly ledger: Pick<Store["ledger"], "missing"> })
    | undefined;
  readonly tell: Tell;
  /** How many are remembered. */
  readonly size?: number;
  /** Milliseconds between two looks for a sample. */
  readonly every?: number;
  /** Milliseconds after the return of the store at which all are looked for again. */
  readonly later?: number;
  readonly clock?: () => number;
}

export interface Acknowledged {
  /** Hears of deliveries that were accepted, and of a store that is back: a failover may have cost the last writes. */
  readonly tell: Tell;
  /** Looks for all that are remembered. @throws SluiceError when the store cannot be asked. */
  look(): Promise<Acknowledgement>;
  stop(): void;
}

const SIZE = 10_000;
const EVERY_MS = 15_000;
/** A master that was deposed may be wiped only after we are connected again. */
const LATER_MS = 30_000;
/** Ids of one question. */
const TOGETHER = 1_000;
/** Of a sample, a look at any loss in the ring: some of all, and the newest. */
const SAMPLE = 100;

/** The way of a delivery pays for one place in an array; all else happens beside it. */
export function createAcknowledged(needs: AcknowledgedNeeds): Acknowledged {
  const { store, tell, size = SIZE, every = EVERY_MS, later = LATER_MS, clock = Date.now } = needs;
  const since = clock();
  /** A ring; what was lost, and told of, has no place in it any more. */
  const ids: (string | undefined)[] = [];
  let count = 0;
  let forgotten: Forgotten | undefined;
  let looking: Promise<number> | undefined;
  const timers = new Set<NodeJS.Timeout>();

  const timer = setInterval(() => background(sample), every);
  timer.unref();

  /** Those that are remembered, in the order in which they came. */
  function remembered(): readonly string[] {
    const from = count % size;
    const inOrder = count > size ? [...ids.slice(from), ...ids.slice(0, from)] : ids;
    return inOrder.filter((id) => id !== undefined);
  }

  async function missing(wanted: readonly string[]): Promise<readonly string[]> {
    const ledger = store()?.ledger;
    const lost: string[] = [];
    for (let from = 0; ledger !== undefined && from < wanted.length; from += TOGETHER)
      lost.push(...(await ledger.missing(wanted.slice(from, from + TOGETHER))));
    return lost;
  }

  /** One at a time, so that no loss is told of twice. */
  function lookForAll(): Promise<number> {
    looking ??= all().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function all(): Promise<number> {
    const wanted = remembered();
    const lost = new Set(await missing(wanted));
    const [first, last] = [wanted.find((id) => lost.has(id)), wanted.findLast((id) => lost.has(id))];
    if (first === undefined || last === undefined) return wanted.length;
    for (const [place, id] of ids.entries()) if (id !== undefined && lost.has(id)) ids[place] = undefined;
    const before = forgotten;
    forgotten = { count: (before?.count ?? 0) + lost.size, first: before?.first ?? first, last, at: clock() };
    tell({ type: "store.forgot", count: lost.size, first, last, looked: wanted.length });
    return wanted.length;
  }

  async function sample(): Promise<void> {
    const all = remembered();
    const some = Array.from({ length: Math.min(SAMPLE, all.length) }, () => {
      return all[Math.floor(Math.random() * all.length)] ?? "";
    });
    const lost = await missing([...new Set([...some, ...all.slice(-SAMPLE)])]);
    if (lost.length > 0) await lookForAll();
  }

  function background(look: () => Promise<unknown>): void {
    look().catch((error: unknown) => {
      // A store that is away is told of by itself, and looked into when it is back.
      if (!isTrouble(error)) tell({ type: "defect", where: "acknowledged", error: asFault(error) });
    });
  }

  return {
    tell(fact) {
      if (fact.type === "delivery.accepted") {
        if (fact.duplicateOf === undefined) ids[count++ % size] = fact.id;
      } else if (fact.type === "store.back") {
        background(lookForAll);
        const again = setTimeout(() => {
          timers.delete(again);
          background(lookForAll);
        }, later);
        timers.add(again.unref());
      }
    },
    async look() {
      const looked = await lookForAll();
      const { name = "" } = store() ?? {};
      return { store: name, since, count, looked, ...(forgotten && { forgotten }) };
    },
    stop() {
      clearInterval(timer);
      for (const one of timers) clearTimeout(one);
    },
  };
}
