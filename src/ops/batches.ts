/** The batches of a gateway: a few at a time, listed, cancelled at will, and resumed after a restart. */

import { fault } from "../core/errors.ts";
import { newDeliveryId } from "../core/identity.ts";
import type { Ledger } from "../core/ledger.ts";
import type { Batch, BatchOrder, BatchVerb } from "./batch.ts";
import type { KeptOrder } from "./batch-kept.ts";
import { createBatchKeeper } from "./batch-kept.ts";
import { type Running, runBatch } from "./batch-run.ts";

export interface Batches {
  /**
   * Starts one, or goes on with one that was interrupted; it is kept when this resolves.
   *
   * @throws SluiceError SLUICE_BATCH_BUSY, SLUICE_STORE_AWAY.
   */
  start(order: BatchOrder, resumed?: Batch): Promise<Batch>;
  /** @throws SluiceError SLUICE_BATCH_UNKNOWN. */
  find(verb: BatchVerb, id: string): Promise<Batch>;
  /** Newest first, without results. */
  list(verb: BatchVerb): Promise<readonly Batch[]>;
  /** Ends it after the delivery in hand; what is done stays done. @throws SluiceError SLUICE_BATCH_UNKNOWN, _STATE. */
  cancel(verb: BatchVerb, id: string): Promise<Batch>;
  /** One that can be resumed. @throws SluiceError SLUICE_BATCH_UNKNOWN, SLUICE_BATCH_STATE. */
  interrupted(verb: BatchVerb, id: string): Promise<KeptOrder>;
  /** Interrupts all that are under way. */
  close(): Promise<void>;
}

/** Under way at once. */
const MOST_RUNNING = 4;
const MOST_REMEMBERED = 50;

const OPEN = {
  state: "selecting",
  total: 0,
  done: 0,
  skipped: 0,
  failed: 0,
  objects: 0,
  different: 0,
} as const;

export interface BatchesNeeds {
  readonly ledger: Pick<Ledger, "keepBatch" | "batches">;
  readonly clock?: () => number;
}

export function createBatches({ ledger, clock = Date.now }: BatchesNeeds): Batches {
  const keeper = createBatchKeeper(ledger, clock);
  const known = new Map<string, Running>();
  const underWay = () => [...known.values()].filter(({ batch }) => isOpen(batch));

  async function kept(verb: BatchVerb, id: string): Promise<KeptOrder> {
    const found = (await keeper.list()).find(({ batch }) => batch.id === id && batch.verb === verb);
    if (found === undefined) throw fault("SLUICE_BATCH_UNKNOWN", { verb, id: id.slice(0, 64) });
    return found;
  }

  function mine(verb: BatchVerb, id: string): Running | undefined {
    const found = known.get(id);
    return found?.batch.verb === verb ? found : undefined;
  }

  return {
    async start(order, resumed) {
      if (underWay().length >= MOST_RUNNING)
        throw fault("SLUICE_BATCH_BUSY", { limit: String(MOST_RUNNING) });
      const { verb, mode, selection, trigger, rate, note, request } = order;
      const { startedAt, id } = resumed ?? { startedAt: clock(), id: newDeliveryId(clock()) };
      const batch: Batch = {
        ...{ id, verb, mode, selection, rate, ...note, startedAt },
        ...(trigger !== undefined && { trigger }),
        ...OPEN,
      };
      const entry: Running = { batch, results: [], abort: new AbortController(), ended: Promise.resolve() };
      known.set(batch.id, entry);
      const keep = (): Promise<void> =>
        mode === "act" ? keeper.keep(entry.batch, request) : Promise.resolve();
      try {
        await keep();
      } catch (error) {
        known.delete(batch.id);
        throw error;
      }
      entry.ended = runBatch(entry, order, clock, keep);
      const old = [...known.values()].filter(({ batch }) => !isOpen(batch));
      for (const { batch } of old.slice(0, -MOST_REMEMBERED)) known.delete(batch.id);
      return batch;
    },
    async find(verb, id) {
      const found = mine(verb, id);
      if (found === undefined) return (await kept(verb, id)).batch;
      const { batch, results } = found;
      return isOpen(batch) ? batch : { ...batch, results };
    },
    async list(verb) {
      const all = new Map((await keeper.list()).map(({ batch }) => [batch.id, batch]));
      for (const { batch } of known.values()) all.set(batch.id, batch);
      const wanted = [...all.values()].filter((batch) => batch.verb === verb);
      return wanted.sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
    },
    async cancel(verb, id) {
      const found = mine(verb, id);
      if (found !== undefined) {
        found.abort.abort("cancelled");
        await found.ended;
        return this.find(verb, id);
      }
      const { batch, request } = await kept(verb, id);
      if (batch.endedAt !== undefined) return batch;
      refuseElsewhere(batch, "cancelled here");
      const cancelled: Batch = { ...batch, state: "cancelled", endedAt: clock() };
      await keeper.keep(cancelled, request);
      return cancelled;
    },
    async interrupted(verb, id) {
      const own = mine(verb, id);
      if (own !== undefined) refuseElsewhere(own.batch, "resumed");
      const order = await kept(verb, id);
      refuseElsewhere(order.batch, "resumed");
      return order;
    },
    async close() {
      for (const { abort } of underWay()) abort.abort("interrupted");
      await Promise.all([...known.values()].map(({ ended }) => ended));
    },
  };
}

const isOpen = ({ state }: Batch): boolean => state === "selecting" || state === "running";

/** Whoever works on it must be left alone; whoever works on it no more left it interrupted. */
function refuseElsewhere({ id, verb, state }: Batch, wanted: string): void {
  if (state !== "interrupted") throw fault("SLUICE_BATCH_STATE", { verb, id, state, wanted });
}
