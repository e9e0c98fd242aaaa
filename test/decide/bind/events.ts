/** Events for tests of the station bind. */

import type { Event } from "../../../src/core/delivery.ts";
import { payload } from "../../../src/core/delivery.ts";
import type { HeaderMap } from "../../../src/core/headers.ts";
import type { JsonObject, JsonValue } from "../../../src/core/json.ts";

export interface EventParts {
  readonly id?: string;
  readonly text?: string;
  readonly body?: JsonValue;
  readonly headers?: HeaderMap;
  readonly extensions?: JsonObject;
}

/** An event with a body given as text, or as a value that is written as JSON. */
export function eventWith(parts: EventParts): Event {
  return {
    id: parts.id ?? "0f8fad5b-d9cb-469f-a165-70867728950e",
    trigger: { namespace: "ci", name: "build" },
    url: "/",
    headers: parts.headers ?? {},
    payload: payload(parts.text ?? (parts.body === undefined ? "" : JSON.stringify(parts.body))),
    extensions: parts.extensions ?? {},
  };
}
