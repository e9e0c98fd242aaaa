/** A consumer of one lane of the embedded queue: takes jobs while it has slots, and writes down what became of them. */

import { setTimeout as wait } from "node:timers/promises";
import { fault } from "../../core/errors.ts";
import type { Consumer, Disposition, JobHandler } from "../../core/queue.ts";
import type { SqliteCall } from "../../core/sqlite.ts";
import { isTrouble } from "../../core/trouble.ts";
import { orAway } from "./away.ts";
import { createFair } from "./fair.ts";
import { envelope, FORMAT, openEnvelope } from "./format.ts";
import { delayAfterThrow, keyOf, POLICY } from "./policy.ts";
import { createSparing } from "./sparing.ts";
import type { InHand, QueueOperations, TakenJob } from "./sqlite-jobs.ts";

export interface SqliteConsumerParts {
  readonly call: SqliteCall<QueueOperations>;
  readonly lane: string;
  readonly handler: JobHandler;
  readonly concurrency: number;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
  /** Tells all consumers of the lane that something waits again. */
  readonly wake: () => void;
}

export interface WokenConsumer extends Consumer {
  /** Hears that there may be something to take. */
  wake(): void;
}

/** Milliseconds after which it looks for itself, whatever it was told: a clock may have been set. */
const LOOK_MS = 30_000;

/** What becomes of a job, as it is written. */
type Verdict =
  | { readonly kind: "finish" }
  | { readonly kind: "retry"; readonly afterMs: number }
  | {
      readonly kind: "putOff";
      readonly afterMs: number;
      readonly data: string | null;
      /** Others of its trigger are to be done first; telling it so must not become the main work. */
      readonly turnedAway?: true;
    }
  | { readonly kind: "handBack"; readonly data: string | null };

const FINISH: Verdict = { kind: "finish" };
const RELEASED: Verdict = { kind: "handBack", data: null };

