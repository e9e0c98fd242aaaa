/** Tekton's parseURL: the parts of a URL as Go's net/url takes it apart. */

import { parseGoQuery, parseGoUrl } from "../../core/go-url.ts";
import type { JsonObject } from "../../core/json.ts";
import { setOwn } from "../../core/json.ts";
import { fail } from "./values.ts";

/**
 * Parses a URL, absolute or not.
 *
 * @returns scheme, host, path, rawQuery, fragment, query (values joined by commas), queryStrings (lists of values), and
 *   auth when there is user information.
 * @throws CelFailure where url.Parse fails.
 */
export function parseUrl(text: string): JsonObject {
  const url = parseGoUrl(text);
  if (typeof url === "string") {
    return fail(`failed to decode a text of ${text.length} characters in parseURL: ${url}`);
  }
  const { user, ...parts } = url;
  const query: Record<string, string> = {};
  const queryStrings: Record<string, readonly string[]> = {};
  for (const [key, list] of parseGoQuery(parts.rawQuery)) {
    setOwn(query, key, list.join(","));
    setOwn(queryStrings, key, list);
  }
  return { ...parts, query, queryStrings, ...(user !== undefined && { auth: user }) };
}
