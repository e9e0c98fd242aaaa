/** What to do about dead letters of one kind: what to put right, and by which of the two ways they come back. */

import { ERRORS, type ErrorCode } from "./error-table.ts";

export interface DeadHint {
  /** What to put right first, in general; the reason of each names the particulars. */
  readonly fix: string;
  /** retry: the same objects are tried again. replay: the delivery is decided again, with the triggers of then. */
  readonly way: "retry" | "replay";
}

/** Codes of jobs that fail again with the same objects, or the same decision: only another decision helps. */
const DECIDED_ANEW: ReadonlySet<string> = new Set<ErrorCode>([
  ...(["SLUICE_CREATE_CONFLICT", "SLUICE_CREATE_REFUSED", "SLUICE_CREATE_KIND"] as const),
  ...(["SLUICE_CLUSTER_UNKNOWN", "SLUICE_CLUSTER_CLOSED"] as const),
  ...(["SLUICE_JOB_OUTDATED", "SLUICE_STORE_FORGED"] as const),
]);

/** Cures whose particulars are each one's own, in general words. */
const IN_GENERAL: Readonly<Partial<Record<ErrorCode, string>>> = {
  SLUICE_CREATE_FORBIDDEN:
    "Grant the account that creates the verb and kind that the reason names; `sluice doctor` prints the command.",
  SLUICE_CREATE_IMPERSONATE:
    "Let the gateway act as the account that the reason names; `sluice doctor` prints the command.",
  SLUICE_CREATE_TENANT: "Grant the listener's account what the reason names, if that is meant.",
  SLUICE_CEL_SYNTAX: "Correct the expression that the reason names.",
  SLUICE_CEL_FAILED: "Guard the access with has(…), or correct the expression.",
  SLUICE_INTERCEPTOR_UNKNOWN: "Correct the interceptor's name, or declare it.",
  SLUICE_INTERCEPTOR_PARAMS: "Correct the parameter that the reason names.",
  SLUICE_REF_MISSING: "Create what the reason names, or correct the reference to it.",
  SLUICE_PARAM_MASKED: "Do not bind values of sensitive headers, or have the sender deliver it again.",
};

/** Causes that need nothing but time, or whose cure is in their code's row. */
export function deadHint(code: string): DeadHint {
  const row = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
  const job = /^SLUICE_(CREATE|CLUSTER|STORE|JOB|INTERNAL)/.test(code);
  const way = job && !DECIDED_ANEW.has(code) ? "retry" : "replay";
  const own = IN_GENERAL[code as ErrorCode];
  // A cure that wants values which are not known here is none.
  const fix = own ?? (row === undefined || row.fix.includes("{") ? "" : row.fix);
  return { fix: fix === "" ? "See docs/errors.md, and the reason of each." : fix, way };
}
