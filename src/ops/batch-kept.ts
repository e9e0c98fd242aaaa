/** Orders of many as the ledger keeps them: what was ordered, and how far it was when its process last said so. */

import type { KeptBatch, Ledger } from "../core/ledger.ts";
import type { Batch } from "./batch.ts";

export interface KeptOrder {
  /** Without its results. */
  readonly batch: Batch;
  /** As {@link BatchOrder} has it. */
  readonly request: object;
  /** When its process wrote this, milliseconds since the epoch. */
  readonly saidAt: number;
}

/** How often a process says how far it is; milliseconds. */
export const SAID_EVERY_MS = 5_000;
/** Whose process has said nothing for so long, is interrupted; milliseconds. */
export const SILENT_MS = 30_000;

export interface BatchKeeper {
  keep(batch: Batch, request: object): Promise<void>;
  /** Newest first; those whose process fell silent are `interrupted`. */
  list(): Promise<readonly KeptOrder[]>;
}

/** A dry run and a count change nothing, so nobody need take them up: only what acts is kept. */
export function createBatchKeeper(
  ledger: Pick<Ledger, "keepBatch" | "batches">,
  clock: () => number,
): BatchKeeper {
  return {
    async keep(batch, request) {
      const { results: _none, ...slim } = batch;
      const order: KeptOrder = { batch: slim, request, saidAt: clock() };
      await ledger.keepBatch({ id: batch.id, at: batch.startedAt, text: JSON.stringify(order) });
    },
    list: async () => (await ledger.batches()).map((kept) => readOrder(kept, clock())),
  };
}

function readOrder({ text }: KeptBatch, now: number): KeptOrder {
  const order = JSON.parse(text) as KeptOrder;
  const silent = order.batch.endedAt === undefined && now - order.saidAt > SILENT_MS;
  return silent ? { ...order, batch: { ...order.batch, state: "interrupted" } } : order;
}
