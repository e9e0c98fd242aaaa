/** The course of a batch: deliveries are selected, then worked on one after another at a rate. */

import { setTimeout as wait } from "node:timers/promises";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault } from "../core/errors.ts";
import { isTrouble } from "../core/trouble.ts";
import type { Batch, BatchOrder, BatchResult, Done } from "./batch.ts";
import { SAID_EVERY_MS } from "./batch-kept.ts";

/** A batch in this process. */
export interface Running {
  batch: Batch;
  readonly results: BatchResult[];
  /** For the reason `interrupted` it can be resumed; for any other it is cancelled. */
  readonly abort: AbortController;
  /** As {@link KeptOrder} has it. */
  readonly turn: number;
  ended: Promise<void>;
}

const MOST_RESULTS = 1_000;
/** Larger selections must be narrowed. */
const MOST_SELECTED = 100_000;
/** Tries of one delivery while the store is away, the waits doubling from a second. */
const TRIES = 6;

/** Never rejects. @param say writes down how far it is, and ends it when that is wanted. */
export async function runBatch(
  entry: Running,
  order: BatchOrder,
  clock: () => number,
  say: () => Promise<void>,
): Promise<void> {
  const { signal } = entry.abort;
  const change = (next: Partial<Batch>): void => {
    entry.batch = { ...entry.batch, ...next };
  };
  const stop = sayNowAndThen(say);
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
    signal.throwIfAborted();
    change({ state: "done" });
  } catch (error) {
    if (signal.aborted) change({ state: signal.reason === "interrupted" ? "interrupted" : "cancelled" });
    else change({ state: "failed", error: asFault(error).message });
  }
  if (entry.batch.state !== "interrupted") change({ endedAt: clock() });
  await stop();
}

/** A store that is away misses a word or two: whoever reads the last one takes the batch for interrupted, and is right. */
function sayNowAndThen(say: () => Promise<void>): () => Promise<void> {
  let saying: Promise<void> | undefined;
  const timer = setInterval(() => {
    // One that is slow is not asked twice.
    saying ??= say()
      .catch(() => {})
      .finally(() => {
        saying = undefined;
      });
  }, SAID_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await saying;
    await say().catch(() => {});
  };
}

async function workOff(
  entry: Running,
  { work, rate, mode }: BatchOrder,
  selected: readonly string[],
  change: (next: Partial<Batch>) => void,
): Promise<void> {
  const { signal } = entry.abort;
  const started = performance.now();
  let paced = 0;
  for (const delivery of selected) {
    // A dry run changes nothing, so nobody need be spared but this process itself.
    const due = mode === "act" ? started + (paced * 1_000) / rate - performance.now() : 0;
    await wait(Math.max(0, due), undefined, { signal });
    const { before = false, ...did } = await patiently(() => work(delivery, entry.batch.id), signal);
    if (!before) paced++;
    const result: BatchResult = { delivery, ...did };
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
async function patiently(work: () => Promise<Done>, signal: AbortSignal): Promise<Done> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const error: SluiceError = asFault(thrown);
      if (!isTrouble(error)) return { outcome: "failed", code: error.code, why: error.message };
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