export function startSqliteConsumer(parts: SqliteConsumerParts): WokenConsumer {
  const { call, lane, handler, concurrency, onError, now, wake } = parts;
  /** Cuts each handler short that runs. */
  const running = new Set<() => void>();
  /** Takings, and every job until its verdict is on disk. */
  const open = new Set<Promise<void>>();
  const givingUp = new AbortController();
  let slots = concurrency;
  let inHand = 0;
  /** Slots that jobs are being fetched for. */
  let asked = 0;
  let looking = false;
  let later: NodeJS.Timeout | undefined;
  let holding = false;
  let stopping: Promise<void> | undefined;
  let toldOfNewer = false;
  // A backlog of a slow trigger is not to be turned round and round at the price of what the others bring.
  const sparing = createSparing(POLICY.sparing);
  const fair = createFair({
    slots: concurrency,
    slowMs: POLICY.slowMs,
    awayMs: POLICY.awayMs,
    onLent(lent) {
      slots = concurrency + lent;
      look();
    },
  });

  /** Takes jobs at the end of this turn, so that all slots which it frees are filled by one operation. */
  function look(): void {
    if (looking) return;
    looking = true;
    setImmediate(() => {
      looking = false;
      track(take());
    });
  }

  async function take(): Promise<void> {
    const free = slots - inHand - asked;
    if (free <= 0 || holding || stopping !== undefined) return;
    asked += free;
    try {
      const { jobs, dueAt } = await call("take", lane, free, now());
      lookAt(dueAt);
      for (const job of jobs) track(work(job));
      if (jobs.length === free) look();
    } catch (error) {
      if (!isTrouble(error)) onError(error);
      lookAt(now() + POLICY.reconnectMs);
    } finally {
      asked -= free;
    }
  }

  function lookAt(dueAt: number | undefined): void {
    clearTimeout(later);
    if (stopping !== undefined) return;
    const afterMs = dueAt === undefined ? LOOK_MS : Math.min(LOOK_MS, Math.max(1, dueAt - now()));
    later = setTimeout(look, afterMs);
  }

  function track(done: Promise<void>): void {
    open.add(done);
    void done.finally(() => open.delete(done));
  }

  async function work(taken: TakenJob): Promise<void> {
    inHand++;
    let counted = true;
    const leave = (): void => {
      if (counted) inHand--;
      counted = false;
      look();
    };
    try {
      const verdict = await verdictOn(taken).catch((error: unknown): Verdict => {
        onError(error);
        return { kind: "retry", afterMs: delayAfterThrow(taken.starts) };
      });
      if (verdict.kind === "putOff" && verdict.turnedAway) await sparing(() => write(taken, verdict));
      else {
        // The slot is filled again by the same commit.
        leave();
        await write(taken, verdict);
      }
      if (verdict.kind === "handBack") wake();
    } catch (error) {
      // Only a consumer that stops gives up: the next start finds what it had in hand.
      if (!isTrouble(error)) onError(error);
    } finally {
      leave();
    }
  }

  async function verdictOn({ starts, data }: TakenJob): Promise<Verdict> {
    const opened = openEnvelope(JSON.parse(data));
    if ("newer" in opened) return leaveToOthers(opened.newer);
    const { job, unspent } = opened;
    const untried = () => JSON.stringify(envelope(job, unspent + 1));
    if (stopping !== undefined) return { kind: "handBack", data: untried() };
    const place = fair.enter(keyOf(job));
    if ("afterMs" in place)
      return { kind: "putOff", afterMs: place.afterMs, data: untried(), turnedAway: true };
    // Starts are counted, not failures: an attempt that a crash cut off has used its number, so no two share one.
    const attempt = starts - unspent;
    const verdict = await cutShort(handler(job, attempt)).catch((error: unknown): Disposition => {
      onError(error);
      return { kind: "retry", afterMs: delayAfterThrow(attempt) };
    });
    place.leave(verdict?.kind === "done" || verdict?.kind === "retry");
    if (verdict === undefined) return RELEASED;
    if (verdict.kind === "done") return FINISH;
    if (verdict.kind === "retry") return { kind: "retry", afterMs: verdict.afterMs };
    if (verdict.kind === "aside") return { kind: "putOff", afterMs: verdict.afterMs, data: untried() };
    hold(verdict.until);
    return { kind: "handBack", data: untried() };
  }

  /** @returns undefined where the time to stop was over first. */
  function cutShort(verdict: Promise<Disposition>): Promise<Disposition | undefined> {
    return new Promise((resolve, reject) => {
      const leave = () => resolve(undefined);
      running.add(leave);
      verdict.then(resolve, reject).finally(() => running.delete(leave));
    });
  }

  /** While a newer version's jobs are there, after a step back, they wait for it. */
  function leaveToOthers(found: number): Verdict {
    if (!toldOfNewer) onError(fault("SLUICE_STORE_VERSION", { found: `job ${found}`, known: `${FORMAT}` }));
    toldOfNewer = true;
    return { kind: "putOff", afterMs: POLICY.newerMs, data: null };
  }

  /** Takes no more before `until`. */
  function hold(until: Promise<void>): void {
    if (holding) return;
    holding = true;
    const goOn = (): void => {
      holding = false;
      look();
    };
    until.then(goOn, goOn);
  }

  /** A verdict is kept until the store takes it. @throws what the store throws, once this consumer gives up. */
  async function write(job: InHand, verdict: Verdict): Promise<void> {
    const { id, starts } = job;
    const place = { id, starts };
    for (;;) {
      try {
        if (verdict.kind === "finish") return await call("finish", place);
        if (verdict.kind === "handBack") return await call("handBack", place, verdict.data);
        const dueAt = Math.ceil(now() + Math.max(1, verdict.afterMs));
        if (verdict.kind === "retry") return await call("retry", place, dueAt);
        return await call("putOff", place, dueAt, verdict.data);
      } catch (error) {
        if (givingUp.signal.aborted) throw error;
        if (!isTrouble(error)) onError(error);
        await wait(POLICY.reconnectMs, undefined, { signal: givingUp.signal }).catch(() => {});
      }
    }
  }

  async function stop(graceMs: number): Promise<void> {
    clearTimeout(later);
    const handBack = setTimeout(() => {
      givingUp.abort();
      for (const leave of running) leave();
    }, graceMs);
    await orAway(settled(), graceMs + POLICY.closeMs).catch(() => {});
    clearTimeout(handBack);
    givingUp.abort();
  }

  async function settled(): Promise<void> {
    while (open.size > 0) await Promise.all(open);
  }

  look();
  return {
    wake: look,
    stop(graceMs) {
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}
