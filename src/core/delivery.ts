/** A delivery: one request from outside, on its way from raw bytes to an event that triggers can look at. */

import type { HeaderMap } from "./headers.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { parseJson } from "./json.ts";

/** Namespace and name of an EventListener, Trigger or any other declared object. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** One request as it arrived. The bytes are kept as they came: proofs are computed over them. */
export interface Delivery {
  /** UUIDv7; also Tekton's eventID. Sorts by time of arrival. */
  readonly id: string;
  readonly listener: ObjectName;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly url: string;
  readonly headers: HeaderMap;
  readonly body: Buffer;
  /** The delivery that this one decides again. */
  readonly replayOf?: string;
}

/** The body, parsed at most once however many triggers look at it. */
export interface Payload {
  readonly text: string;
  /** @throws SyntaxError when the text is no JSON. */
  json(): JsonValue;
}

/** Wraps body text; the parse (or its failure) is remembered. */
export function payload(text: string): Payload {
  let parsed: { value: JsonValue } | { error: unknown } | undefined;
  return {
    text,
    json() {
      if (parsed === undefined) {
        try {
          parsed = { value: parseJson(text) };
        } catch (error) {
          parsed = { error };
        }
      }
      if ("error" in parsed) throw parsed.error;
      return parsed.value;
    },
  };
}

/** What a trigger's chain, bindings and template see of a delivery. Never mutated: a step that changes it makes a new one. */
export interface Event {
  readonly id: string;
  /** Namespace and name of the trigger that looks at it. */
  readonly trigger: ObjectName;
  readonly url: string;
  readonly headers: HeaderMap;
  readonly payload: Payload;
  /** What earlier interceptors of the chain added. */
  readonly extensions: JsonObject;
}
