/** Trouble with a store: away, full, closed to us, or refusing writes. It ends by itself or by an operator, and is no defect. */

import type { ErrorCode } from "./error-table.ts";
import { fault, reasonOf, SluiceError } from "./errors.ts";

/** What says that a store cannot be used just now. */
export const TROUBLES = [
  "SLUICE_STORE_AWAY",
  "SLUICE_STORE_FULL",
  "SLUICE_STORE_LOGIN",
  "SLUICE_STORE_TLS",
  "SLUICE_STORE_REFUSES",
  "SLUICE_STORE_UNREPLICATED",
  "SLUICE_STORE_POOLER",
] as const satisfies readonly ErrorCode[];

/** What a client of a store threw, as the trouble that it is; what nothing else is known of is SLUICE_STORE_AWAY. */
export function troubleOf(error: unknown): SluiceError {
  return knownTrouble(error) ?? fault("SLUICE_STORE_AWAY", { reason: reasonOf(error) }, { cause: error });
}

/** Whether a fault says that the store cannot be used just now. */
export function isTrouble(error: unknown): boolean {
  return error instanceof SluiceError && TROUBLES.some((code) => code === error.code);
}

/** What a restart, a failover or a freeze looks like from here, and what ends by itself within seconds where it is one. */
const BRIEF: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SLUICE_STORE_AWAY",
  "SLUICE_STORE_REFUSES",
  "SLUICE_STORE_UNREPLICATED",
]);

/** Whether a trouble may be over in a moment; a full store, a password or a certificate is not. */
export function mayBeBrief(error: unknown): boolean {
  return error instanceof SluiceError && BRIEF.has(error.code);
}

/**
 * The trouble that an error names by its own code: an error reply of Redis begins with one (RESP, "Simple errors"),
 * Postgres sends an SQLSTATE, Node names faults of TLS.
 *
 * @returns undefined where it names none: it may be a connection's, or a defect.
 */
export function knownTrouble(error: unknown): SluiceError | undefined {
  if (error instanceof SluiceError) return isTrouble(error) ? error : undefined;
  if (!(error instanceof Error)) return undefined;
  const reason = reasonOf(error);
  const known = error.name === "ReplyError" ? byReply(error.message) : byCode(error);
  if (known === undefined) return undefined;
  if (typeof known === "string") return fault(known, { reason }, { cause: error });
  return fault("SLUICE_STORE_REFUSES", { ...known, reason }, { cause: error });
}

/** What a store says no to, and what ends it. */
interface Refusal {
  readonly what: string;
  readonly cure: string;
}

type Known = "SLUICE_STORE_FULL" | "SLUICE_STORE_LOGIN" | "SLUICE_STORE_TLS" | Refusal;

function byReply(message: string): Known | undefined {
  return REPLIES.get(inScript.exec(message)?.[1] ?? message.split(" ", 1)[0] ?? "");
}

// Before version 7 Redis put the code of an error behind the place in the script where it arose (scripting.c, "Error
// running script").
const inScript = /^ERR Error running script \(call to \w+\): @\w+: ?\d+: -?([A-Z]{2,}) /;

const REPLIES: ReadonlyMap<string, Known> = new Map<string, Known>([
  ["OOM", "SLUICE_STORE_FULL"],
  ["WRONGPASS", "SLUICE_STORE_LOGIN"],
  ["NOAUTH", "SLUICE_STORE_LOGIN"],
  ["NOPERM", "SLUICE_STORE_LOGIN"],
  [
    "READONLY",
    {
      what: "it is a replica and takes no writes",
      cure: "Name the master in --store, or let redis+sentinel:// find it; after a failover this ends by itself.",
    },
  ],
  [
    "UNBLOCKED",
    {
      what: "it has just become a replica",
      cure: "Name the master in --store, or let redis+sentinel:// find it; after a failover this ends by itself.",
    },
  ],
  [
    "NOREPLICAS",
    {
      what: "it has fewer replicas than min-replicas-to-write demands",
      cure: "Bring the replicas back (INFO replication shows their state), or lower min-replicas-to-write.",
    },
  ],
  [
    "MISCONF",
    {
      what: "its last write to disk failed",
      cure: "Look at Redis's log: usually its disk is full or read-only.",
    },
  ],
  [
    "BUSY",
    {
      what: "a script has been running for too long",
      cure: "SCRIPT KILL ends it; Sluice's own scripts take milliseconds.",
    },
  ],
  ["UNKILLABLE", { what: "a script that has written does not end", cure: "Wait for it, or restart Redis." }],
  ["LOADING", { what: "it is still reading its data from disk", cure: "Wait until it has read them." }],
  [
    "MASTERDOWN",
    { what: "it is a replica that has lost its master", cure: "Bring the master back, or fail over." },
  ],
  [
    "CLUSTERDOWN",
    { what: "the Cluster does not serve our slot", cure: "Bring the missing nodes back (CLUSTER INFO)." },
  ],
  ["TRYAGAIN", { what: "our slot is being moved", cure: "Wait until it has been moved." }],
]);

function byCode(error: Error): Known | undefined {
  const code = "code" in error ? String(error.code) : "";
  if (code === "53100") return "SLUICE_STORE_FULL";
  if (code === "25006") return READ_ONLY;
  if (loginStates.test(code)) return "SLUICE_STORE_LOGIN";
  return tlsCodes.test(code) ? "SLUICE_STORE_TLS" : undefined;
}

// SQLSTATE 25006, read_only_sql_transaction.
const READ_ONLY: Refusal = {
  what: "it is a standby or read-only",
  cure: "Name the primary in --store, or set default_transaction_read_only to off.",
};

// SQLSTATE (appendix A of the Postgres manual): class 28, invalid authorization, and 3D000, no such database.
const loginStates = /^(28[0-9A-Z]{3}|3D000)$/;

// Node's names of faults in TLS: its own, OpenSSL's, and those of a certificate that does not hold ("X509 certificate
// error codes" in the documentation of tls).
const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|UNABLE_TO_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|INVALID_(CA|PURPOSE)$|HOSTNAME_MISMATCH$)/;
