/** A whole collection, page by page, as it was at one moment. */

import { SluiceError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import type { Api, ApiResponse } from "./api.ts";
import { AnswerTooLarge } from "./api.ts";
import type { Collection, Found } from "./collection.ts";
import { acceptOf, collectionPath, foundOf, parseForeign } from "./collection.ts";

export type Listed =
  | { readonly outcome: "listed"; readonly resourceVersion: string }
  /** The server forgot the moment that the pages were of. What was given so far counts for nothing. */
  | { readonly outcome: "expired" }
  /** A page was larger than an answer may be. */
  | { readonly outcome: "too large" }
  | { readonly outcome: "refused"; readonly response: ApiResponse };

/**
 * Reads a collection; no page is kept here.
 *
 * @param limit objects of one page.
 * @param take is given each object, in the order of the server.
 * @throws SluiceError as {@link Api.send}.
 */
export async function listAll(
  api: Api,
  collection: Collection,
  limit: number,
  take: (found: Found) => void,
): Promise<Listed> {
  let next = "";
  for (;;) {
    const query = { limit: String(limit), ...(next === "" ? {} : { continue: next }) };
    const accept = acceptOf(collection, "PartialObjectMetadataList");
    const response = await api
      .send({ method: "GET", path: collectionPath(collection, query), accept })
      .catch(tooLarge);
    if (response === undefined) return { outcome: "too large" };
    if (response.status === 410) return { outcome: "expired" };
    const page = response.status === 200 ? readPage(response.body) : undefined;
    if (page === undefined) return { outcome: "refused", response };
    for (const item of page.items) {
      const found = foundOf(item, page.suspect, page.given);
      if (found !== undefined) take(found);
    }
    if (page.next === "") return { outcome: "listed", resourceVersion: page.resourceVersion };
    next = page.next;
  }
}

function tooLarge(error: unknown): undefined {
  if (error instanceof SluiceError && error.cause instanceof AnswerTooLarge) return undefined;
  throw error;
}

interface Page {
  readonly items: readonly unknown[];
  readonly suspect: boolean;
  /** Lists say once what their items are. */
  readonly given: JsonObject;
  readonly resourceVersion: string;
  /** "" on the last page. */
  readonly next: string;
}

function readPage(text: string): Page | undefined {
  let parsed: ReturnType<typeof parseForeign>;
  try {
    parsed = parseForeign(text);
  } catch {
    return undefined;
  }
  const { value, suspect } = parsed;
  if (!isJsonObject(value) || !isJsonObject(value.metadata)) return undefined;
  const { kind, apiVersion, items, metadata } = value;
  const { resourceVersion, continue: next = "" } = metadata;
  if (typeof kind !== "string" || typeof apiVersion !== "string") return undefined;
  if (typeof resourceVersion !== "string" || typeof next !== "string") return undefined;
  // Go writes an empty list as null.
  if (!Array.isArray(items ?? [])) return undefined;
  const given = { apiVersion, kind: kind.replace(/List$/, "") };
  return { items: (items ?? []) as readonly unknown[], suspect, given, resourceVersion, next };
}
