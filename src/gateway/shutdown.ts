/** How a gateway stops: in which order, and how much of its grace each part has. */

import { setTimeout as sleep } from "node:timers/promises";
import type { DrainTimes } from "../core/connections.ts";
import { within } from "../core/deadline.ts";
import type { Tell } from "../core/fact.ts";

/** Milliseconds from the end of the lame-duck time. */
export interface StopTimes extends DrainTimes {
  /** Jobs that are not done by then go back to the queue. */
  readonly handBackMs: number;
  /** The workers have said their last word to the store. */
  readonly workersMs: number;
  /** Everything has ended, or is left as it is. */
  readonly hardMs: number;
}

/** The least that closing takes, whatever the grace is. Milliseconds. */
const LEAST_MS = 1_000;
/** What a process needs to end after that. */
const EXIT_MS = 500;
/** At most so much of the grace is kept for handing back, and for closing the store. */
const LAST_MS = 2_000;
/** A body that is refused has a second to pass (`passedBy` in ingress/body.ts), and its answer some time to leave. */
const REFUSAL_MS = 1_500;
/** A proxy that goes on sending has met a refused connection by then. */
const SETTLE_MS = 500;

/** Divides the grace. @param graceMs milliseconds; less than a second still leaves a second for closing. */
export function stopTimes(graceMs: number): StopTimes {
  const hardMs = Math.max(graceMs, LEAST_MS) - EXIT_MS;
  const lastMs = Math.min(LAST_MS, hardMs / 4);
  const handBackMs = Math.min(graceMs, hardMs - lastMs);
  return {
    settleMs: Math.min(SETTLE_MS, handBackMs / 4),
    lateMs: handBackMs - Math.min(REFUSAL_MS, handBackMs / 2),
    endMs: handBackMs,
    handBackMs,
    workersMs: hardMs - lastMs / 2,
    hardMs,
  };
}

/** What works in the background. */
export interface Workers {
  /** @param stop ends one of them; milliseconds for what it has in hand. */
  add(stop: (graceMs: number) => Promise<unknown>): void;
  /** Stops all of them at the same moment; only the first call does. */
  stop(graceMs: number): Promise<void>;
}

/** Makes it. */
export function createWorkers(): Workers {
  const all: ((graceMs: number) => Promise<unknown>)[] = [];
  let stopping: Promise<unknown> | undefined;
  return {
    add(stop) {
      all.push(stop);
    },
    async stop(graceMs) {
      stopping ??= Promise.all(all.map((stop) => stop(graceMs)));
      await stopping;
    },
  };
}

export interface StopParts {
  readonly ingress: { lameDuck(): void; drain(times: DrainTimes): Promise<number> } | undefined;
  readonly admin: { lameDuck(): void; close(endMs: number): Promise<void> };
  readonly workers: Pick<Workers, "stop">;
  /** All that they stand on, last. */
  readonly rest: AsyncDisposable;
  readonly tell: Tell;
}

export interface StopOrder {
  readonly reason: string;
  readonly graceMs: number;
  /**
   * Milliseconds before the grace for which the webhook port goes on as if nothing were, so that those who send there hear
   * that the gateway is not ready. Where there is no such port it is left out.
   */
  readonly lameDuckMs: number;
}

/**
 * Stops a gateway. At once: answers close their connections, workers take no more. After the lame-duck time: the webhook
 * port stops listening and finishes what is in hand. Then the admin port and the store. Resolves within both times
 * together, whoever does not answer; never throws.
 */
export async function shutDown(parts: StopParts, { reason, graceMs, lameDuckMs: wanted }: StopOrder) {
  const { ingress, admin, workers, rest, tell } = parts;
  const begun = performance.now();
  const times = stopTimes(graceMs);
  const lameDuckMs = ingress === undefined ? 0 : wanted;
  tell({ type: "gateway.stopping", reason, lameDuckMs });
  ingress?.lameDuck();
  admin.lameDuck();
  const working = inTime(workers.stop(lameDuckMs + times.handBackMs), lameDuckMs + times.workersMs);
  if (lameDuckMs > 0) await sleep(lameDuckMs);
  const from = performance.now();
  const [worked, cut = 0] = await Promise.all([working, ingress?.drain(times)]);
  const left = () => Math.max(0, from + times.hardMs - performance.now());
  const closing = admin.close(left() / 2).then(() => rest[Symbol.asyncDispose]());
  const closed = await inTime(closing, left());
  tell({ type: "gateway.stopped", took: performance.now() - begun, cut, inTime: worked && closed });
}

/** False when it threw, or was not done so many milliseconds later. */
function inTime(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const done = work.then(
    () => true,
    () => false,
  );
  return within(done, limitMs, () => false);
}
