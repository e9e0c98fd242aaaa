/** Trouble with a store: it is away, or it is full. Either ends by itself or by an operator, and is nobody's defect. */

import { fault, reasonOf, SluiceError } from "./errors.ts";

/** What a client of a store threw, as SLUICE_STORE_FULL when there is no room, else as SLUICE_STORE_AWAY. */
export function troubleOf(error: unknown): SluiceError {
  const code = isFull(error) ? "SLUICE_STORE_FULL" : "SLUICE_STORE_AWAY";
  return fault(code, { reason: reasonOf(error) }, { cause: error });
}

/** Whether a fault says that the store cannot be used just now. */
export function isTrouble(error: unknown): boolean {
  return (
    error instanceof SluiceError && (error.code === "SLUICE_STORE_AWAY" || error.code === "SLUICE_STORE_FULL")
  );
}

/**
 * Whether a store refused a write for want of room: Redis at `maxmemory`, whose error replies begin with a code (RESP,
 * "Simple errors"), or Postgres with SQLSTATE 53100, disk_full.
 */
export function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "ReplyError") return error.message.split(" ", 1)[0] === "OOM";
  return "code" in error && error.code === "53100";
}
