/** The way in, on one page: prove, decide, store, queue; only then does the sender get his 202. */

import type { Decision } from "../core/decision.ts";
import type { Decoder } from "../core/decoder.ts";
import { createDecoder, withDecoded } from "../core/decoder.ts";
import type { Delivery, RequestHead } from "../core/delivery.ts";
import type { Tell } from "../core/fact.ts";
import { newDeliveryId } from "../core/identity.ts";
import type { StoreKeys } from "../core/integrity.ts";
import type { ActNote, Ledger } from "../core/ledger.ts";
import type { ListenerPlan, Plans, VisiblePlan } from "../core/plan.ts";
import { allVisible } from "../core/plan.ts";
import { demandsOf, wasProved } from "../core/proof.ts";
import type { Queue } from "../core/queue.ts";
import type { Hold } from "../core/store.ts";
import { maskLastSegment } from "../core/url.ts";
import type { Turns } from "../decide/index.ts";
import { createDecideNow } from "../decide/index.ts";
import type { OpenProofs, Verifier } from "../verify/index.ts";
import { createKeep } from "./persist.ts";
import { refuseBroken, refuseByHead, refuseNoJson, refuseUnproved } from "./reject.ts";
import { findAgain } from "./replay-source.ts";
import type { UnprovedLimits } from "./unproved.ts";

export interface AcceptNeeds {
  readonly verifier: Verifier;
  readonly ledger: Pick<Ledger, "accept" | "claim" | "decide" | "drop" | "find" | "load" | "reopen">;
  readonly queue: Pick<Queue, "enqueue">;
  readonly plans: Plans;
  /** Default: the operator wrote the objects. */
  readonly visible?: VisiblePlan;
  readonly tell: Tell;
  readonly keys?: StoreKeys | undefined;
  /** Milliseconds that a request waits for remote interceptors before a worker takes over; 0 leaves all to workers. */
  readonly decideWithin?: number;
  /** Milliseconds of work that the triggers of a proved delivery may cost together; a tenth of it without a proof. */
  readonly decideBudget?: number;
  /** Shared by all that decide in this process. */
  readonly turns?: Turns;
  /** Decodes bodies; shared by all that does so in a process. */
  readonly decoder?: Decoder;
  readonly clock?: () => number;
  /** What unproved deliveries may take; absent: as much as they like. */
  readonly limits?: UnprovedLimits;
  /** Waits for a store that is away for a moment; absent: what cannot be stored is refused at once. */
  readonly hold?: Hold;
  /** Makes the id of a delivery that arrived at `now`. */
  readonly newId?: (now: number) => string;
}

type Arrival = Omit<Delivery, "id" | "listener">;

/** A delivery whose head is known and whose body is arriving. */
export interface Arriving {
  /** Takes the next bytes of the body: signatures are computed over them at once. */
  update(chunk: Buffer): void;
  /** As {@link Accept.accept}, with the head that this was opened with. */
  accept(arrival: Arrival): Promise<string>;
}

export interface Accept {
  /**
   * Opens a delivery by its head.
   *
   * @throws SluiceError 401 when every trigger demands a proof and the head holds none of them: its body is not read.
   */
  open(head: RequestHead, plan: ListenerPlan): Arriving;
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
  accept(arrival: Arrival, plan: ListenerPlan): Promise<string>;
  /**
   * Decides a stored delivery again as a delivery of its own, with new names.
   *
   * @returns the new delivery's id.
   * @throws SluiceError SLUICE_DELIVERY_UNKNOWN, SLUICE_DELIVERY_DUPLICATE, SLUICE_BODY_FORGOTTEN,
   *   SLUICE_LISTENER_UNKNOWN, SLUICE_TRIGGER_UNKNOWN; with `trigger` also SLUICE_INTERCEPTOR_FAILED where it cannot be
   *   decided now: a worker would decide for every trigger.
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
  /** The id of the replay; asked for again under the same one, it is not made again. A new one by default. */
  readonly id?: string;
}

export function createAccept(needs: AcceptNeeds): Accept {
  const { verifier, ledger, plans, tell, queue, keys, clock = Date.now, newId = newDeliveryId } = needs;
  const { limits, hold, visible = allVisible, decoder = createDecoder() } = needs;
  const decideNow = createDecideNow(needs);
  const storing = { ...(limits && { limits }), ...(hold && { hold }) };
  const keep = createKeep({ ledger, queue, decideNow, tell, keys, clock, ...storing });
  const again = findAgain({ ledger, plans, visible });

  async function take(arrival: Arrival, declared: ListenerPlan, opened?: OpenProofs): Promise<string> {
    const listener = { namespace: declared.namespace, name: declared.name };
    refuseBroken(declared);
    const plan = declared.foreign === undefined ? declared : await visible(declared);
    const arrived: Delivery = { id: newId(arrival.receivedAt), listener, ...arrival };
    const proofs = opened?.finish(arrived) ?? verifier.begin(arrived);
    await refuseUnproved(plan, proofs);
    if (!wasProved(proofs.scheme())) limits?.admit(listener);
    const delivery = withoutProof(arrived, plan);
    return withDecoded(decoder, delivery.body, (body) => {
      if (plan.payloadValidation) refuseNoJson(body, delivery);
      const once = plan.onDuplicate !== "rerun";
      return keep(plan, delivery, proofs, body, { once, now: false });
    });
  }

  return {
    open(head, plan) {
      const { namespace, name } = plan;
      // Secrets of another namespace are used only where the listener's account may see the triggers that name them.
      const demands = plan.foreign === undefined ? demandsOf(plan) : [];
      const opened = verifier.open(head, demands, `${namespace}/${name}`, clock());
      if (plan.fault === undefined) refuseByHead(plan, opened);
      return { update: opened.update, accept: (arrival) => take(arrival, plan, opened) };
    },

    accept: (arrival, plan) => take(arrival, plan),

    async replay(id, { note, trigger, id: own } = {}) {
      const { stored, proof, plan } = await again(id, trigger);
      const now = clock();
      const delivery: Delivery = { ...stored, id: own ?? newId(now), receivedAt: now, replayOf: id };
      const how = {
        once: false,
        now: trigger !== undefined,
        again: own !== undefined,
        ...(note && { note }),
      };
      const proofs = verifier.recorded(delivery, proof);
      return withDecoded(decoder, delivery.body, (body) => keep(plan, delivery, proofs, body, how));
    },

    async preview(id, { trigger } = {}) {
      const { stored, proof, plan } = await again(id, trigger);
      const delivery: Delivery = { ...stored, replayOf: id };
      const proofs = verifier.recorded(delivery, proof);
      const decided = await withDecoded(decoder, delivery.body, (body) =>
        decideNow.settled(plan, delivery, proofs, body),
      );
      return decided.decisions;
    },
  };
}

/** What triggers and the store may see of a delivery: a token at the end of the path was for the gateway alone. */
export function withoutProof(delivery: Delivery, { hides }: ListenerPlan): Delivery {
  if (hides === undefined) return delivery;
  const url = hides.includes("/") ? maskLastSegment(delivery.url) : delivery.url;
  return { ...delivery, url, hides };
}
