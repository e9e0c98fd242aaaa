/** Tells a store that is away from one that is busy, and turns its faults into ours by type and code. */

import { fault, SluiceError } from "../../core/errors.ts";
import { troubleOf } from "../../core/trouble.ts";
import { PATIENCE_MS } from "./limits.ts";

/** Waits for an answer of the store. @throws SluiceError, a trouble of core/trouble.ts. */
export type Ask = <T>(answer: Promise<T>) => Promise<T>;

/**
 * Makes the guard of one store. A call is given up when nobody has had an answer for `limit` milliseconds: in a burst
 * the last one may wait longer than that, because the store is working. A write that was given up may still happen;
 * every write of the ledger can be repeated, and the sweeper finds what was left.
 *
 * @param hear is told of what the store threw, as its callers get it.
 */
export function createPatience(limit = PATIENCE_MS, hear: (thrown: unknown) => void = () => {}): Ask {
  interface Call {
    readonly asked: number;
    readonly giveUp: (error: unknown) => void;
  }
  /** In the order in which they were asked. */
  const open = new Set<Call>();
  let lastAnswer = 0;
  // One timer for all calls: thousands of them a second end in time.
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    timer = undefined;
    const now = performance.now();
    for (const call of open) {
      const left = limit - (now - Math.max(call.asked, lastAnswer));
      if (left > 0) {
        timer = setTimeout(look, left);
        return;
      }
      open.delete(call);
      call.giveUp(fault("SLUICE_STORE_AWAY", { reason: `no answer for ${limit} ms` }));
    }
  }

  function end(call: Call): void {
    open.delete(call);
    // It would keep the process from ending, though nobody waits.
    if (open.size === 0) timer?.unref();
  }

  return <T>(answer: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      const call: Call = { asked: performance.now(), giveUp: reject };
      open.add(call);
      if (timer === undefined) timer = setTimeout(look, limit);
      else if (open.size === 1) timer.ref();
      answer.then(
        (value) => {
          lastAnswer = performance.now();
          end(call);
          resolve(value);
        },
        (error: unknown) => {
          end(call);
          const thrown = storeFault(error);
          hear(thrown);
          reject(thrown);
        },
      );
    });
}

/** A store's error as the trouble that it is (core/trouble.ts) when asking again later can help; any other as it is. */
export function storeFault(error: unknown): unknown {
  return error instanceof SluiceError || !isAway(error) ? error : troubleOf(error);
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "ReplyError") return redisAway.has(redisCode(error));
  const code = "code" in error ? String(error.code) : "";
  // ioredis gives its own errors (connection closed, retries used up, timed out) no code, only types of no answer.
  return code === "" ? !isProgramming(error) : systemAway.test(code);
}

// SQLSTATE classes 08 connection, 28 authorization, 3D database, 53 resources, 57 intervention, 58 system, and Node's
// names of network faults.
const systemAway =
  /^(08|28|3D|53|57|58)[0-9A-Z]{3}$|^(ECONN|EPIPE|ETIMEDOUT|EAI_|ENOTFOUND|EHOST|ENET|ENOENT$)/;

// The first word of an error reply is its code by the protocol (RESP, "Simple errors").
const redisAway = new Set(
  "LOADING READONLY MASTERDOWN CLUSTERDOWN TRYAGAIN OOM MISCONF NOREPLICAS BUSY UNKILLABLE NOAUTH WRONGPASS NOPERM".split(
    " ",
  ),
);

function redisCode(error: Error): string {
  return error.message.split(" ", 1)[0] ?? "";
}

function isProgramming(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
