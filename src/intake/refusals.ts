/** What is kept of refused requests: folded by cause and bounded here, so that a flood of them costs the store little. */

import type { ObjectName } from "../core/delivery.ts";
import type { Fact } from "../core/fact.ts";
import { withoutQuoted } from "../core/quoted.ts";
import type { Refusal, RefusalLog } from "../core/refusal.ts";

export interface RefusalsNeeds {
  readonly log: Pick<RefusalLog, "keepRefused">;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds between two writes. */
  readonly everyMs?: number;
}

export interface Refusals {
  readonly tell: (fact: Fact) => void;
  /** Writes what is not written yet. */
  stop(): Promise<void>;
}

/** Requests of one cause that come within this time of the last write are written together. */
const FOLD_MS = 60_000;
/** The same for requests that reached no listener: there is always a scanner. */
const FOLD_NOWHERE_MS = 600_000;
/** Whom requests are kept under that reached no listener. */
const NOWHERE: ObjectName = { namespace: "", name: "" };
/** Causes of one listener that are told apart in that time; all others are one for each code. */
const APART = 16;
/** Causes that are remembered in all; more are not kept, and only counted by the metrics. */
const MOST = 1_024;

interface Entry {
  refusal: Refusal | undefined;
  writtenAt: number;
}

/**
 * Makes the keeper of refusals.
 *
 * A cause is a listener, a code with its reason, where it came from, and what it says it is. The first of a cause is
 * written within a second, the next ones once a minute with their number: however much is sent to a listener, it makes at
 * most some twenty small records in a minute. Requests to no listener, malformed ones among them, are told apart only where their headers
 * are a known sender's: a webhook with a wrong URL is found, and scanners make one record for each code in ten minutes.
 */
export function createRefusals({ log, clock, everyMs = 1_000 }: RefusalsNeeds): Refusals {
  const known = new Map<string, Entry>();
  const apart = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  function entryFor(listener: string, code: string, from: readonly string[]): Entry | undefined {
    const own = JSON.stringify([listener, code, ...from]);
    const found = known.get(own);
    if (found !== undefined) return found;
    const others = (apart.get(listener) ?? 0) >= APART;
    const key = others ? JSON.stringify([listener, code]) : own;
    const entry = known.get(key) ?? { refusal: undefined, writtenAt: Number.NEGATIVE_INFINITY };
    if (!known.has(key) && known.size >= MOST) return undefined;
    if (!others) apart.set(listener, (apart.get(listener) ?? 0) + 1);
    known.set(key, entry);
    return entry;
  }

  function tell(fact: Fact): void {
    if (fact.type !== "delivery.refused") return;
    const { listener = NOWHERE, code, status, reason, address = "", provider = "", event = "" } = fact;
    // Health checks and browsers.
    if (listener === NOWHERE && code === "SLUICE_METHOD") return;
    const isScanner = listener === NOWHERE && (provider === "" || provider === "generic");
    const told = withoutQuoted(reason);
    const apartBy = isScanner ? ["scanners"] : [address, provider, event, causeOf(told)];
    const entry = entryFor(nameOf(listener), code, apartBy);
    if (entry === undefined) return;
    const now = clock();
    const { at, count, ...before }: Partial<Refusal> & Pick<Refusal, "at" | "count"> = entry.refusal ?? {
      at: now,
      count: 0,
    };
    const from = { ...(address && { address }), ...(provider && { provider }), ...(event && { event }) };
    const same = count === 0 || JSON.stringify(fromOf(before)) === JSON.stringify(from);
    const several = count > 0 && causeOf(before.reason ?? "") !== causeOf(told);
    entry.refusal = {
      ...{ listener, at, lastAt: now, count: count + 1, code, status },
      reason: several ? `${SEVERAL}${told}` : told,
      ...(same && from),
    };
    timer ??= setTimeout(flush, everyMs).unref();
  }

  function flush(all: unknown = false): void {
    timer = undefined;
    const now = clock();
    const due: [Entry, Refusal][] = [];
    apart.clear();
    for (const [key, entry] of known) {
      const { refusal, writtenAt } = entry;
      const [listener = ""] = JSON.parse(key) as readonly string[];
      const quiet = now - writtenAt >= (listener === nameOf(NOWHERE) ? FOLD_NOWHERE_MS : FOLD_MS);
      if (refusal !== undefined && (quiet || all === true)) due.push([entry, refusal]);
      if (refusal === undefined && quiet) known.delete(key);
      else count(key);
    }
    for (const [entry] of due) Object.assign(entry, { refusal: undefined, writtenAt: now });
    if (known.size > 0 && all !== true) timer = setTimeout(flush, everyMs).unref();
    if (due.length > 0) writing = writing.then(() => write(due));
  }

  /** A cause that is remembered takes its place among those that are told apart; the one for all others does not. */
  function count(key: string): void {
    const [listener = "", , ...from] = JSON.parse(key) as readonly string[];
    if (from.length > 0) apart.set(listener, (apart.get(listener) ?? 0) + 1);
  }

  /** What a store that is away does not take is written with what comes next. */
  async function write(due: readonly [Entry, Refusal][]): Promise<void> {
    try {
      await log.keepRefused(due.map(([, refusal]) => refusal));
    } catch {
      for (const [entry, missed] of due) {
        const { refusal: later } = entry;
        const count = missed.count + (later?.count ?? 0);
        entry.refusal = { ...(later ?? missed), at: missed.at, count };
        entry.writtenAt = Number.NEGATIVE_INFINITY;
      }
    }
  }

  return {
    tell,
    async stop() {
      clearTimeout(timer);
      flush(true);
      await writing;
    },
  };
}

function fromOf({ address, provider, event }: Partial<Refusal>): object {
  return { ...(address && { address }), ...(provider && { provider }), ...(event && { event }) };
}

/** Before the reason of the last of them, where they were refused for different ones. */
const SEVERAL = "several causes, the last: ";
/** Characters of a reason that tell causes apart: so many are kept of it. */
const CAUSE_CHARS = 300;

/** A reason without its numbers: sizes, positions and seconds differ from request to request. */
function causeOf(reason: string): string {
  const own = reason.startsWith(SEVERAL) ? SEVERAL : reason;
  return own.slice(0, CAUSE_CHARS).replace(/\d+/g, "0");
}

const nameOf = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;
