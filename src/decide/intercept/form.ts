/** HTML forms, as Slack's slash commands send them, turned into the JSON that the rest of a chain reads. */

import { unescape as percentDecoded } from "node:querystring";
import type { Event } from "../../core/delivery.ts";
import { payload } from "../../core/delivery.ts";
import { header } from "../../core/headers.ts";
import { printJson, setOwn } from "../../core/json.ts";

/** Each field costs some 300 ns, and a form is read once for every chain that looks at it. */
export const MAX_FIELDS = 10_000;

/**
 * The event with `a=1&a=2&b=3` replaced by `{"a":["1","2"],"b":["3"]}`; any other event as it is. Tekton's rules: the
 * content type must be exactly `application/x-www-form-urlencoded`, a form of one field stays text, and a pair that
 * url.ParseQuery cannot read is left out. A form of more than {@link MAX_FIELDS} fields stays text, too: whatever reads
 * JSON behind it says no.
 */
export function formAsJson(event: Event): Event {
  if (header(event.headers, "Content-Type") !== "application/x-www-form-urlencoded") return event;
  if (hasMoreFields(event.payload.text, MAX_FIELDS)) return event;
  const fields = new Map<string, string[]>();
  for (const pair of event.payload.text.split("&")) {
    if (pair === "" || pair.includes(";") || brokenEscape.test(pair)) continue;
    const cut = pair.includes("=") ? pair.indexOf("=") : pair.length;
    const name = decoded(pair.slice(0, cut));
    const values = fields.get(name) ?? [];
    values.push(decoded(pair.slice(cut + 1)));
    fields.set(name, values);
  }
  if (fields.size <= 1) return event;
  const object: Record<string, readonly string[]> = {};
  for (const [name, values] of fields) setOwn(object, name, values);
  return { ...event, payload: payload(printJson(object)) };
}

function hasMoreFields(text: string, limit: number): boolean {
  let count = 1;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", at + 1)) {
    if (++count > limit) return true;
  }
  return false;
}

const brokenEscape = /%(?![0-9a-fA-F]{2})/;

function decoded(text: string): string {
  return percentDecoded(text.replaceAll("+", " "));
}
