/** Tells a database that refuses a statement from one that cannot be asked. */

import { SluiceError } from "../core/errors.ts";
import { isTrouble, knownTrouble, troubleOf } from "../core/trouble.ts";

/**
 * What a driver threw, as core/sql.ts promises it: the server's own errors stay as they are, everything else (no
 * connection, time over, pool closed), and what keeps us out, is a trouble of core/trouble.ts.
 */
export function sqlError(error: unknown): unknown {
  if (error instanceof SluiceError) return error;
  return isAway(error) ? troubleOf(error) : (knownTrouble(error) ?? error);
}

/** True when the statement may succeed on another connection or at another time. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof SluiceError) return isTrouble(error);
  // A program's own mistake is no matter of connections.
  if (error instanceof TypeError || error instanceof RangeError) return false;
  const state = sqlState(error);
  return state === undefined ? fromDriver(error) : awayStates.test(state);
}

// Appendix A of the Postgres manual: connection exceptions, operator intervention (shutdown, starting up), resources, and
// a connection that is refused for its user or its database.
const awayStates = /^(08|57P|53|28|3D)/;

function sqlState(error: Error): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === "string" && typeof severity === "string" ? code : undefined;
}

// Without a severity it is no message of the server: pg throws plain Errors for everything around it.
function fromDriver(error: Error): boolean {
  return error.constructor === Error || error instanceof AggregateError;
}
