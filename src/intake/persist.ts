/** What is kept of a delivery: one write to the ledger, one to the queue, then it is told of. */

import { type Decision, isWaiting } from "../core/decision.ts";
import type { Delivery, Payload } from "../core/delivery.ts";
import { asFault, fault, reasonOf, SluiceError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { restId } from "../core/identity.ts";
import { type StoreKeys, signDecisions } from "../core/integrity.ts";
import { decideJobFor, type Job } from "../core/job.ts";
import type { AcceptResult, ActNote, Ledger, NewDelivery } from "../core/ledger.ts";
import { outcomeOf } from "../core/outcome.ts";
import type { ListenerPlan } from "../core/plan.ts";
import { wasProved } from "../core/proof.ts";
import { describe } from "../core/provider.ts";
import type { Queue } from "../core/queue.ts";
import type { Hold } from "../core/store.ts";
import { tellDecisions } from "../core/tell-decisions.ts";
import { isTrouble } from "../core/trouble.ts";
import { createTwinHooks } from "../core/twin-hooks.ts";
import type { DecideNow } from "../decide/index.ts";
import {
  claimKey,
  claimsNow,
  createClaims,
  decidesAgain,
  openJobs,
  reopenable,
  restOf,
} from "../decide/index.ts";
import type { DeliveryProofs } from "../verify/index.ts";
import { createRetryFailed, decidedAgain, provedPart, replaces } from "./redelivery.ts";
import type { UnprovedLimits } from "./unproved.ts";
import { storedBytes, unprovedRecord } from "./unproved-record.ts";

export interface KeepNeeds {
  readonly ledger: Pick<Ledger, "accept" | "claim" | "decide" | "drop" | "find" | "reopen">;
  readonly queue: Pick<Queue, "enqueue">;
  readonly decideNow: DecideNow;
  readonly tell: Tell;
  /** Sign the jobs; without them they stay unsigned. */
  readonly keys?: StoreKeys | undefined;
  readonly clock: () => number;
  /** What unproved deliveries may take of the store; absent: as much as they like. */
  readonly limits?: Pick<UnprovedLimits, "reserve">;
  /** As the store has it; absent: a write that fails is refused at once. */
  readonly hold?: Hold;
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

export function createKeep(needs: KeepNeeds): Keep {
  const { ledger, queue, decideNow, tell, keys, clock, limits, hold = (write) => write() } = needs;
  const retryFailed = createRetryFailed({ ledger, clock, queued });
  const claim = createClaims({ ledger });
  const twinHooks = createTwinHooks();
  return keep;

  async function keep(...[plan, delivery, proofs, body, how]: Parameters<Keep>): Promise<string> {
    const { once, now, again, note } = how;
    const decided = await (now ? decideNow.settled : decideNow.within)(plan, delivery, proofs, body);
    const decisions = decided && signDecisions(keys, decided.decisions);
    const facts = { ...describe(delivery.headers, body), proof: proofs.scheme() };
    const proved = wasProved(facts.proof);
    const key = once ? claimKey(facts, delivery, body, proofs.signedId()) : undefined;
    const entry: NewDelivery = {
      delivery,
      facts,
      decisions,
      ...(key !== undefined && claimsNow(decisions, proved) && { dedupeKey: key }),
      ...(note && { note }),
    };
    // A replay was taken in before, and an operator asks for it.
    const limited = !proved && delivery.replayOf === undefined;
    const result = await stored(() => (limited ? acceptLimited(entry) : ledger.accept(entry)));
    if (result.kind === "accepted") {
      // Of two that decide one delivery again, the ledger knows whose decisions count.
      const work = () =>
        again || decidesAgain(delivery) ? workOf(delivery.id) : jobsOf(delivery, decisions);
      await queued(async () => work());
      report(entry);
      const twins = twinHooks(delivery, facts, decisions);
      if (twins !== undefined) tell({ type: "delivery.twins", ...twins });
      return delivery.id;
    }
    report(entry, result.of);
    if (result.outcome === "pending") await queued(() => workOf(result.of));
    if (result.outcome === "dead" && plan.onDuplicate !== "ignore") {
      const part = proved ? await provedPart(plan, proofs) : undefined;
      await stored(() =>
        retryFailed(result.of, {
          mayReopen: (record) => reopenable(record, decisions, proved),
          // What an unproved one passes is kept trigger by trigger, below.
          ...(part !== undefined && {
            plan: part,
            decideAs: (id, replayOf, open) =>
              keep(open, { ...delivery, id, replayOf }, proofs, body, { once: false, now: false }),
          }),
        }),
      );
    }
    if (proved || key === undefined || decisions === undefined) return result.of;
    return keepRest(result.of, { plan, entry, decisions, proofs, body, key });
  }

  async function stored<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await hold(write);
    } catch (error) {
      throw asTrouble(error);
    }
  }

  /** Stores an unproved delivery, where there is room for it. */
  async function acceptLimited(entry: NewDelivery): Promise<AcceptResult> {
    const record = unprovedRecord(entry);
    const release = await limits?.reserve(entry.delivery.listener, storedBytes(record));
    return ledger.accept(record).finally(release);
  }

  /**
   * Of an unproved delivery whose id is taken, keeps what triggers accept that did not accept the first one. It is stored
   * before it claims: a claim always belongs to a delivery that a worker would go on with.
   */
  async function keepRest(first: string, second: Second): Promise<string> {
    const { plan, entry, decisions, proofs, body, key } = second;
    const record = await stored(() => ledger.find(first));
    const rest = record && restOf(plan, decisions, record);
    if (record === undefined || rest === undefined) return first;
    const { delivery, facts } = entry;
    const own: Delivery = { ...delivery, id: restId(delivery.id), replayOf: delivery.id };
    const decided = await decideNow.within(rest, own, proofs, body);
    await stored(() => acceptLimited({ delivery: own, facts, decisions: undefined }));
    if (decided === undefined) {
      await queued(async () => [decideJobFor(own)]);
      report({ delivery: own, facts, decisions: undefined });
      return own.id;
    }
    const kept = signDecisions(keys, await stored(() => claim(own, key, decided.decisions)));
    await stored(() => ledger.decide(own.id, kept));
    if (replaces(kept, record)) await stored(() => ledger.drop(first, decidedAgain(first, own.id, clock())));
    await queued(() => workOf(own.id));
    report({ delivery: own, facts, decisions: kept });
    return outcomeOf(kept) === "filtered" ? first : own.id;
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

/** What a delivery was, whose id was taken. */
interface Second {
  readonly plan: ListenerPlan;
  readonly entry: NewDelivery;
  readonly decisions: readonly Decision[];
  readonly proofs: DeliveryProofs;
  readonly body: Payload;
  readonly key: string;
}

function jobsOf(delivery: Delivery, decisions: readonly Decision[] | undefined): readonly Job[] {
  if (decisions === undefined) return [decideJobFor(delivery)];
  const creates = decisions.flatMap(({ job }) => job ?? []);
  return decisions.some(isWaiting) ? [...creates, decideJobFor(delivery)] : creates;
}

/** The store is there; it is only that unproved deliveries may take no more of it. */
const isRefusal = (error: unknown): boolean =>
  error instanceof SluiceError && error.code.startsWith("SLUICE_UNPROVED_");

/** What a driver throws is the store's affair; a text too long, or nested too deep, is not, and comes out the same again. */
function asTrouble(error: unknown): unknown {
  if (isTrouble(error) || error instanceof RangeError || isRefusal(error)) return error;
  return fault("SLUICE_STORE_AWAY", { reason: reasonOf(error) }, { cause: error });
}
