/** What SQLite throws, as the trouble of the store that it is; and faults on their way out of the database's thread. */

import { fault, reasonOf, SluiceError } from "../../core/errors.ts";

/** Result codes of SQLite ("Result and Error Codes" in its documentation); the low byte of an extended code. */
const FULL = 13;
const READONLY = 8;
/** PERM, BUSY, LOCKED, NOMEM, IOERR, CORRUPT, CANTOPEN, PROTOCOL, NOTADB: its disk, its file, or who else uses it. */
const AWAY: ReadonlySet<number> = new Set([3, 5, 6, 7, 10, 11, 14, 15, 26]);

/** Any error of an operation, as callers of the store's ports get it; a wrong statement stays what it is: a defect. */
export function sqliteFault(error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const reason = reasonOf(error);
  if (code === FULL) return fault("SLUICE_STORE_FULL", { reason }, { cause: error });
  if (code === READONLY) return fault("SLUICE_STORE_REFUSES", { ...READ_ONLY, reason }, { cause: error });
  return AWAY.has(code) ? fault("SLUICE_STORE_AWAY", { reason }, { cause: error }) : error;
}

const READ_ONLY = {
  what: "its file or its disk is read-only",
  cure: "Give this process the right to write to the folder that --store names, and to its disk.",
};

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

/** An error as plain data: what is cloned from one thread to another loses its class. */
export type Thrown =
  | { readonly code: SluiceError["code"]; readonly values: SluiceError["values"] }
  | { readonly message: string; readonly stack: string | undefined };

export function packError(error: unknown): Thrown {
  const found = sqliteFault(error);
  if (found instanceof SluiceError) return { code: found.code, values: found.values };
  return { message: reasonOf(found), stack: found instanceof Error ? found.stack : undefined };
}

export function unpackError(thrown: Thrown): Error {
  if ("code" in thrown) return fault(thrown.code, thrown.values);
  const error = new Error(thrown.message);
  if (thrown.stack !== undefined) error.stack = thrown.stack;
  // Neither the network nor the storage: a mistake of ours, or of whoever changed the file.
  return fault("SLUICE_INTERNAL", { reason: thrown.message }, { cause: error });
}
