/** A BullMQ worker that does what the handler says: done, later, or back untried; lost is not among them. */

import { DelayedError, WaitingError } from "bullmq";
import { fault } from "../../core/errors.ts";
import type { Job } from "../../core/job.ts";
import type { Consumer, Disposition, JobHandler } from "../../core/queue.ts";
import { orAway } from "./away.ts";
import type { JobInHand, QueueDriver } from "./driver.ts";
import { createFair } from "./fair.ts";
import { envelope, FORMAT, openEnvelope } from "./format.ts";
import { DUE_AT, delayAfterThrow, keyOf, POLICY } from "./policy.ts";
import { createSparing } from "./sparing.ts";

export interface ConsumerParts {
  readonly driver: QueueDriver;
  /** BullMQ's name of the queue. */
  readonly name: string;
  readonly handler: JobHandler;
  readonly concurrency: number;
  readonly onError: (error: unknown) => void;
}

const HANDED_BACK = { kind: "handed back" } as const;

export function startConsumer({ driver, name, handler, concurrency, onError }: ConsumerParts): Consumer {
  const inHand = new Set<() => void>();
  let givingUp = false;
  let holding = false;
  let stopping: Promise<void> | undefined;
  let toldOfNewer = false;
  // A backlog of a slow trigger is not to be turned round and round at the price of what the others bring.
  const sparing = createSparing(POLICY.sparing);
  const fair = createFair({
    slots: concurrency,
    slowMs: POLICY.slowMs,
    awayMs: POLICY.awayMs,
    onLent: (lent) => widen(concurrency + lent),
  });

  const handle = (job: Job, attempt: number): Promise<Disposition | typeof HANDED_BACK> =>
    new Promise((resolve, reject) => {
      const leave = () => resolve(HANDED_BACK);
      if (givingUp) return leave();
      const verdict = handler(job, attempt);
      inHand.add(leave);
      verdict.then(resolve, reject).finally(() => inHand.delete(leave));
    });

  const process = async (bull: JobInHand, token?: string): Promise<void> => {
    const opened = openEnvelope(driver.unpack(bull.data));
    if ("newer" in opened) return leaveToOthers(opened.newer, bull, token);
    const place = fair.enter(keyOf(opened.job));
    if ("afterMs" in place) {
      await sparing(() => putOff(opened, place.afterMs, bull, token));
      throw new DelayedError();
    }
    // Starts are counted, not failures: an attempt that a crash cut off has used its number, so no two share one.
    const attempt = bull.attemptsStarted - opened.unspent;
    const verdict = await handle(opened.job, attempt).catch((error: unknown) => {
      onError(error);
      return { kind: "retry", afterMs: delayAfterThrow(attempt) } as const;
    });
    place.leave(verdict.kind === "done" || verdict.kind === "retry");
    if (verdict.kind === "done") return;
    if (verdict.kind === "retry") throw new Again(verdict.afterMs, driver.now());
    if (verdict.kind === "aside") {
      await putOff(opened, verdict.afterMs, bull, token);
      throw new DelayedError();
    }
    if (verdict.kind === "back") {
      await hold(verdict.until);
      await bull.updateData(driver.pack(envelope(opened.job, opened.unspent + 1)));
    }
    await bull.moveToWait(token);
    throw new WaitingError();
  };

  /** Untried, so that it keeps its attempt number. @param afterMs milliseconds. */
  const putOff = async (
    { job, unspent }: { readonly job: Job; readonly unspent: number },
    afterMs: number,
    bull: JobInHand,
    token?: string,
  ): Promise<void> => {
    await bull.updateData(driver.pack(envelope(job, unspent + 1)));
    await bull.moveToDelayed(Date.now() + Math.ceil(afterMs), token);
  };

  /** Takes no more before `until`; a lock is held by none of the jobs that wait meanwhile. */
  const hold = async (until: Promise<void>): Promise<void> => {
    if (holding) return;
    holding = true;
    await worker.pause(true);
    const goOn = (): void => {
      holding = false;
      if (stopping === undefined) worker.resume().catch(onError);
    };
    until.then(goOn, goOn);
  };

  /** While two versions share a store, the older one cannot do everything that the newer one asks for. */
  const leaveToOthers = async (found: number, bull: JobInHand, token?: string): Promise<never> => {
    if (!toldOfNewer) onError(fault("SLUICE_STORE_VERSION", { found: `job ${found}`, known: `${FORMAT}` }));
    toldOfNewer = true;
    await bull.moveToDelayed(Date.now() + POLICY.newerMs, token);
    throw new DelayedError();
  };

  const { worker, widen, disconnect } = driver.worker(name, process, {
    concurrency,
    lockDuration: POLICY.lockMs,
    stalledInterval: POLICY.stalledEveryMs,
    maxStalledCount: POLICY.maxStalls,
    runRetryDelay: POLICY.reconnectMs,
    settings: {
      backoffStrategy: (made, _type, error) =>
        error instanceof Again ? error.afterMs : delayAfterThrow(made),
    },
  });
  worker.on("error", (error) => {
    if (!driver.isAway(error)) onError(error);
  });

  const stop = async (graceMs: number): Promise<void> => {
    const handBack = setTimeout(() => {
      givingUp = true;
      for (const leave of inHand) leave();
    }, graceMs);
    // BullMQ waits for connections that are being made again, and then for ever. What such a worker had in hand is
    // found by the next one when its lock has run out.
    await orAway(worker.close(), graceMs + POLICY.closeMs).catch(() => {});
    clearTimeout(handBack);
    disconnect();
  };
  return {
    stop(graceMs) {
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

/** How a handler's "retry" travels through BullMQ, which knows only failure. */
class Again extends Error {
  override readonly name = "Again";
  readonly afterMs: number;

  /** @param now milliseconds since the epoch by the store's clock. */
  constructor(afterMs: number, now: number) {
    const wait = Math.max(1, Math.ceil(afterMs));
    super(`${DUE_AT}${Math.ceil(now) + wait}`);
    this.afterMs = wait;
  }
}
