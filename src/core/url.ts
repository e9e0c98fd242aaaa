/** URLs as messages and storage may have them: without credentials, without the query values that grant something. */

import type { Delivery } from "./delivery.ts";
import { isSensitive, MASK, maskedNames } from "./headers.ts";

const LONGEST = 200;

/** A URL as messages may show it: neither credentials nor query nor fragment, at most 200 characters. */
export function shownUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed !== null && parsed.host !== "") {
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}`.slice(0, LONGEST);
  }
  // What cannot be read cannot be trusted to have its credentials where they belong.
  const [path = ""] = url.split(/[?#]/, 1);
  return path.replace(/^.*@/s, `${MASK}@`).slice(0, LONGEST);
}

/**
 * A request's path and query with the values of sensitive parameters replaced by {@link MASK}; the rest as it came.
 *
 * @param hides what proofs read, beside what is sensitive by name (see `ProofDemand.hides`).
 */
export function maskQuery(given: string, hides: readonly string[] = []): string {
  const url = hides.includes("/") ? maskLastSegment(given) : given;
  const start = url.indexOf("?");
  if (start === -1) return url;
  const parts = url.slice(start + 1).split("&");
  const masked = parts.map((part) => {
    const name = sensitiveName(part, hides);
    return name === undefined ? part : `${name}=${MASK}`;
  });
  return `${url.slice(0, start)}?${masked.join("&")}`;
}

/** The third segment of a path, `/namespace/listener/token`: where a token may stand. */
export function lastSegment(url: string): string | undefined {
  const [path = ""] = url.split("?", 1);
  const token = /^\/[^/]+\/[^/]+\/([^/]+)\/?$/.exec(path)?.[1];
  return token === MASK ? undefined : token;
}

/** A URL without what stands behind the listener's name in its path: the token, wherever the sender put it. */
export function maskLastSegment(url: string): string {
  return url.replace(/^(\/[^/?]+\/[^/?]+\/)[^?]+/, `$1${MASK}`);
}

/** A request's path, and the names of its query with no value at all. */
export function maskAllOfQuery(url: string): string {
  const start = url.indexOf("?");
  if (start === -1) return url;
  const parts = url.slice(start + 1).split("&");
  // A part without `=` may be a value by itself.
  const masked = parts.map((part) =>
    part.includes("=") ? `${part.slice(0, part.indexOf("="))}=${MASK}` : MASK,
  );
  return `${url.slice(0, start)}?${masked.join("&")}`;
}

/** What a stored delivery no longer shows of what its sender sent: headers by name, query parameters as `?name`. */
export function hiddenOf(delivery: Pick<Delivery, "headers" | "url" | "hides">): readonly string[] {
  const { headers, url, hides = [] } = delivery;
  return [...maskedNames(headers, new Set(hides)), ...maskedParameters(url, hides)];
}

/** The query parameters, as `?name`, whose values {@link maskQuery} took away. */
export function maskedParameters(url: string, hides: readonly string[] = []): readonly string[] {
  const start = url.indexOf("?");
  if (start === -1) return [];
  const names = url
    .slice(start + 1)
    .split("&")
    .flatMap((part) => (part.endsWith(`=${MASK}`) ? (sensitiveName(part, hides) ?? []) : []));
  return [...new Set(names)].map((name) => `?${name}`);
}

/** The name of a `name=value` as it is written, where the value is not for everybody. */
function sensitiveName(part: string, hides: readonly string[]): string | undefined {
  const equals = part.indexOf("=");
  if (equals === -1) return undefined;
  const name = part.slice(0, equals);
  const read = decoded(name);
  return isSensitive(read) || hides.includes(`?${read}`) ? name : undefined;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
