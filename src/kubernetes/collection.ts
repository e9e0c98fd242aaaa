/** A collection of the API server: what is listed and watched, how it is asked for, and how its objects are read. */

import { reasonOf } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject, ownValue, parseJson } from "../core/json.ts";

export interface Collection {
  /** Of the resource, in one namespace or in all: `/apis/tekton.dev/v1/pipelineruns`. */
  readonly path: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** True asks for metadata alone: name, labels, annotations. */
  readonly metadataOnly?: boolean | undefined;
}

/** An object of a collection, or what is known of one that cannot be read. */
export interface Found {
  /** "" for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly object: { readonly read: JsonObject } | { readonly unreadable: string };
}

export function collectionPath(collection: Collection, query: Readonly<Record<string, string>>): string {
  const { path, labelSelector, fieldSelector } = collection;
  const asked = new URLSearchParams(query);
  if (labelSelector !== undefined) asked.set("labelSelector", labelSelector);
  if (fieldSelector !== undefined) asked.set("fieldSelector", fieldSelector);
  return `${path}?${asked}`;
}

/** @param type of the answer: lists and single objects have their own. */
export function acceptOf(
  { metadataOnly }: Collection,
  type: "PartialObjectMetadata" | "PartialObjectMetadataList",
) {
  const json = "application/json";
  return metadataOnly === true ? `${json};as=${type};g=meta.k8s.io;v=v1,${json}` : json;
}

/**
 * Parses text that holds objects of strangers. One of them may be nested deeper than we read; the others must not
 * suffer from it, so such a text is parsed all the same, and {@link foundOf} looks at each object.
 *
 * @throws SyntaxError when it is no JSON.
 */
export function parseForeign(text: string): { readonly value: unknown; readonly suspect: boolean } {
  try {
    return { value: parseJson(text), suspect: false };
  } catch {
    return { value: JSON.parse(text), suspect: true };
  }
}

/**
 * Reads an object by its metadata.
 *
 * @param suspect true when the text around it was more than we read.
 * @param given what the items of a list leave out: apiVersion and kind.
 * @returns undefined for what has no name or no version: no API server sends that.
 */
export function foundOf(value: unknown, suspect: boolean, given: JsonObject = {}): Found | undefined {
  if (!isJsonObject(value)) return undefined;
  const metadata = ownValue(value, "metadata");
  if (!isJsonObject(metadata)) return undefined;
  const { name, namespace = "", resourceVersion } = metadata;
  if (typeof name !== "string" || typeof namespace !== "string" || typeof resourceVersion !== "string")
    return undefined;
  const object = suspect ? readAgain(value, given) : { read: { ...given, ...value } };
  return { namespace, name, resourceVersion, object };
}

function readAgain(value: JsonObject, given: JsonObject): Found["object"] {
  try {
    return { read: { ...given, ...(parseJson(JSON.stringify(value)) as JsonObject) } };
  } catch (error) {
    return { unreadable: reasonOf(error) };
  }
}
