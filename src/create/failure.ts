/** What an answer of the API server that is no success means: a code, and with it who may try again. */

import type { ErrorCode } from "../core/errors.ts";
import { fault, SluiceError } from "../core/errors.ts";
import type { CreateAnswer } from "../core/job.ts";
import { isJsonObject, parseJson } from "../core/json.ts";
import type { ApiResponse } from "./api.ts";

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

/** The parts of a metav1.Status that decide something; empty where the body is none. */
export interface Status {
  /** `AlreadyExists`, `Invalid`, … */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** `details.kind`: the resource that the failure is about. */
  readonly kind: string;
  readonly retryAfterSeconds: number | undefined;
}

/** Longest part of a foreign text that goes into logs and the ledger. */
const MAX_MESSAGE = 1_000;

export function readStatus({ status, body }: ApiResponse): Status {
  const document = parsed(body);
  if (!isJsonObject(document) || document.kind !== "Status") {
    const text = printable(body).trim();
    return { reason: "", message: text || `HTTP ${status}`, kind: "", retryAfterSeconds: undefined };
  }
  const { reason, message, details } = document;
  const { kind, retryAfterSeconds } = isJsonObject(details) ? details : {};
  return {
    reason: typeof reason === "string" ? reason : "",
    message: printable(typeof message === "string" ? message : `HTTP ${status}`),
    kind: typeof kind === "string" ? kind : "",
    retryAfterSeconds: typeof retryAfterSeconds === "number" ? retryAfterSeconds : undefined,
  };
}

/** Milliseconds to wait (RFC 9110 §10.2.3: seconds or a date); undefined when nothing was said. */
function retryAfter(response: ApiResponse, status: Status, now: number): number | undefined {
  const header = response.headers["retry-after"]?.trim() ?? "";
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : undefined;
  if (seconds !== undefined) return seconds * 1_000;
  const date = header === "" ? Number.NaN : Date.parse(header);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const { retryAfterSeconds } = status;
  return retryAfterSeconds !== undefined && retryAfterSeconds > 0 ? retryAfterSeconds * 1_000 : undefined;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

// Control characters could forge log lines or steer a terminal.
function printable(text: string): string {
  return text.slice(0, MAX_MESSAGE).replace(/\p{Cc}+/gu, " ");
}

/** A thrown fault as an answer; anything else is a defect and thrown on. */
export function failedBy(error: unknown): CreateFailure {
  if (error instanceof SluiceError) return failed(error);
  throw error;
}
