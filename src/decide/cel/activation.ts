/** What an event looks like to expressions. Nothing is converted: JSON values are CEL values. */

import type { Event } from "../../core/delivery.ts";
import { reasonOf } from "../../core/errors.ts";
import { type HeaderMap, headersToJson } from "../../core/headers.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Value } from "./values.ts";
import { fail } from "./values.ts";

/** Values by variable. */
export type Activation = Readonly<Record<string, Value>>;

/** The variables that Tekton's environment declares (see library.ts). */
export interface EventActivation extends Activation {
  readonly body: JsonObject;
  readonly header: JsonObject;
  readonly extensions: JsonObject;
  readonly requestURL: string;
}

/**
 * The variables of an event. The body is parsed at most once per delivery (see core/delivery.ts), whoever asks first.
 *
 * @throws CelFailure when the body is neither empty, nor null, nor a JSON object: Tekton evaluates nothing then.
 */
export function activate(event: Pick<Event, "payload" | "headers" | "extensions" | "url">): EventActivation {
  return {
    body: bodyOf(event.payload),
    header: headersToJson(event.headers as HeaderMap),
    extensions: event.extensions,
    requestURL: event.url,
  };
}

function bodyOf(payload: Event["payload"]): JsonObject {
  if (payload.empty) return {};
  let value: ReturnType<typeof payload.json>;
  try {
    value = payload.json();
  } catch (error) {
    return fail(`the body is no JSON: ${reasonOf(error)}`);
  }
  if (value === null) return {};
  return isJsonObject(value) ? value : fail("the body is no JSON object");
}
