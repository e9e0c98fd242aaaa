/** A BullMQ worker that does what the handler says: done, or again after so many milliseconds; lost is not among them. */

import { WaitingError } from "bullmq";
import type { Consumer, Disposition, JobHandler } from "../core/queue.ts";
import { orAway } from "./away.ts";
import type { JobInHand, QueueDriver } from "./driver.ts";
import { delayAfterThrow, POLICY, QUEUE } from "./policy.ts";

export interface ConsumerParts {
  readonly driver: QueueDriver;
  readonly handler: JobHandler;
  readonly concurrency: number;
  readonly onError: (error: unknown) => void;
}

const HANDED_BACK = { kind: "handed back" } as const;

export function startConsumer({ driver, handler, concurrency, onError }: ConsumerParts): Consumer {
  const inHand = new Set<() => void>();
  let givingUp = false;

  const handle = (data: unknown, attempt: number): Promise<Disposition | typeof HANDED_BACK> =>
    new Promise((resolve, reject) => {
      const leave = () => resolve(HANDED_BACK);
      if (givingUp) return leave();
      const verdict = handler(driver.unpack(data), attempt);
      inHand.add(leave);
      verdict.then(resolve, reject).finally(() => inHand.delete(leave));
    });

  const process = async (bull: JobInHand, token?: string): Promise<void> => {
    // Starts are counted, not failures: an attempt that a crash cut off has used its number, so no two share one.
    const attempt = bull.attemptsStarted;
    const verdict = await handle(bull.data, attempt).catch((error: unknown) => {
      onError(error);
      return { kind: "retry", afterMs: delayAfterThrow(attempt) } as const;
    });
    if (verdict.kind === "retry") throw new Again(verdict.afterMs);
    if (verdict.kind === "handed back") {
      await bull.moveToWait(token);
      throw new WaitingError();
    }
  };

  const { worker, disconnect } = driver.worker(QUEUE, process, {
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

  let stopping: Promise<void> | undefined;
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

  constructor(afterMs: number) {
    super("to be tried again");
    this.afterMs = Math.max(1, Math.ceil(afterMs));
  }
}
