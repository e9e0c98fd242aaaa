/** What is kept of a delivery: one write to the ledger, one to the queue, then it is told of. */

import { type Decision, isWaiting } from "./core/decision.ts";
import type { Delivery, Payload } from "./core/delivery.ts";
import { asFault, fault, reasonOf } from "./core/errors.ts";
import type { Tell } from "./core/fact.ts";
import { type StoreKeys, signDecisions } from "./core/integrity.ts";
import { decideJobFor, type Job } from "./core/job.ts";
import type { ActNote, Ledger, NewDelivery } from "./core/ledger.ts";
import { outcomeOf } from "./core/outcome.ts";
import type { ListenerPlan } from "./core/plan.ts";
import { dedupeKey, describe, signedKey } from "./core/provider.ts";
import type { Queue } from "./core/queue.ts";
import { tellDecisions } from "./core/tell-decisions.ts";
import { isTrouble } from "./core/trouble.ts";
import type { DecideNow } from "./decide-now.ts";
import { createRetryFailed, decidesAgain, openJobs } from "./redelivery.ts";
import type { DeliveryProofs } from "./verify/verifier.ts";

export interface KeepNeeds {
  readonly ledger: Pick<Ledger, "accept" | "drop" | "find" | "reopen">;
  readonly queue: Pick<Queue, "enqueue">;
  readonly decideNow: DecideNow;
  readonly tell: Tell;
  /** Sign the jobs; without them they stay unsigned. */
  readonly keys?: StoreKeys | undefined;
  readonly clock: () => number;
}

export interface Keeping {
  /** Whether it is the sender's: then his second one is a duplicate. */
  readonly once: boolean;
  /** Whether it may be there already, with decisions of its own. */
  readonly again?: boolean;
  /** Whether it must be decided here. */
  readonly now: boolean;
  readonly note?: ActNote;
}

/** @returns the eventID, once it is on durable storage; of a duplicate the first one's. @throws SluiceError as accept does. */
export type Keep = (
  plan: ListenerPlan,
  delivery: Delivery,
  proofs: DeliveryProofs,
  body: Payload,
  how: Keeping,
) => Promise<string>;

export function createKeep({ ledger, queue, decideNow, tell, keys, clock }: KeepNeeds): Keep {
  const retryFailed = createRetryFailed({ ledger, clock, queued });
  return keep;

  async function keep(...[plan, delivery, proofs, body, how]: Parameters<Keep>): Promise<string> {
    const { once, now, again, note } = how;
    const decided = await (now ? decideNow.settled : decideNow.within)(plan, delivery, proofs, body);
    const decisions = decided && signDecisions(keys, decided.decisions);
    const facts = { ...describe(delivery.headers, body), proof: proofs.scheme() };
    const signed = proofs.signedId();
    const given = () => dedupeKey(facts.provider, delivery.headers, body);
    const key = once ? (signed === undefined ? given() : signedKey(signed)) : undefined;
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
      // Of two that decide one delivery again, the ledger knows whose decisions count.
      const work = () =>
        again || decidesAgain(delivery) ? workOf(delivery.id) : jobsOf(delivery, decisions);
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
   * Once the ledger has it, the delivery is accepted: work that does not reach the queue is swept up. A refusal would
   * make the sender bring it again, and of two deliveries without a stable id both would run.
   */
  async function queued(work: () => Promise<readonly Job[]>): Promise<void> {
    try {
      await queue.enqueue(await work());
    } catch (error) {
      // A store that is away is told of by itself.
      if (!isTrouble(error)) tell({ type: "defect", where: "enqueue", error: asFault(error) });
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
    tellDecisions(tell, id, listener, decisions ?? []);
  }
}

function jobsOf(delivery: Delivery, decisions: readonly Decision[] | undefined): readonly Job[] {
  if (decisions === undefined) return [decideJobFor(delivery)];
  const creates = decisions.flatMap(({ job }) => job ?? []);
  return decisions.some(isWaiting) ? [...creates, decideJobFor(delivery)] : creates;
}

/** What a driver throws is the store's affair; a text too long, or nested too deep, is not, and comes out the same again. */
async function stored<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isTrouble(error) || error instanceof RangeError) throw error;
    throw fault("SLUICE_STORE_AWAY", { reason: reasonOf(error) }, { cause: error });
  }
}
