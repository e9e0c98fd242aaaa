/** The way in, on one page: prove, decide, store, queue; only then does the sender get his 202. */

import type { Decision } from "./core/decision.ts";
import type { Delivery, Payload } from "./core/delivery.ts";
import { payload } from "./core/delivery.ts";
import { asFault, fault, reasonOf, SluiceError } from "./core/errors.ts";
import type { Tell } from "./core/fact.ts";
import { maskedNames } from "./core/headers.ts";
import { decideJobId, newDeliveryId } from "./core/identity.ts";
import type { CreateJob, Job } from "./core/job.ts";
import type { Ledger, NewDelivery } from "./core/ledger.ts";
import { outcomeOf } from "./core/outcome.ts";
import type { ListenerPlan, Plans } from "./core/plan.ts";
import { dedupeKey, describe } from "./core/provider.ts";
import type { Queue } from "./core/queue.ts";
import { type Decided, decide } from "./decide.ts";
import { refuseBroken, refuseNoJson, refuseUnproved } from "./refuse.ts";
import type { DeliveryProofs, Verifier } from "./verify/verifier.ts";

export interface AcceptNeeds {
  readonly verifier: Verifier;
  readonly ledger: Pick<Ledger, "accept" | "find" | "load">;
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
/** Requests that wait for remote interceptors at once: their bodies are in memory. */
const MAX_WAITING = 1_000;

export interface Accept {
  /**
   * Takes a delivery in.
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
   * @throws SluiceError SLUICE_DELIVERY_UNKNOWN, SLUICE_LISTENER_UNKNOWN.
   */
  replay(id: string): Promise<string>;
}

export function createAccept(needs: AcceptNeeds): Accept {
  const { verifier, ledger, queue, plans, tell, clock = Date.now, newId = newDeliveryId } = needs;
  const { decideWithin = DECIDE_WITHIN_MS } = needs;
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
      return keep(plan, delivery, proofs, body, true);
    },

    async replay(id) {
      const [stored, record] = await Promise.all([ledger.load(id), ledger.find(id)]);
      if (stored === undefined || record === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
      const { namespace, name } = stored.listener;
      const plan = plans.find(namespace, name);
      if (plan === undefined) {
        const served = plans.all().map((known) => `/${known.namespace}/${known.name}`);
        const values = {
          method: "replay",
          path: `/${namespace}/${name}`,
          host: "-",
          served: served.join(", "),
        };
        throw fault("SLUICE_LISTENER_UNKNOWN", values);
      }
      const now = clock();
      const delivery: Delivery = { ...stored, id: newId(now), receivedAt: now, replayOf: id };
      const body = payload(delivery.body.toString("utf8"));
      return keep(plan, delivery, verifier.recorded(delivery, record.proof), body, false);
    },
  };

  async function keep(
    plan: ListenerPlan,
    delivery: Delivery,
    proofs: DeliveryProofs,
    body: Payload,
    once: boolean,
  ): Promise<string> {
    const decided = await decideNow(plan, delivery, proofs, body);
    // What a worker may decide better later is left to it.
    const decisions = decided?.transient === undefined ? decided?.decisions : undefined;
    const facts = { ...describe(delivery.headers, body), proof: proofs.scheme() };
    const key = once ? dedupeKey(facts.provider, delivery.headers, body) : undefined;
    const entry: NewDelivery = {
      delivery,
      facts,
      decisions,
      ...(key === undefined ? {} : { dedupeKey: key }),
    };
    const result = await stored(() => ledger.accept(entry));
    if (result.kind === "accepted") await queued(async () => jobsOf(delivery, decisions));
    else if (result.outcome === "pending") await queued(() => openJobs(result.of));
    report(entry, result.kind === "duplicate" ? result.of : undefined);
    return result.kind === "duplicate" ? result.of : delivery.id;
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
  ): Promise<Decided | undefined> {
    const hidden = delivery.replayOf === undefined ? [] : maskedNames(delivery.headers);
    if (!plan.remote) return decide(plan, delivery, proofs, body, { hidden });
    if (decideWithin === 0 || waiting >= MAX_WAITING) return undefined;
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), decideWithin);
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
  async function openJobs(id: string): Promise<readonly Job[]> {
    const record = await ledger.find(id);
    if (record === undefined) return [];
    if (!record.decided) return [decideJob(record)];
    return record.jobs.filter((job) => job.state === "pending").map((job) => job.job);
  }

  function report({ delivery, facts, decisions }: NewDelivery, duplicateOf: string | undefined): void {
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

function jobsOf(delivery: Delivery, decisions: readonly Decision[] | undefined): readonly Job[] {
  if (decisions === undefined) return [decideJob(delivery)];
  return decisions.map((decision) => decision.job).filter((job): job is CreateJob => job !== undefined);
}

function decideJob({ id, listener, receivedAt }: Pick<Delivery, "id" | "listener" | "receivedAt">): Job {
  return { kind: "decide", id: decideJobId(id), delivery: id, listener, receivedAt };
}

async function stored<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof SluiceError && error.code === "SLUICE_STORE_AWAY") throw error;
    throw fault("SLUICE_STORE_AWAY", { reason: reasonOf(error) }, { cause: error });
  }
}
