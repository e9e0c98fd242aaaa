/** What an answer of the API server says of a failure: the parts of its Status, and when to ask again. */

import { isJsonObject, tryParseJson } from "../core/json.ts";
import type { ApiResponse } from "./api.ts";

/** The parts of a metav1.Status that decide something; empty where the body is none. */
export interface Status {
  /** `AlreadyExists`, `Invalid`, … */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** `details.kind`: the resource that the failure is about. */
  readonly kind: string;
  /** `details.name`: the one object that it is about; "" where it is about the resource. */
  readonly name: string;
  /** The reasons of `details.causes`: `NamespaceTerminating`, `FieldValueInvalid`, … */
  readonly causes: readonly string[];
  /** What is wrong with which field, without its value: `spec.params[0].value FieldValueInvalid`. */
  readonly fields: readonly string[];
  readonly retryAfterSeconds: number | undefined;
}

/** Longest part of a foreign text that goes into logs and the ledger. */
const MAX_MESSAGE = 1_000;
const MAX_FIELDS = 5;

export function readStatus({ status, body }: ApiResponse): Status {
  const document = tryParseJson(body);
  if (!isJsonObject(document) || document.kind !== "Status") {
    const text = printable(body).trim();
    return {
      reason: "",
      message: text || `HTTP ${status}`,
      kind: "",
      name: "",
      causes: [],
      fields: [],
      retryAfterSeconds: undefined,
    };
  }
  const { reason, message, details } = document;
  const { kind, name, causes, retryAfterSeconds } = isJsonObject(details) ? details : {};
  return {
    reason: typeof reason === "string" ? reason : "",
    message: printable(typeof message === "string" ? message : `HTTP ${status}`),
    kind: typeof kind === "string" ? kind : "",
    name: typeof name === "string" ? name : "",
    causes: Array.isArray(causes) ? causes.flatMap(reasonOfCause) : [],
    fields: Array.isArray(causes) ? causes.flatMap(fieldOfCause).slice(0, MAX_FIELDS) : [],
    retryAfterSeconds: typeof retryAfterSeconds === "number" ? retryAfterSeconds : undefined,
  };
}

/**
 * Whom the server took us for, where a refusal of rights says it (k8s.io/apiserver, responsewriters/errors.go): a kubeconfig's
 * entry may be called anything. For people only.
 */
export function userIn({ message }: Pick<Status, "message">): string | undefined {
  return /(?:^| )User "([\w.:@/-]{1,253})" cannot /.exec(message)?.[1];
}

/** Milliseconds to wait (RFC 9110 §10.2.3: seconds or a date); undefined when nothing was said. */
export function retryAfter(response: ApiResponse, status: Status, now: number): number | undefined {
  const header = response.headers["retry-after"]?.trim() ?? "";
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : undefined;
  if (seconds !== undefined) return seconds * 1_000;
  const date = header === "" ? Number.NaN : Date.parse(header);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const { retryAfterSeconds } = status;
  return retryAfterSeconds !== undefined && retryAfterSeconds > 0 ? retryAfterSeconds * 1_000 : undefined;
}

function reasonOfCause(cause: unknown): readonly string[] {
  return isJsonObject(cause) && typeof cause.reason === "string" ? [cause.reason] : [];
}

/** A path that holds a key other than those of a schema may hold an event's text. */
function fieldOfCause(cause: unknown): readonly string[] {
  if (!isJsonObject(cause) || typeof cause.field !== "string" || typeof cause.reason !== "string") return [];
  const known = /^[\w.[\]]{1,200}$/.test(cause.field) && /^[A-Za-z]{1,63}$/.test(cause.reason);
  return known ? [`${cause.field} ${cause.reason}`] : [];
}

/** A foreign text for logs and the ledger, cut: control characters could forge log lines or steer a terminal. */
export function printable(text: string, length = MAX_MESSAGE): string {
  return text.slice(0, length).replace(/\p{Cc}+/gu, " ");
}
