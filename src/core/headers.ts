/** Request headers: canonical names as Go's net/http spells them, every value kept, secrets masked before storage. */

import type { JsonObject } from "./json.ts";
import { setOwn } from "./json.ts";

/** Canonical name (`X-Github-Event`) to its values in the order they came. */
export type HeaderMap = Readonly<Record<string, readonly string[]>>;

const MAX_REMEMBERED = 1_000;
/** Characters. */
const MAX_REMEMBERED_NAME = 100;

/** Remembers what a function says of names. They come from outside, so the memory of them is bounded. */
function remembering<T extends string | boolean>(say: (name: string) => T): (name: string) => T {
  const said = new Map<string, T>();
  return (name) => {
    const known = said.get(name);
    if (known !== undefined) return known;
    const found = say(name);
    if (said.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_NAME) said.set(name, found);
    return found;
  };
}

/**
 * A header name as Go's textproto.CanonicalMIMEHeaderKey spells it: `x-github-event` becomes `X-Github-Event`; a name
 * with a byte that is no token character stays as it is.
 */
export const canonicalName = remembering((name) =>
  token.test(name)
    ? name
        .toLowerCase()
        .replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase())
    : name,
);

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Builds a header map from name and value pairs.
 *
 * @param pairs flat `[name, value, name, value, …]`; values are text (see `headersFromWire` for those of node:http).
 */
export function headersFromPairs(pairs: readonly string[]): HeaderMap {
  const map: Record<string, string[]> = {};
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = canonicalName(pairs[i] as string);
    const value = pairs[i + 1] as string;
    if (Object.hasOwn(map, name)) map[name]?.push(value);
    else setOwn(map, name, [value]);
  }
  return map;
}

/** The first value of a header, or undefined; the name in any case. */
export function header(headers: HeaderMap, name: string): string | undefined {
  const canonical = canonicalName(name);
  return Object.hasOwn(headers, canonical) ? headers[canonical]?.[0] : undefined;
}

/** Headers as JSON: name to list of values. */
export function headersToJson(headers: HeaderMap): JsonObject {
  return headers as JsonObject;
}

/**
 * The one word list for what proves or grants something, in header names and query parameters alike. Words that are part
 * of others (`sig` of `design`, `key` of `monkey`) count only where they stand alone.
 */
const sensitive =
  /^(set-)?cookie$|authorization|token|signature|secret|password|api-?key|credential|(^|[-_.])(auth|jwt|sig|key|pass|pwd)([-_.]|$)/i;

/** Names that hold a word of the list and are public: Bitbucket's event name, GitLab's id of a delivery. */
const harmless: ReadonlySet<string> = new Set(["x-event-key", "idempotency-key"]);

/** True for headers and parameters that prove or grant something: their values never reach a log, the ledger or an event. */
export const isSensitive = remembering((name) => sensitive.test(name) && !harmless.has(name.toLowerCase()));

/** The mask that stands where a sensitive value was. */
export const MASK = "***";

const NONE: ReadonlySet<string> = new Set();

/**
 * The headers whose values were taken away by {@link maskHeaders}.
 *
 * @param also as it was given there.
 */
export function maskedNames(headers: HeaderMap, also: ReadonlySet<string> = NONE): readonly string[] {
  return Object.keys(headers).filter(
    (name) => headers[name]?.includes(MASK) && (isSensitive(name) || also.has(name)),
  );
}

/**
 * A copy with the values of sensitive headers replaced by {@link MASK}.
 *
 * @param also further headers to mask, by canonical name: those that a proof reads, whatever they are called.
 */
export function maskHeaders(headers: HeaderMap, also: ReadonlySet<string> = NONE): HeaderMap {
  const masked: Record<string, readonly string[]> = {};
  for (const name of Object.keys(headers)) {
    const values = headers[name] as readonly string[];
    setOwn(masked, name, isSensitive(name) || also.has(name) ? values.map(() => MASK) : values);
  }
  return masked;
}
