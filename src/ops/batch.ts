/** Batches: replays, retries and drops of many deliveries, one after another at a rate, with progress, and cancelled at will. */

import { setTimeout as wait } from "node:timers/promises";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault } from "../core/errors.ts";
import { newDeliveryId } from "../core/identity.ts";
import type { ActNote } from "../core/ledger.ts";
import type { Difference } from "./compare.ts";

export type BatchVerb = "replay" | "retry" | "drop";
/** act: do it. dry-run: decide, change nothing, show what would differ. count: only count. */
export type BatchMode = "act" | "dry-run" | "count";

export interface Batch {
  readonly id: string;
  readonly verb: BatchVerb;
  readonly mode: BatchMode;
  /** Which deliveries, for people. */
  readonly selection: string;
  /** For replays: the only trigger that is decided for. */
  readonly trigger?: string;
  /** Deliveries per second, at most. */
  readonly rate: number;
  readonly actor: string;
  readonly reason?: string;
  readonly state: "selecting" | "running" | "done" | "cancelled" | "failed";
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Deliveries selected (so far), and what became of them. */
  readonly total: number;
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  /** Kubernetes objects: tried again by a retry; that would be created, in a dry run. */
  readonly objects: number;
  /** Deliveries that would be decided otherwise than the first time, in a dry run. */
  readonly different: number;
  /** Why it failed as a whole. */
  readonly error?: string;
  /** When it has ended: the first 1,000. */
  readonly results?: readonly BatchResult[];
}

export interface BatchResult {
  readonly delivery: string;
  readonly outcome: "done" | "skipped" | "failed";
  /** The replay's id. */
  readonly made?: string;
  readonly objects?: number;
  readonly code?: string;
  readonly why?: string;
  readonly differences?: readonly Difference[];
}

export interface BatchOrder {
  readonly verb: BatchVerb;
  readonly mode: BatchMode;
  readonly selection: string;
  readonly trigger?: string;
  readonly rate: number;
  readonly note: ActNote & { readonly actor: string };
  /** The deliveries; ends early when `signal` aborts. Newest first is turned round, so that what came last is done last. */
  readonly select: (signal: AbortSignal) => AsyncIterable<string>;
  readonly newestFirst: boolean;
  /** Does one. @throws what went wrong with it. */
  readonly work: (delivery: string, batch: string) => Promise<Omit<BatchResult, "delivery">>;
}

export interface Batches {
  /** @throws SluiceError SLUICE_BATCH_BUSY. */
  start(order: BatchOrder): Batch;
  /** @throws SluiceError SLUICE_BATCH_UNKNOWN. */
  find(verb: BatchVerb, id: string): Batch;
  /** Newest first, without results. */
  list(verb: BatchVerb): readonly Batch[];
  /** Ends it after the delivery in hand; what is done stays done. @throws SluiceError SLUICE_BATCH_UNKNOWN. */
  cancel(verb: BatchVerb, id: string): Promise<Batch>;
  /** Cancels all that are under way. */
  close(): Promise<void>;
}

/** Under way at once. */
const MOST_RUNNING = 4;
const MOST_REMEMBERED = 50;
const MOST_RESULTS = 1_000;
/** Larger selections must be narrowed. */
const MOST_SELECTED = 100_000;
/** Tries of one delivery while the store is away, the waits doubling from a second. */
const TRIES = 6;

interface Running {
  batch: Batch;
  readonly results: BatchResult[];
  readonly abort: AbortController;
  ended: Promise<void>;
}

