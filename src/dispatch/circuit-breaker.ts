/** The gate before a target: closed while the target is away, so that jobs wait for it without burning attempts. */

import { within } from "../core/deadline.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Target } from "../core/job.ts";

export interface GateNeeds {
  readonly target: Pick<Target, "name" | "ready">;
  readonly tell: Tell;
  readonly clock?: () => number;
  readonly random?: () => number;
  /** Milliseconds before the first look at a target that is away; doubles up to `longest`. */
  readonly first?: number;
  readonly longest?: number;
}

export interface GateState {
  readonly away: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly reason?: string;
}

/** A target with the gate before it. */
export interface Place {
  readonly target: Target;
  readonly gate: Gate;
}

export interface Gate {
  /** While the target is away: resolves when it answers again. Undefined while it may be used. */
  closed(): Promise<void> | undefined;
  /**
   * Asked by whoever had no answer. One lost answer is no outage (a slow webhook of one kind, a broken connection):
   * the target is asked itself, once for all who doubt at that time.
   *
   * @returns whether it is away; the gate is closed then.
   */
  doubt(): Promise<boolean>;
  /**
   * Where others need not wait for this target: milliseconds after which a job that was turned away is to ask again.
   * It grows with the outage, and the jobs are told different times, however many they are.
   */
  askAgain(): number;
  state(): GateState;
  /** For readiness: asks the target, but not while it is known to be away. @throws SluiceError saying why not. */
  ready(): Promise<void>;
  /** Looks no more; whoever waits goes on waiting. */
  close(): void;
}

/** A target that does not say whether it is ready within this is away; milliseconds. */
const PROBE_MS = 5_000;
/** Looks are spread by this part up and down: many gateways wait for one API server. */
const JITTER = 0.2;

/** Jobs that were turned away come again at least so far apart; milliseconds. */
const APART_MS = 10;

interface Outage {
  readonly since: number;
  readonly reason: string;
  readonly over: PromiseWithResolvers<void>;
}

export function createGate(needs: GateNeeds): Gate {
  const { target, tell, clock = Date.now, random = Math.random, first = 1_000, longest = 30_000 } = needs;
  let outage: Outage | undefined;
  let doubting: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastAsks = 0;
  let ended = false;

  async function ask(): Promise<boolean> {
    const reason = await whyAway(target);
    if (reason === undefined) return false;
    if (outage === undefined && !ended) {
      outage = { since: clock(), reason, over: Promise.withResolvers() };
      tell({ type: "target.away", target: target.name, reason });
      lookAgain(outage, first);
    }
    return true;
  }

  function lookAgain(from: Outage, wait: number): void {
    const spread = wait * (1 - JITTER + 2 * JITTER * random());
    timer = setTimeout(async () => {
      const reason = await whyAway(target);
      if (ended) return;
      if (reason !== undefined) return lookAgain(from, Math.min(2 * wait, longest));
      outage = undefined;
      tell({ type: "target.back", target: target.name, after: Math.max(0, clock() - from.since) });
      from.over.resolve();
    }, spread);
    timer.unref();
  }

  return {
    closed: () => outage?.over.promise,
    doubt() {
      if (outage !== undefined) return Promise.resolve(true);
      doubting ??= ask().finally(() => {
        doubting = undefined;
      });
      return doubting;
    },
    askAgain() {
      const now = clock();
      const age = outage === undefined ? 0 : now - outage.since;
      const wait = Math.min(longest, Math.max(first, age)) * (1 - JITTER + 2 * JITTER * random());
      lastAsks = Math.max(now + wait, lastAsks + APART_MS);
      return lastAsks - now;
    },
    state: () =>
      outage === undefined ? { away: false } : { away: true, since: outage.since, reason: outage.reason },
    async ready() {
      if (outage !== undefined) throw fault("SLUICE_CREATE_UNREACHABLE", { reason: outage.reason });
      await target.ready();
    },
    close() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/** Undefined for a target that answers, be it with a refusal: whoever refuses is there. */
async function whyAway(target: GateNeeds["target"]): Promise<string | undefined> {
  const asked = target.ready().then(
    () => undefined,
    (error: unknown) => {
      const { code, message, values } = asFault(error);
      return code === "SLUICE_CREATE_UNREACHABLE" ? (values["reason"] ?? message) : undefined;
    },
  );
  return within(asked, PROBE_MS, () => `no answer in ${PROBE_MS} ms`);
}
