/** An event as paths see it: `body`, `header`, `extensions` and `context`. */

import type { Event } from "../../core/delivery.ts";
import { fault, reasonOf } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { setOwn } from "../../core/json.ts";

export interface EventView {
  /** All four roots, in the order in which `*` finds them. */
  readonly all: () => JsonObject;
  readonly body: JsonValue;
  readonly extensions: JsonObject;
  readonly context: JsonObject;
  /** The values of a header joined with commas; the name must be spelled canonically. */
  readonly header: (name: string) => string | undefined;
  readonly headers: () => JsonObject;
}

/**
 * Looks at an event.
 *
 * @throws SluiceError SLUICE_BODY_NOT_JSON when there is a body and it is no JSON, whether or not a path asks for it:
 *   so does the reference. An empty body is null.
 */
export function viewOf(event: Event): EventView {
  const { headers, extensions } = event;
  const body = bodyOf(event);
  const context = { eventID: event.id };
  const joined = (): JsonObject => {
    const object: Record<string, string> = {};
    for (const name of Object.keys(headers)) setOwn(object, name, headers[name]?.join(",") ?? "");
    return object;
  };
  return {
    body,
    extensions,
    context,
    header: (name) => (Object.hasOwn(headers, name) ? headers[name]?.join(",") : undefined),
    headers: joined,
    all: () => ({ header: joined(), body, extensions, context }),
  };
}

function bodyOf(event: Event): JsonValue {
  if (event.payload.empty) return null;
  try {
    return event.payload.json();
  } catch (error) {
    throw fault("SLUICE_BODY_NOT_JSON", { reason: reasonOf(error) }, { cause: error });
  }
}