/** Keeps batches in memory: they end with the process, and what they did stands in the ledger. */
export function createBatches(clock: () => number = Date.now): Batches {
  const known = new Map<string, Running>();
  const underWay = () => [...known.values()].filter(({ batch }) => batch.endedAt === undefined);

  function running(verb: BatchVerb, id: string): Running {
    const found = known.get(id);
    if (found?.batch.verb === verb) return found;
    throw fault("SLUICE_BATCH_UNKNOWN", { verb, id: id.slice(0, 64) });
  }

  return {
    start(order) {
      if (underWay().length >= MOST_RUNNING)
        throw fault("SLUICE_BATCH_BUSY", { limit: String(MOST_RUNNING) });
      const { verb, mode, selection, trigger, rate, note } = order;
      const startedAt = clock();
      const batch: Batch = {
        ...{ id: newDeliveryId(startedAt), verb, mode, selection, rate, ...note, startedAt },
        ...(trigger !== undefined && { trigger }),
        ...{ state: "selecting", total: 0, done: 0, skipped: 0, failed: 0, objects: 0, different: 0 },
      };
      const entry: Running = { batch, results: [], abort: new AbortController(), ended: Promise.resolve() };
      known.set(batch.id, entry);
      entry.ended = run(entry, order, clock);
      const old = [...known.values()].filter(({ batch }) => batch.endedAt !== undefined);
      for (const { batch } of old.slice(0, -MOST_REMEMBERED)) known.delete(batch.id);
      return batch;
    },
    find(verb, id) {
      const { batch, results } = running(verb, id);
      return batch.endedAt === undefined ? batch : { ...batch, results };
    },
    list: (verb) => [...known.values()].flatMap(({ batch }) => (batch.verb === verb ? batch : [])).reverse(),
    async cancel(verb, id) {
      const found = running(verb, id);
      found.abort.abort();
      await found.ended;
      return this.find(verb, id);
    },
    async close() {
      for (const { abort } of underWay()) abort.abort();
      await Promise.all([...known.values()].map(({ ended }) => ended));
    },
  };
}

/** Never rejects. */
async function run(entry: Running, order: BatchOrder, clock: () => number): Promise<void> {
  const { signal } = entry.abort;
  const change = (next: Partial<Batch>): void => {
    entry.batch = { ...entry.batch, ...next };
  };
  try {
    const selected: string[] = [];
    for await (const id of order.select(signal)) {
      selected.push(id);
      change({ total: selected.length });
      if (selected.length > MOST_SELECTED) throw tooMany();
    }
    if (order.mode !== "count") {
      change({ state: "running" });
      if (order.newestFirst) selected.reverse();
      await workOff(entry, order, selected, change);
    }
    change({ state: signal.aborted ? "cancelled" : "done" });
  } catch (error) {
    change(signal.aborted ? { state: "cancelled" } : { state: "failed", error: asFault(error).message });
  }
  change({ endedAt: clock() });
}

async function workOff(
  entry: Running,
  { work, rate, mode }: BatchOrder,
  selected: readonly string[],
  change: (next: Partial<Batch>) => void,
): Promise<void> {
  const { signal } = entry.abort;
  const started = performance.now();
  for (const [index, delivery] of selected.entries()) {
    // A dry run changes nothing, so nobody need be spared but this process itself.
    const due = mode === "act" ? started + (index * 1_000) / rate - performance.now() : 0;
    await wait(Math.max(0, due), undefined, { signal });
    const result = { delivery, ...(await patiently(() => work(delivery, entry.batch.id), signal)) };
    const { batch, results } = entry;
    if (results.length < MOST_RESULTS) results.push(result);
    change({
      [result.outcome]: batch[result.outcome] + 1,
      objects: batch.objects + (result.objects ?? 0),
      different: batch.different + ((result.differences?.length ?? 0) > 0 ? 1 : 0),
    });
  }
}

/** What concerns one delivery is its result; a store that stays away ends the batch. */
async function patiently(
  work: () => Promise<Omit<BatchResult, "delivery">>,
  signal: AbortSignal,
): Promise<Omit<BatchResult, "delivery">> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const error: SluiceError = asFault(thrown);
      if (error.code !== "SLUICE_STORE_AWAY")
        return { outcome: "failed", code: error.code, why: error.message };
      if (attempt === TRIES) throw error;
      await wait(1_000 * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}

const tooMany = (): SluiceError =>
  fault("SLUICE_REQUEST_INVALID", {
    field: "filter",
    reason: `selects more than ${MOST_SELECTED} deliveries`,
    expected: "a narrower one, for example with since and until",
  });
