/** Orders of many as the ledger keeps them: what was ordered, how far it is, and that somebody wants it to end. */

import type { KeptBatch, Ledger } from "../core/ledger.ts";
import type { Batch } from "./batch.ts";

export interface KeptOrder {
  /** Without its results. */
  readonly batch: Batch;
  /** As {@link BatchOrder} has it. */
  readonly request: object;
  /** When its process wrote this, milliseconds since the epoch. */
  readonly saidAt: number;
  /** 1 at first, one more each time it is gone on with. Versions before did not count. */
  readonly turn?: number;
}

/** How often a process says how far it is, and hears whether it is to end; milliseconds. */
export const SAID_EVERY_MS = 1_000;
/** Whose process has said nothing for so long, is interrupted; milliseconds. Clocks of two machines differ by less. */
export const SILENT_MS = 30_000;

export interface BatchKeeper {
  keep(batch: Batch, request: object, turn: number): Promise<void>;
  find(id: string): Promise<KeptOrder | undefined>;
  /** Newest first; those whose process fell silent are `interrupted`. */
  list(): Promise<readonly KeptOrder[]>;
  /** Asks whoever works on this turn of it to end it. */
  wish(batch: Batch, turn: number): Promise<void>;
  /** The turn that somebody wants to end. */
  wished(id: string): Promise<number | undefined>;
}

/** A dry run and a count change nothing, so nobody need take them up: only what acts is kept. */
export function createBatchKeeper(
  ledger: Pick<Ledger, "keepBatch" | "batches" | "batch">,
  clock: () => number,
): BatchKeeper {
  return {
    async keep(batch, request, turn) {
      const { results: _none, saidAt: _old, ...slim } = batch;
      const order: KeptOrder = { batch: slim, request, saidAt: clock(), turn };
      await ledger.keepBatch({ id: batch.id, at: batch.startedAt, text: JSON.stringify(order) });
    },
    async find(id) {
      const kept = await ledger.batch(id);
      return kept === undefined ? undefined : readOrder(kept, clock());
    },
    list: async () => (await ledger.batches()).map((kept) => readOrder(kept, clock())),
    async wish({ id, startedAt }, turn) {
      // A record of its own, because that of the batch is its process's alone to write; and one that a version before,
      // which knows no wishes, reads as an ended batch of a verb that it never lists.
      const now = clock();
      const batch = { id: wishOf(id), verb: "cancel", startedAt, endedAt: now };
      const text = JSON.stringify({ batch, request: {}, saidAt: now, turn });
      await ledger.keepBatch({ id: batch.id, at: startedAt, text });
    },
    async wished(id) {
      const kept = await ledger.batch(wishOf(id));
      return kept === undefined ? undefined : (JSON.parse(kept.text) as KeptOrder).turn;
    },
  };
}

const wishOf = (id: string): string => `cancel-${id}`;

/** An order as it was kept last; one whose process fell silent is interrupted. */
export function readOrder({ text }: KeptBatch, now: number): KeptOrder {
  const order = JSON.parse(text) as KeptOrder;
  if (order.batch.endedAt !== undefined) return order;
  const silent = now - order.saidAt > SILENT_MS;
  const { saidAt } = order;
  return { ...order, batch: { ...order.batch, saidAt, ...(silent && { state: "interrupted" }) } };
}
