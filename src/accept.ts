/** The way in, on one page: prove, decide, store, queue; only then does the sender get his 202. */

import { findAgain } from "./again.ts";
import type { Decision } from "./core/decision.ts";
import type { Delivery, Payload } from "./core/delivery.ts";
import { payload } from "./core/delivery.ts";
import { asFault, fault, reasonOf, SluiceError } from "./core/errors.ts";
import type { Tell } from "./core/fact.ts";
import { newDeliveryId } from "./core/identity.ts";
import type { CreateJob, Job } from "./core/job.ts";
import type { ActNote, Ledger, NewDelivery } from "./core/ledger.ts";
import { outcomeOf } from "./core/outcome.ts";
import type { ListenerPlan, Plans } from "./core/plan.ts";
import { dedupeKey, describe } from "./core/provider.ts";
import type { Queue } from "./core/queue.ts";
import { hiddenOf } from "./core/url.ts";
import { type Decided, decide } from "./decide.ts";
import { createRetryFailed, decideJobFor, decidesAgain, openJobs } from "./redelivery.ts";
import { refuseBroken, refuseNoJson, refuseUnproved } from "./refuse.ts";
import type { DeliveryProofs, Verifier } from "./verify/verifier.ts";

export interface AcceptNeeds {
  readonly verifier: Verifier;
  readonly ledger: Pick<Ledger, "accept" | "drop" | "find" | "load" | "reopen">;
  readonly queue: Pick<Queue, "enqueue">;
  readonly plans: Plans;
  readonly tell: Tell;
  /** Milliseconds that a request waits for remote interceptors before a worker takes over; 0 leaves all to workers. */
  readonly decideWithin?: number;
  readonly clock?: () => number;
  /** Makes the id of a delivery that arrived at `now`. */
  readonly newId?: (now: number) => string;
}

const DECIDE_WITHIN_MS = 5_000;
/** The least that is waited where no worker may take over. */
const SETTLE_WITHIN_MS = 8_000;
/** Requests that wait for remote interceptors at once: their bodies are in memory. */
const MAX_WAITING = 1_000;

export interface Accept {
  /**
   * Takes a delivery in.
   *
   * A delivery that its sender brings again creates nothing where the first one succeeded; what had failed of it is
   * tried again, unless the listener's `sluice.dev/on-duplicate` says otherwise (docs/adr/0012-duplicates.md).
   *
   * @returns its eventID, once it is on durable storage; for a duplicate the eventID of the first.
   * @throws SluiceError 500 when the listener itself cannot be read, 401 when every trigger demands a proof and none
   *   holds, 400 for a body that is no JSON object, 503 when it could not be stored. Nothing was accepted then.
   */
  accept(arrival: Omit<Delivery, "id" | "listener">, plan: ListenerPlan): Promise<string>;
  /**
   * Decides a stored delivery again as a delivery of its own, with new names.
   *
   * @returns the new delivery's id.
   * @throws SluiceError SLUICE_DELIVERY_UNKNOWN, SLUICE_LISTENER_UNKNOWN, SLUICE_TRIGGER_UNKNOWN; with `trigger` also
   *   SLUICE_INTERCEPTOR_FAILED where it cannot be decided now: a worker would decide for every trigger.
   */
  replay(id: string, options?: ReplayOptions): Promise<string>;
  /**
   * What a replay would decide now; nothing is kept, nothing created. The delivery keeps its own id, so that objects
   * which would not change come out word for word the same.
   *
   * @throws SluiceError as {@link replay}, SLUICE_INTERCEPTOR_FAILED where it cannot be decided now.
   */
  preview(id: string, options?: Pick<ReplayOptions, "trigger">): Promise<readonly Decision[]>;
}

export interface ReplayOptions {
  /** Who asked for it, and why: kept with the new delivery. */
  readonly note?: ActNote;
  /** `name` or `namespace/name`: decides for this trigger only. */
  readonly trigger?: string;
}

