/** Lists: selected by labels and fields, in pages that are all of one moment. */

import type { Kind } from "./kinds.ts";
import { apiVersionOf, isCustom } from "./kinds.ts";
import { fieldSelector, labelSelector } from "./selector.ts";
import { badRequest, expired } from "./status.ts";
import type { ApiObject, Storage } from "./storage.ts";

/** @throws Refusal 400 for a query that cannot be, 410 for pages of a moment that is forgotten. */
export function list(
  storage: Storage,
  kind: Kind,
  namespace: string | undefined,
  query: URLSearchParams,
): object {
  const token = query.get("continue") ?? "";
  const { version, after } = token === "" ? { version: storage.version, after: "" } : readToken(token);
  if (version < storage.oldest) throw expired();
  numberOf(query, "resourceVersion");
  const limit = numberOf(query, "limit") || Number.POSITIVE_INFINITY;
  const selected = storage.listAt(kind, namespace, version).filter(selection(query));
  const left = selected.filter((object) => keyOf(object) > after);
  const page = left.slice(0, limit);
  const last = page.at(-1);
  const next = left.length > page.length && last !== undefined ? tokenOf(version, keyOf(last)) : undefined;
  const more = next !== undefined && { continue: next, remainingItemCount: left.length - page.length };
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    // All pages tell the version of the first one: a watch from there hears what changed between them.
    metadata: { resourceVersion: String(version), ...more },
    items: page.map((object) => itemOf(kind, object)),
  };
}

/** What `labelSelector` and `fieldSelector` of a query leave. @throws Refusal 400. */
export function selection(query: URLSearchParams): (object: ApiObject) => boolean {
  const matchesLabels = labelSelector(query.get("labelSelector") ?? "");
  const matchesFields = fieldSelector(query.get("fieldSelector") ?? "");
  return ({ metadata }) =>
    matchesLabels(metadata.labels ?? {}) && matchesFields(metadata.name, metadata.namespace ?? "");
}

/** Versions share their objects: each is answered in the version that was asked for. */
export function inVersion(kind: Kind, object: ApiObject): ApiObject {
  const apiVersion = apiVersionOf(kind);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** Items of built-in kinds do not say what they are: the list does. */
function itemOf(kind: Kind, object: ApiObject): object {
  if (isCustom(kind)) return inVersion(kind, object);
  const { apiVersion: _, kind: _k, ...rest } = object;
  return rest;
}

function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) || "0";
  if (!/^\d+$/.test(text)) throw badRequest(`${name}: strconv.ParseUint: parsing "${text}": invalid syntax`);
  return Number(text);
}

const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ""}/${metadata.name}`;

function tokenOf(version: number, key: string): string {
  return Buffer.from(`${version}@${key}`).toString("base64url");
}

function readToken(token: string): { readonly version: number; readonly after: string } {
  const found = /^(\d+)@(.*)$/.exec(Buffer.from(token, "base64url").toString());
  if (found === null) throw badRequest("invalid continue token: continue key is not valid");
  return { version: Number(found[1]), after: found[2] ?? "" };
}
