/** Where a provider's facts stand: headers, paths into the body, and paths that count only where something else holds. */

import { type HeaderMap, header } from "./headers.ts";
import { type JsonValue, valueAt } from "./json.ts";

/** Characters: the longest text that a list shows or an index holds. */
export const MAX_TEXT = 256;

interface Place {
  readonly header?: string;
  readonly keys: readonly string[];
  /** What stands behind it and a slash: a name alone would be no place. */
  readonly behind?: readonly string[];
  readonly guard?: { readonly keys: readonly string[]; readonly value?: string };
}

/**
 * The first of the alternatives that leads to a text or a number.
 *
 * @param paths a header's name (with a capital and a dash), a path into the body, `guard ? path` or `name=value ? path`;
 *   `path / path` is both, with a slash between them.
 * @param limit characters.
 */
export function firstOf(
  paths: readonly string[] | undefined,
  headers: HeaderMap,
  body: JsonValue | undefined,
  limit = MAX_TEXT,
): string | undefined {
  for (const path of paths ?? []) {
    const place = placeOf(path);
    if (place.guard !== undefined && !holds(place.guard, body)) continue;
    const value = place.header === undefined ? placedIn(place, body) : header(headers, place.header);
    if (typeof value === "string" && value !== "") return value.slice(0, limit);
    if (typeof value === "number") return String(value);
  }
  return undefined;
}

function placedIn({ keys, behind }: Place, body: JsonValue | undefined): JsonValue | undefined {
  const value = valueAt(body, keys);
  if (behind === undefined) return value;
  const name = valueAt(body, behind);
  return [value, name].every((part) => typeof part === "string" && part !== "")
    ? `${value}/${name}`
    : undefined;
}

// The paths are those of the table: few, and none comes from outside.
const places = new Map<string, Place>();

function placeOf(path: string): Place {
  const known = places.get(path);
  if (known !== undefined) return known;
  const [, guard, target = path] = /^(.+) \? (.+)$/.exec(path) ?? [];
  const [name = "", value] = guard?.split("=") ?? [];
  const [first = "", second] = target.split(" / ");
  const place: Place = {
    keys: first.split("."),
    ...(second !== undefined && { behind: second.split(".") }),
    ...(startsWithCapital.test(target) && { header: target }),
    ...(guard !== undefined && { guard: { keys: name.split("."), ...(value !== undefined && { value }) } }),
  };
  places.set(path, place);
  return place;
}

const startsWithCapital = /^[A-Z][A-Za-z]*-/;

function holds({ keys, value }: NonNullable<Place["guard"]>, body: JsonValue | undefined): boolean {
  const found = valueAt(body, keys);
  return value === undefined
    ? found !== undefined && found !== null && found !== false && found !== ""
    : found === value;
}
