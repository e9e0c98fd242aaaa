/** The contract of an interceptor: parameters checked and compiled once, then asked once per event. */

import type { Cost } from "./cost-budget.ts";
import type { Event } from "./delivery.ts";
import type { HeaderMap } from "./headers.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Secrets } from "./secrets.ts";

/** gRPC status codes as Tekton's interceptors answer them. */
export const GRPC = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  FAILED_PRECONDITION: 9,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

/** What one interceptor says of one event. A stop with code OK is a plain "not for me". */
export type Verdict =
  | {
      readonly continue: true;
      /** Merged into the event's extensions, key by key. */
      readonly extensions?: JsonObject;
      /** Only the legacy `webhook` may replace these. */
      readonly body?: string;
      readonly headers?: HeaderMap;
      readonly explain?: JsonValue;
    }
  | {
      readonly continue: false;
      readonly code: number;
      readonly reason: string;
      /** The interceptor could not be asked (network, secret store): the decision is tried again by a worker. */
      readonly transient?: boolean;
      /** For people: values of sub-expressions, the nearest miss, …. */
      readonly explain?: JsonValue;
    };

export const PASS: Verdict = { continue: true };

/** What the sender must prove before any interceptor of the chain sees the event. */
export interface ProofDemand {
  /** Name of a scheme in src/verify, for example `github`. */
  readonly scheme: string;
  /** Absent where the scheme needs none: a client certificate, a key that its issuer publishes. */
  readonly secret?: SecretKey;
  /** What the scheme is told beside the secret, in the order that it defines. Part of the proof's name. */
  readonly parameters?: readonly string[];
  /**
   * Where the proof stands in the request, if not in a header that is masked by its name: header names in canonical
   * spelling, query parameters as `?name`, `/` for the last segment of the path. These values are never stored.
   */
  readonly hides?: readonly string[];
}

/** A key of a Secret. */
export interface SecretKey {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** What compile may use. Everything else an interceptor needs stands in its params. */
export interface InterceptorTools {
  /** Namespace of the trigger: where its secrets live. */
  readonly namespace: string;
  readonly secrets: Secrets;
  /** Outgoing HTTP with deadline, size cap, no redirects, link-local refused. Absent offline: remote steps then stop. */
  readonly http?: HttpClient;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  readonly body?: string;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** Milliseconds until the whole exchange is given up; default 5,000. */
  readonly timeout?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: string;
}

/**
 * @throws SluiceError SLUICE_INTERCEPTOR_FAILED when no answer came in time; SLUICE_INTERCEPTOR_UNUSABLE, which nobody
 *   tries again, for a forbidden address, a URL that is not HTTP and an answer that is too large.
 */
export type HttpClient = (request: HttpRequest) => Promise<HttpResponse>;

/** An interceptor with its parameters built in. */
export interface CompiledInterceptor {
  /** What the sender must prove before the chain sees the event: all of it. */
  readonly proofs?: readonly ProofDemand[];
  /** True when asking it leaves this process: such chains may be decided by a worker. */
  readonly remote?: boolean;
  /** True for a program of the operator's, which may prove the sender in its own way (ADR 8). */
  readonly provesSender?: boolean;
  /** True when its answer hangs on a comparison with a Secret that is no demand of `proofs`: a proof of its own. */
  readonly comparesSecret?: boolean;
  /** True when it may say no to an event for what the event is: a filter, a list of event types. */
  readonly filters?: boolean;
  /** True when its verdict may hang on any header: where sensitive ones are masked, its no proves nothing. */
  readonly readsHeaders?: boolean;
  /** True when, standing first, it wants an HTML form as it came: the others get it as JSON (only the legacy `webhook`). */
  readonly rawForm?: boolean;
  /** @param cost charged by those that loop over the event's data. @throws SluiceError also SLUICE_COST_EXCEEDED. */
  intercept(event: Event, cost?: Cost): Verdict | Promise<Verdict>;
  /**
   * The values behind its answer, for people: asked by `sluice try`, never on the way of an event, because it may cost
   * many times as much. Holds no secrets.
   */
  explain?(event: Event): JsonValue | Promise<JsonValue>;
}

/** One built-in interceptor: a file in interceptors/, a line in interceptors/index.ts. */
export interface Interceptor {
  readonly name: string;
  readonly summary: string;
  /**
   * Checks the parameters and builds everything that does not depend on the event.
   *
   * @param params the parameter object, names as the user wrote them (they match without regard to case).
   * @throws SluiceError SLUICE_INTERCEPTOR_PARAMS or SLUICE_CEL_SYNTAX.
   */
  compile(params: JsonObject, tools: InterceptorTools): CompiledInterceptor;
  /** Parameters that it does not know and ignores, as Tekton does; absent: it knows all, or refuses them itself. */
  unknown?(params: JsonObject): readonly UnknownParam[];
}

/** A parameter that has no effect. */
export interface UnknownParam {
  /** With its path: `secretRef.key`. */
  readonly field: string;
  /** Those that are known in its place. */
  readonly known: readonly string[];
}

/** Types an interceptor's definition; the identity function otherwise. */
export function defineInterceptor<const I extends Interceptor>(interceptor: I): I {
  return interceptor;
}
