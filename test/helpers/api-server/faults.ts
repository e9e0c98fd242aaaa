/** Faults on demand: which requests go wrong, how, and how often. Plain data, so that they travel over the control endpoint. */

import { failure } from "./status.ts";

/** What goes wrong with a request that a {@link Fault} meets. */
export type FaultAction =
  /** Answers with this status and a Status body, or with `body` as it stands. */
  | {
      readonly type: "status";
      readonly status: number;
      readonly reason?: string;
      readonly message?: string;
      /** Value of Retry-After: seconds, or an HTTP date. */
      readonly retryAfter?: string;
      readonly body?: string;
      readonly details?: object;
    }
  /** Breaks the connection: before anything happened, or after the work was done but before the answer. */
  | { readonly type: "drop"; readonly when: "before" | "after" }
  /** Never answers: before anything happened, or after the work was done. */
  | { readonly type: "hang"; readonly when: "before" | "after" }
  /** Answers late. */
  | { readonly type: "delay"; readonly ms: number };

export interface Fault {
  readonly method?: string;
  /** Part of the path. */
  readonly path?: string;
  /** Part of the request's body. */
  readonly text?: string;
  /** How many requests it meets; 1 unless given, 0 for all of them. */
  readonly times?: number;
  readonly action: FaultAction;
}

/** Faults in force, oldest first; each request meets at most one. */
export class Faults {
  #armed: { readonly fault: Fault; left: number }[] = [];

  /** Arms a fault; the result disarms it. */
  add(fault: Fault): () => void {
    const times = fault.times ?? 1;
    const entry = { fault, left: times === 0 ? Number.POSITIVE_INFINITY : times };
    this.#armed.push(entry);
    return () => {
      this.#armed = this.#armed.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#armed = [];
  }

  /** The fault that this request meets, counted down. */
  take(method: string, path: string, body = ""): FaultAction | undefined {
    const entry = this.#armed.find(
      ({ fault }) =>
        (fault.method === undefined || fault.method === method) &&
        (fault.path === undefined || path.includes(fault.path)) &&
        (fault.text === undefined || body.includes(fault.text)),
    );
    if (entry === undefined) return undefined;
    entry.left--;
    if (entry.left <= 0) this.#armed = this.#armed.filter((other) => other !== entry);
    return entry.fault.action;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** The body of a `status` fault. */
export function faultBody(action: Extract<FaultAction, { type: "status" }>): string {
  if (action.body !== undefined) return action.body;
  const reason = action.reason ?? REASONS[action.status] ?? "Unknown";
  return JSON.stringify(
    failure(action.status, reason, action.message ?? `fault: ${reason}`, action.details ?? {}),
  );
}
