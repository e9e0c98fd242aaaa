/** The batches of a gateway: a few at a time, listed and cancelled from any process, and resumed after their end. */

import { setTimeout as wait } from "node:timers/promises";
import { fault } from "../core/errors.ts";
import { newDeliveryId } from "../core/identity.ts";
import type { Ledger } from "../core/ledger.ts";
import { type Batch, type BatchOrder, type BatchVerb, isOpen, isResumable } from "./batch.ts";
import type { KeptOrder } from "./batch-kept.ts";
import { createBatchKeeper } from "./batch-kept.ts";
import { type Running, runBatch } from "./batch-run.ts";
import { isId } from "./fields.ts";

export interface Batches {
  /**
   * Starts one, or goes on with one that ended early; it is kept when this resolves.
   *
   * @throws SluiceError SLUICE_BATCH_BUSY, SLUICE_STORE_AWAY.
   */
  start(order: BatchOrder, resumed?: KeptOrder): Promise<Batch>;
  /** @throws SluiceError SLUICE_BATCH_UNKNOWN. */
  find(verb: BatchVerb, id: string): Promise<Batch>;
  /** Newest first, without results. */
  list(verb: BatchVerb): Promise<readonly Batch[]>;
  /**
   * Ends it after the delivery in hand; what is done stays done. One that another process works on is ended by that
   * process; where it has not done so within {@link HEARD_WITHIN_MS}, this resolves with how far it is.
   *
   * @throws SluiceError SLUICE_BATCH_UNKNOWN.
   */
  cancel(verb: BatchVerb, id: string): Promise<Batch>;
  /** One that can be resumed: it ended before all was done. @throws SluiceError SLUICE_BATCH_UNKNOWN, _STATE. */
  resumable(verb: BatchVerb, id: string): Promise<KeptOrder>;
  /** Interrupts all that are under way. */
  close(): Promise<void>;
}

/** Under way at once. */
const MOST_RUNNING = 4;
const MOST_REMEMBERED = 50;
/** A process hears a wish within a second; milliseconds. */
const HEARD_WITHIN_MS = 3_000;
const LOOKED_EVERY_MS = 100;

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
  readonly ledger: Pick<Ledger, "keepBatch" | "batches" | "batch">;
  readonly clock?: () => number;
}

export function createBatches({ ledger, clock = Date.now }: BatchesNeeds): Batches {
  const keeper = createBatchKeeper(ledger, clock);
  const known = new Map<string, Running>();
  const underWay = () => [...known.values()].filter(({ batch }) => isOpen(batch));

  async function kept(verb: BatchVerb, id: string): Promise<KeptOrder> {
    const found = isId(id) ? await keeper.find(id) : undefined;
    if (found?.batch.verb !== verb) throw fault("SLUICE_BATCH_UNKNOWN", { verb, id: id.slice(0, 64) });
    return found;
  }

  /** What this process knows of it, unless another one has gone on with it since. */
  async function mine(verb: BatchVerb, id: string): Promise<Running | undefined> {
    const own = known.get(id);
    if (own?.batch.verb !== verb) return undefined;
    if (isOpen(own.batch)) return own;
    // A store that is away must not hide how it ended here.
    const other = await keeper.find(id).catch(() => undefined);
    return turnOf(other) > own.turn ? undefined : own;
  }

  /** Asks the process that works on it to end it, and looks whether it does. */
  async function askToEnd(verb: BatchVerb, id: string): Promise<Batch> {
    const { batch, request, ...order } = await kept(verb, id);
    // Also where it fell silent: if it wakes up it must know.
    await keeper.wish(batch, turnOf(order));
    if (!isOpen(batch)) {
      const cancelled: Batch = { ...batch, state: "cancelled", endedAt: clock() };
      await keeper.keep(cancelled, request, turnOf(order));
      return (await kept(verb, id)).batch;
    }
    const until = performance.now() + HEARD_WITHIN_MS;
    for (;;) {
      await wait(LOOKED_EVERY_MS);
      const now = await kept(verb, id);
      if (!isOpen(now.batch) || performance.now() > until) return now.batch;
    }
  }

  return {
    async start(order, resumed) {
      if (underWay().length >= MOST_RUNNING)
        throw fault("SLUICE_BATCH_BUSY", { limit: String(MOST_RUNNING) });
      const { verb, mode, selection, trigger, rate, note, request } = order;
      const { startedAt, id } = resumed?.batch ?? {
        startedAt: clock(),
        id: order.id ?? newDeliveryId(clock()),
      };
      const batch: Batch = {
        ...{ id, verb, mode, selection, rate, ...note, startedAt },
        ...(trigger !== undefined && { trigger }),
        ...OPEN,
      };
      const turn = resumed === undefined ? 1 : turnOf(resumed) + 1;
      const entry: Running = {
        ...{ batch, turn, results: [], abort: new AbortController(), ended: Promise.resolve() },
      };
      known.set(batch.id, entry);
      const keep = (): Promise<void> =>
        mode === "act" ? keeper.keep(entry.batch, request, turn) : Promise.resolve();
      try {
        await keep();
      } catch (error) {
        known.delete(batch.id);
        throw error;
      }
      entry.ended = runBatch(entry, order, clock, async () => {
        if (mode === "act" && isOpen(entry.batch) && (await keeper.wished(id)) === turn)
          entry.abort.abort("cancelled");
        await keep();
      });
      const old = [...known.values()].filter(({ batch }) => !isOpen(batch));
      for (const { batch } of old.slice(0, -MOST_REMEMBERED)) known.delete(batch.id);
      return batch;
    },
    async find(verb, id) {
      const found = await mine(verb, id);
      if (found === undefined) return (await kept(verb, id)).batch;
      const { batch, results } = found;
      return isOpen(batch) ? batch : { ...batch, results };
    },
    async list(verb) {
      const orders = new Map((await keeper.list()).map((order) => [order.batch.id, order]));
      const all = new Map([...orders].map(([id, { batch }]) => [id, batch]));
      for (const { batch, turn } of known.values())
        if (turnOf(orders.get(batch.id)) <= turn) all.set(batch.id, batch);
      const wanted = [...all.values()].filter((batch) => batch.verb === verb);
      return wanted.sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
    },
    async cancel(verb, id) {
      const own = await mine(verb, id);
      if (own !== undefined) {
        own.abort.abort("cancelled");
        await own.ended;
      }
      const now = await this.find(verb, id);
      return now.endedAt === undefined ? askToEnd(verb, id) : now;
    },
    async resumable(verb, id) {
      const own = await mine(verb, id);
      // What it says last must not be said after the first word of who goes on with it.
      if (own !== undefined && !isOpen(own.batch)) await own.ended;
      const order = await kept(verb, id);
      const batch = own !== undefined && isOpen(own.batch) ? own.batch : order.batch;
      if (!isResumable(batch)) throw fault("SLUICE_BATCH_STATE", { verb, id, state: batch.state });
      return order;
    },
    async close() {
      for (const { abort } of underWay()) abort.abort("interrupted");
      await Promise.all([...known.values()].map(({ ended }) => ended));
    },
  };
}

const turnOf = (order: Pick<KeptOrder, "turn"> | undefined): number => order?.turn ?? 1;
