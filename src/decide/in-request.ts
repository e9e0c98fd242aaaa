/** Deciding inside a request: remote interceptors are waited for, for as long as a sender would wait. */

import type { Delivery, Payload } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import type { ListenerPlan } from "../core/plan.ts";
import { hiddenOf } from "../core/url.ts";
import type { DeliveryProofs } from "../verify/index.ts";
import { type Decided, decide } from "./decide.ts";
import { createTurns, type Turns } from "./turns.ts";

type Question = readonly [plan: ListenerPlan, delivery: Delivery, proofs: DeliveryProofs, body: Payload];

export interface DecideNow {
  /**
   * Remote interceptors are asked here too, because only now do they see sensitive headers; but a sender gives up after
   * some seconds, so they get a few.
   *
   * @returns undefined where a worker is to decide; a trigger whose interceptors did not answer waits for one.
   */
  within(...question: Question): Promise<Decided | undefined>;
  /** Decisions that nobody may make later. @throws SluiceError SLUICE_INTERCEPTOR_FAILED where they cannot be made now. */
  settled(...question: Question): Promise<Decided>;
}

const DECIDE_WITHIN_MS = 5_000;
/** The least that is waited where no worker may take over. */
const SETTLE_WITHIN_MS = 8_000;
/** Requests that wait for remote interceptors at once: their bodies are in memory. */
const MAX_WAITING = 1_000;

export interface DecideNowOptions {
  /** Milliseconds that a request waits before a worker takes over; 0 leaves all to workers. */
  readonly decideWithin?: number;
  /** Milliseconds of work that a proved delivery may cost. */
  readonly decideBudget?: number;
  /** Shared by all that decide in this process. */
  readonly turns?: Turns;
}

export function createDecideNow(options: DecideNowOptions = {}): DecideNow {
  const { decideWithin = DECIDE_WITHIN_MS, decideBudget, turns = createTurns() } = options;
  let waiting = 0;

  async function decideIn(
    limitMs: number,
    ...[plan, delivery, proofs, body]: Question
  ): Promise<Decided | undefined> {
    const hidden = delivery.replayOf === undefined ? [] : hiddenOf(delivery);
    const entered = turns.enter(`${plan.namespace}/${plan.name}`, delivery.body.length);
    const visit = entered instanceof Promise ? await entered : entered;
    const how = { hidden, visit, ...(decideBudget && { budgetMs: decideBudget }) };
    if (!plan.remote) return decide(plan, delivery, proofs, body, how);
    if (limitMs === 0 || waiting >= MAX_WAITING) return undefined;
    waiting++;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, limitMs);
    const decided = decide(plan, delivery, proofs, body, { ...how, until: over.promise });
    return decided.finally(() => {
      clearTimeout(timer);
      waiting--;
    });
  }

  return {
    within: (...question) => decideIn(decideWithin, ...question),
    async settled(...question) {
      const decided = await decideIn(Math.max(decideWithin, SETTLE_WITHIN_MS), ...question);
      const reason = decided === undefined ? "too many wait for answers" : decided.transient;
      if (decided !== undefined && reason === undefined) return decided;
      throw fault("SLUICE_INTERCEPTOR_FAILED", { name: `of ${question[0].name}`, reason: reason ?? "" });
    },
  };
}
