/** Trouble with a store: away, full, or closed to us. It ends by itself or by an operator, and is nobody's defect. */

import type { ErrorCode } from "./error-table.ts";
import { fault, reasonOf, SluiceError } from "./errors.ts";

/** What says that a store cannot be used just now. */
export const TROUBLES = [
  "SLUICE_STORE_AWAY",
  "SLUICE_STORE_FULL",
  "SLUICE_STORE_LOGIN",
  "SLUICE_STORE_TLS",
  "SLUICE_STORE_UNREPLICATED",
] as const satisfies readonly ErrorCode[];

type Trouble = (typeof TROUBLES)[number];

/** What a client of a store threw, as the trouble that it is; what nothing else is known of is SLUICE_STORE_AWAY. */
export function troubleOf(error: unknown): SluiceError {
  return fault(codeOf(error), { reason: reasonOf(error) }, { cause: error });
}

/** Whether a fault says that the store cannot be used just now. */
export function isTrouble(error: unknown): boolean {
  return error instanceof SluiceError && TROUBLES.some((code) => code === error.code);
}

/**
 * Whether a store refused a write for want of room: Redis at `maxmemory`, whose error replies begin with a code (RESP,
 * "Simple errors"), or Postgres with SQLSTATE 53100, disk_full.
 */
export function isFull(error: unknown): boolean {
  return codeOf(error) === "SLUICE_STORE_FULL";
}

function codeOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return "SLUICE_STORE_AWAY";
  if (error.name === "ReplyError")
    return REPLIES.get(error.message.split(" ", 1)[0] ?? "") ?? "SLUICE_STORE_AWAY";
  const code = "code" in error ? String(error.code) : "";
  if (code === "53100") return "SLUICE_STORE_FULL";
  if (loginStates.test(code)) return "SLUICE_STORE_LOGIN";
  return tlsCodes.test(code) ? "SLUICE_STORE_TLS" : "SLUICE_STORE_AWAY";
}

const REPLIES: ReadonlyMap<string, Trouble> = new Map([
  ["OOM", "SLUICE_STORE_FULL"],
  ["WRONGPASS", "SLUICE_STORE_LOGIN"],
  ["NOAUTH", "SLUICE_STORE_LOGIN"],
  ["NOPERM", "SLUICE_STORE_LOGIN"],
]);

// SQLSTATE (appendix A of the Postgres manual): class 28, invalid authorization, and 3D000, no such database.
const loginStates = /^(28[0-9A-Z]{3}|3D000)$/;

// Node's names of faults in TLS: its own, OpenSSL's, and those of a certificate that does not hold ("X509 certificate
// error codes" in the documentation of tls).
const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|UNABLE_TO_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|INVALID_(CA|PURPOSE)$|HOSTNAME_MISMATCH$)/;
