/** A delivery: one request from outside, on its way from raw bytes to an event that triggers can look at. */

import type { HeaderMap } from "./headers.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { parseJson } from "./json.ts";

/** Namespace and name of an EventListener, Trigger or any other declared object. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** The certificate that a sender showed and that a trusted authority signed. Never read from a header. */
export interface ClientCertificate {
  /** Its subject as one line, most specific part first: `CN=ci.example.com, O=Example`. */
  readonly subject: string;
  /** Its subject alternative names: `DNS:ci.example.com`, `URI:spiffe://example.com/ci`. */
  readonly names: readonly string[];
}

/** What is known of a request before its body. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly url: string;
  readonly headers: HeaderMap;
  readonly client?: ClientCertificate;
}

/** True when both name the same object. */
export function sameName(one: ObjectName, other: ObjectName): boolean {
  return one.namespace === other.namespace && one.name === other.name;
}

/** One request as it arrived. The bytes are kept as they came: proofs are computed over them. */
export interface Delivery extends RequestHead {
  /** UUIDv7; also Tekton's eventID. Sorts by time of arrival. */
  readonly id: string;
  readonly listener: ObjectName;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly body: Buffer;
  /** What proofs read of it (see `ProofDemand.hides`): masked before it is stored. */
  readonly hides?: readonly string[];
  /** The delivery that this one decides again. */
  readonly replayOf?: string;
}

/** The body, parsed at most once however many triggers look at it. */
export interface Payload {
  /** The body as text; a large body is decoded when this is first asked for. */
  readonly text: string;
  /** Whether the text is empty; asking decodes nothing. */
  readonly empty: boolean;
  /** @throws SyntaxError when the text is no JSON. */
  json(): JsonValue;
}

/** Wraps body text; the parse (or its failure) is remembered. */
export function payload(text: string): Payload {
  let parsed: { value: JsonValue } | { error: unknown } | undefined;
  return {
    text,
    empty: text === "",
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
  /** True where the proofs held when the delivery arrived and what they read of it is masked: only the record counts. */
  readonly proofsRecorded?: true;
}