export function createAccept(needs: AcceptNeeds): Accept {
  const { verifier, ledger, queue, plans, tell, clock = Date.now, newId = newDeliveryId } = needs;
  const { decideWithin = DECIDE_WITHIN_MS } = needs;
  const again = findAgain({ ledger, plans });
  const retryFailed = createRetryFailed({ ledger, clock, queued });
  let waiting = 0;

  return {
    async accept(arrival, plan) {
      const listener = { namespace: plan.namespace, name: plan.name };
      refuseBroken(plan);
      const delivery: Delivery = { id: newId(arrival.receivedAt), listener, ...arrival };
      const proofs = verifier.begin(delivery);
      await refuseUnproved(plan, proofs);
      const body = payload(delivery.body.toString("utf8"));
      if (plan.payloadValidation) refuseNoJson(body, delivery);
      const once = plan.onDuplicate !== "rerun";
      return keep(plan, delivery, proofs, body, { once, now: false });
    },

    async replay(id, { note, trigger } = {}) {
      const { stored, proof, plan } = await again(id, trigger);
      const now = clock();
      const delivery: Delivery = { ...stored, id: newId(now), receivedAt: now, replayOf: id };
      const body = payload(delivery.body.toString("utf8"));
      const how = { once: false, now: trigger !== undefined, ...(note && { note }) };
      return keep(plan, delivery, verifier.recorded(delivery, proof), body, how);
    },

    async preview(id, { trigger } = {}) {
      const { stored, proof, plan } = await again(id, trigger);
      const delivery: Delivery = { ...stored, replayOf: id };
      const body = payload(delivery.body.toString("utf8"));
      return (await settled(plan, delivery, verifier.recorded(delivery, proof), body)).decisions;
    },
  };

  /** Decisions that nobody may make later. */
  async function settled(
    plan: ListenerPlan,
    delivery: Delivery,
    proofs: DeliveryProofs,
    body: Payload,
  ): Promise<Decided> {
    const decided = await decideNow(plan, delivery, proofs, body, Math.max(decideWithin, SETTLE_WITHIN_MS));
    const reason = decided === undefined ? "no answer in time" : decided.transient;
    if (decided !== undefined && reason === undefined) return decided;
    throw fault("SLUICE_INTERCEPTOR_FAILED", { name: `of ${plan.name}`, reason: reason ?? "" });
  }

  async function keep(
    plan: ListenerPlan,
    delivery: Delivery,
    proofs: DeliveryProofs,
    body: Payload,
    { once, now, note }: Keeping,
  ): Promise<string> {
    const decided = await (now ? settled : decideNow)(plan, delivery, proofs, body);
    // What a worker may decide better later is left to it.
    const decisions = decided?.transient === undefined ? decided?.decisions : undefined;
    const facts = { ...describe(delivery.headers, body), proof: proofs.scheme() };
    const key = once ? dedupeKey(facts.provider, delivery.headers, body) : undefined;
    const entry: NewDelivery = {
      delivery,
      facts,
      decisions,
      // With what was proved: who guesses an id, or signs with yesterday's secret, must not use it up for the sender.
      ...(key === undefined ? {} : { dedupeKey: `${key} ${facts.proof}` }),
      ...(note && { note }),
    };
    const result = await stored(() => ledger.accept(entry));
    if (result.kind === "accepted") {
      // Of two processes that decide one redelivery again, the ledger knows whose decisions count.
      const work = () => (decidesAgain(delivery) ? workOf(delivery.id) : jobsOf(delivery, decisions));
      await queued(async () => work());
      report(entry);
      return delivery.id;
    }
    report(entry, result.of);
    if (result.outcome === "pending") await queued(() => workOf(result.of));
    if (result.outcome === "dead" && plan.onDuplicate !== "ignore") {
      await stored(() =>
        retryFailed(result.of, plan, (id, replayOf, open) =>
          keep(open, { ...delivery, id, replayOf }, proofs, body, { once: false, now: false }),
        ),
      );
    }
    return result.of;
  }

  /**
   * Remote interceptors are asked here too, because only now do they see sensitive headers; but a sender gives up after
   * some seconds, so they get a few.
   *
   * @returns undefined where a worker is to decide.
   */
  async function decideNow(
    plan: ListenerPlan,
    delivery: Delivery,
    proofs: DeliveryProofs,
    body: Payload,
    within = decideWithin,
  ): Promise<Decided | undefined> {
    const hidden = delivery.replayOf === undefined ? [] : hiddenOf(delivery);
    if (!plan.remote) return decide(plan, delivery, proofs, body, { hidden });
    if (within === 0 || waiting >= MAX_WAITING) return undefined;
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), within);
    waiting++;
    try {
      return await Promise.race([decide(plan, delivery, proofs, body, { hidden }), late.promise]);
    } finally {
      waiting--;
      clearTimeout(timer);
    }
  }

  /**
   * Once the ledger has it, the delivery is accepted: work that does not reach the queue is swept up. A refusal would
   * make the sender bring it again, and of two deliveries without a stable id both would run.
   */
  async function queued(work: () => Promise<readonly Job[]>): Promise<void> {
    try {
      await queue.enqueue(await work());
    } catch (error) {
      tell({ type: "defect", where: "enqueue", error: asFault(error) });
    }
  }

  /** The first try may have died between ledger and queue; its sender, asking again, must not wait for the sweep. */
  async function workOf(id: string): Promise<readonly Job[]> {
    const record = await ledger.find(id);
    return record === undefined ? [] : openJobs(record);
  }

  function report({ delivery, facts, decisions }: NewDelivery, duplicateOf?: string): void {
    const { id, listener, body, replayOf } = delivery;
    const { provider, event } = facts;
    const outcome = duplicateOf === undefined ? outcomeOf(decisions) : "duplicate";
    const matched = decisions?.filter((decision) => decision.result === "matched").length ?? 0;
    const took = Math.max(0, clock() - delivery.receivedAt);
    const origin = { ...(duplicateOf && { duplicateOf }), ...(replayOf && { replayOf }) };
    tell({
      type: "delivery.accepted",
      ...{ id, listener, provider, event, outcome, matched, bytes: body.length, took },
      ...origin,
    });
    if (duplicateOf !== undefined) return;
    for (const { trigger, result, reason, code } of decisions ?? []) {
      tell({ type: "decision.made", delivery: id, listener, trigger, result, reason, ...(code && { code }) });
    }
  }
}

interface Keeping {
  /** Whether it is the sender's: then his second one is a duplicate. */
  readonly once: boolean;
  /** Whether it must be decided here. */
  readonly now: boolean;
  readonly note?: ActNote;
}

function jobsOf(delivery: Delivery, decisions: readonly Decision[] | undefined): readonly Job[] {
  if (decisions === undefined) return [decideJobFor(delivery)];
  return decisions.map((decision) => decision.job).filter((job): job is CreateJob => job !== undefined);
}

async function stored<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof SluiceError && error.code === "SLUICE_STORE_AWAY") throw error;
    throw fault("SLUICE_STORE_AWAY", { reason: reasonOf(error) }, { cause: error });
  }
}
