/** What an answer of the API server that is no success means: a code, and with it who may try again. */

import type { ErrorCode } from "../core/errors.ts";
import { fault, SluiceError } from "../core/errors.ts";
import type { CreateAnswer } from "../core/job.ts";
import type { ApiResponse } from "../kube/api.ts";
import type { Status } from "../kube/status.ts";
import { readStatus, retryAfter } from "../kube/status.ts";

export type CreateFailure = Extract<CreateAnswer, { readonly outcome: "failed" }>;

/** What a failure is about, for its message. */
export interface About {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly account: string;
}

/** A failure of the error table as an answer. */
export function failed(error: SluiceError, after?: number): CreateFailure {
  const { code, retry, message } = error;
  return { outcome: "failed", retry, code, reason: message, ...(after === undefined ? {} : { after }) };
}

/**
 * Reads an answer by its status code and Status.reason, never by its text.
 *
 * @param now milliseconds since the epoch; a Retry-After that is a date counts from it.
 */
export function failureOf(response: ApiResponse, about: About, now: number): CreateFailure {
  const status = readStatus(response);
  const values = { ...about, status: String(response.status), reason: status.message };
  return failed(fault(codeOf(response.status, status), values), retryAfter(response, status, now));
}

function codeOf(code: number, status: Status): ErrorCode {
  if (code === 401) return "SLUICE_CREATE_CREDENTIALS";
  if (code === 403) return "SLUICE_CREATE_FORBIDDEN";
  if (code === 404) return status.kind === "namespaces" ? "SLUICE_CREATE_NAMESPACE" : "SLUICE_CREATE_KIND";
  // 409 is a Conflict here: AlreadyExists is no failure and never comes this far.
  if (code < 400 || code >= 500 || BUSY.has(code)) return "SLUICE_CREATE_BUSY";
  return "SLUICE_CREATE_REFUSED";
}

const BUSY: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** A thrown fault as an answer; anything else is a defect and thrown on. */
export function failedBy(error: unknown): CreateFailure {
  if (error instanceof SluiceError) return failed(error);
  throw error;
}
