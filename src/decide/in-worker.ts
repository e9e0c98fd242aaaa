/** A worker's decision: of a delivery that nobody has decided, or of those of its triggers that wait. */

import { type Decision, isWaiting, type LateDecision } from "../core/decision.ts";
import { type Decoder, withDecoded } from "../core/decoder.ts";
import type { Delivery, ObjectName } from "../core/delivery.ts";
import { asFault, fault, type SluiceError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { isDistrust, type StoreKeys, signDecisions } from "../core/integrity.ts";
import type { DecideJob } from "../core/job.ts";
import type { DeliveryRecord, Ledger, StoredDelivery } from "../core/ledger.ts";
import type { ListenerPlan, Plans, VisiblePlan } from "../core/plan.ts";
import type { Disposition, Queue } from "../core/queue.ts";
import { nextTry } from "../core/retry.ts";
import { tellDecisions } from "../core/tell-decisions.ts";
import { hiddenOf } from "../core/url.ts";
import type { Verifier } from "../verify/index.ts";
import { claimKey, claimsLate, createClaims } from "./claims.ts";
import { decide } from "./decide.ts";
import { givenUp, stillWaiting } from "./deferred.ts";
import { decidesAgain, onlyFailed, openCreates } from "./open-work.ts";
import { createTurns, type Turns } from "./turns.ts";

export interface DecideLaterNeeds {
  readonly ledger: Pick<Ledger, "claim" | "decide" | "decideLate" | "find" | "forgetBody" | "load">;
  readonly queue: Pick<Queue, "enqueue">;
  readonly plans: Plans;
  readonly visible: VisiblePlan;
  readonly verifier: Verifier;
  readonly decoder: Decoder;
  readonly tell: Tell;
  readonly keys?: StoreKeys | undefined;
  /** As dispatch/distrust.ts makes it. */
  readonly distrust: (delivery: string, error: SluiceError) => Disposition | undefined;
  readonly clock: () => number;
  readonly random: () => number;
  /** Milliseconds of work that a proved delivery may cost. */
  readonly decideBudget?: number;
  /** Shared by all that decide in this process. */
  readonly turns?: Turns;
}

/** `retry` where asking again may come out otherwise. */
interface Answers {
  readonly late: readonly LateDecision[];
  readonly retry?: "soon" | "slow";
}

const DONE: Disposition = { kind: "done" };

/**
 * Makes the handler of jobs that decide. What was decided is kept and queued at once; the job comes again for the rest,
 * until that is decided too or patience ends: then it has failed, for the reason that it waited.
 */
export function createDecideLater(
  needs: DecideLaterNeeds,
): (job: DecideJob, attempt: number) => Promise<Disposition> {
  const { ledger, queue, plans, visible, verifier, decoder, tell, keys, distrust, clock, random } = needs;
  const { decideBudget, turns = createTurns() } = needs;
  const claim = createClaims({ ledger });

  return async (job, attempt) => {
    const [loaded, record] = await Promise.all([load(job.delivery), ledger.find(job.delivery)]);
    if (isWrong(loaded)) {
      const held = distrust(job.delivery, loaded.wrong);
      if (held !== undefined) return held;
      if (record !== undefined && !record.decided)
        await keep(job, record, everywhere(record, failedBy(job.listener, loaded.wrong)));
      return DONE;
    }
    const delivery = loaded;
    if (delivery === undefined || record === undefined) return DONE;
    if (record.decided) {
      await queueWork(record);
      return DONE;
    }
    const { late, retry } = await ask(delivery, record);
    const next = retry && nextTry({ retry, attempt, since: job.receivedAt, now: clock(), random });
    if (next?.kind === "retry") {
      // Nobody has looked at the delivery where its listener is missing.
      if (retry === "soon") await keep(job, record, await claimed(delivery, record, late));
      return next;
    }
    const last = next === undefined ? late : late.map((one) => lastWord(one, next.reason));
    await keep(job, record, await claimed(delivery, record, last));
    return DONE;
  };

  async function load(id: string): Promise<StoredDelivery | { readonly wrong: SluiceError } | undefined> {
    try {
      return await ledger.load(id);
    } catch (thrown) {
      const wrong = asFault(thrown);
      if (!isDistrust(wrong)) throw thrown;
      return { wrong };
    }
  }

  /** An unproved delivery claims its id only now, for what its triggers have accepted. */
  async function claimed(
    delivery: Delivery,
    record: DeliveryRecord,
    late: readonly LateDecision[],
  ): Promise<readonly LateDecision[]> {
    const plan = plans.find(delivery.listener.namespace, delivery.listener.name);
    if (!claimsLate(record, delivery, plan)) return late;
    const key = await withDecoded(decoder, delivery.body, async (body) => claimKey(record, delivery, body));
    if (key === undefined) return late;
    const decisions = await claim(
      delivery,
      key,
      late.map(({ decision }) => decision),
    );
    return late.map((one, i) => ({ ...one, decision: decisions[i] ?? one.decision }));
  }

  /** Writes what is new, then queues what that asks for. */
  async function keep(job: DecideJob, before: DeliveryRecord, all: readonly LateDecision[]): Promise<void> {
    const signed = signDecisions(
      keys,
      all.map(({ decision }) => decision),
    );
    const late = all.map(({ at }, i) => ({ at, decision: signed[i] as Decision }));
    const { delivery, listener } = job;
    const first = before.decisions.length === 0;
    const made = late.filter(({ decision }) => !isWaiting(decision));
    const decisions = late.map(({ decision }) => decision);
    if (first) await ledger.decide(delivery, decisions);
    else if (made.length > 0) await ledger.decideLate(delivery, made);
    // Of two workers that decide one delivery, the ledger knows whose decisions count.
    const record = first || made.length > 0 ? await ledger.find(delivery) : before;
    if (record !== undefined) await queueWork(record);
    // Of an unproved delivery that no trigger accepted the body is not kept.
    if (record?.digest !== undefined && record.outcome === "filtered") await ledger.forgetBody(delivery);
    tellDecisions(tell, delivery, listener, decisions);
  }

  /** A try before this one may have died between the ledger and the queue, so all that is open is queued. */
  async function queueWork(record: DeliveryRecord): Promise<void> {
    const jobs = openCreates(record);
    if (jobs.length > 0) await queue.enqueue(jobs);
  }

  /** By the delivery's own word, which is signed: the job is no more than a pointer to it. */
  async function ask(delivery: StoredDelivery, record: DeliveryRecord): Promise<Answers> {
    const { listener } = delivery;
    const plan = plans.find(listener.namespace, listener.name);
    // Somebody may be correcting it: while no file can be read there are no listeners at all.
    if (plan === undefined) return { late: everywhere(record, listenerGone(listener)), retry: "slow" };
    if (plan.fault !== undefined)
      return { late: everywhere(record, failedBy(listener, plan.fault)), retry: "slow" };
    const first = decidesAgain(delivery);
    const open = first === undefined ? plan : await stillOpen(plan, first);
    if (open === undefined) return { late: everywhere(record, notAgain(listener, first)) };
    const { plan: asked, places, gone } = stillWaiting(open, record.decisions);
    const proofs = verifier.recorded(delivery, delivery.proof);
    const name = `${listener.namespace}/${listener.name}`;
    const seen = await visible(asked);
    const { decisions, transient } = await withDecoded(decoder, delivery.body, async (body) =>
      decide(seen, delivery, proofs, body, {
        hidden: hiddenOf(delivery),
        // A worker's slots bound how many wait.
        visit: await turns.enter(name, delivery.body.length, false),
        ...(decideBudget && { budgetMs: decideBudget }),
      }),
    );
    const late = [
      ...decisions.map((decision, i) => ({ at: places[i] ?? i, decision })),
      ...gone.map((at) => ({ at, decision: triggerGone(plan, record.decisions[at]?.trigger ?? listener) })),
    ];
    return transient === undefined ? { late } : { late, retry: "soon" };
  }

  /** The triggers that a redelivery is to decide again; undefined where that is no longer known. */
  async function stillOpen(plan: ListenerPlan, first: string): Promise<ListenerPlan | undefined> {
    const record = await ledger.find(first);
    return record && onlyFailed(plan, record);
  }
}

const isWrong = (found: object | undefined): found is { readonly wrong: SluiceError } =>
  found !== undefined && "wrong" in found;

function failedBy(trigger: ObjectName, { message: reason, code }: SluiceError): Decision {
  return { trigger, result: "failed", reason, code, trace: [] };
}

function lastWord({ at, decision }: LateDecision, why: string): LateDecision {
  return { at, decision: givenUp(decision, why) };
}

/** One decision for all that waits; the only one of a delivery that nobody has decided. */
function everywhere({ decisions }: DeliveryRecord, decision: Decision): readonly LateDecision[] {
  if (decisions.length === 0) return [{ at: 0, decision }];
  return decisions.flatMap((old, at) => {
    return isWaiting(old) ? [{ at, decision: { ...decision, trigger: old.trigger } }] : [];
  });
}

function notAgain(listener: ObjectName, first = ""): Decision {
  const { message, code } = fault("SLUICE_DELIVERY_UNKNOWN", { id: first });
  const reason = `nobody can say any more which triggers failed: ${message}`;
  return { trigger: listener, result: "failed", reason, code, trace: [] };
}

function listenerGone(listener: ObjectName): Decision {
  const from = "the delivery";
  const absent = `does not exist in namespace ${listener.namespace}`;
  const { message, code } = fault("SLUICE_REF_MISSING", { kind: "EventListener", ...listener, absent, from });
  return { trigger: listener, result: "failed", reason: message, code, trace: [] };
}

function triggerGone(plan: ListenerPlan, trigger: ObjectName): Decision {
  const listener = `${plan.namespace}/${plan.name}`;
  const known = plan.groups.flatMap(({ triggers }) => triggers.map(({ name }) => name)).join(", ") || "none";
  const from = { listener, name: `${trigger.namespace}/${trigger.name}`, known };
  const { message, code } = fault("SLUICE_TRIGGER_UNKNOWN", from);
  const reason = `it was declared when the delivery came, and could not be asked then: ${message} any more`;
  return { trigger, result: "failed", reason, code, trace: [] };
}
