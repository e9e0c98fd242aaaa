/** The verbs of the test API server: what create, get, list, update, patch and delete do to the storage. */

import { randomUUID } from "node:crypto";
import { admit, readObject } from "./admission.ts";
import type { Kind, KindRegistry } from "./kinds.ts";
import { inVersion, list } from "./list.ts";
import { remove, removeAll } from "./remove.ts";
import {
  alreadyExists,
  badRequest,
  MAX_STORED,
  methodNotAllowed,
  namespaceMissing,
  namespaceTerminating,
  notFound,
  tooLargeForEtcd,
  unsupportedMediaType,
} from "./status.ts";
import type { ApiObject, Storage } from "./storage.ts";
import { patched, update } from "./update.ts";

/** What a path names. */
export interface Resource {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: "status" | "token";
}

/** What is to be done to it. */
export interface Verb {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** Of the body, without parameters. */
  readonly contentType: string;
}

export interface Answer {
  readonly status: number;
  readonly body: object;
  /** Remarks, for Warning headers. */
  readonly warnings?: readonly string[];
}

export interface Rest {
  readonly storage: Storage;
  readonly kinds: KindRegistry;
}

/** @throws Refusal for what a real server refuses. */
export function handleResource(rest: Rest, resource: Resource, verb: Verb): Answer {
  const { kind, namespace, name } = resource;
  const { method, query, body, contentType } = verb;
  const writes = method === "POST" || method === "PUT" || method === "PATCH";
  if (writes && method !== "PATCH" && !JSON_TYPES.has(contentType)) throw unsupportedMediaType();
  if (writes && Buffer.byteLength(body) > MAX_STORED) throw tooLargeForEtcd();
  if (name === undefined) {
    if (method === "POST") return { status: 201, ...create(rest, resource, body, query) };
    if (method === "GET") return { status: 200, body: list(rest.storage, kind, namespace, query) };
    if (method === "DELETE") return { status: 200, body: removeAll(rest, kind, namespace, query) };
    throw methodNotAllowed();
  }
  const found = rest.storage.find(kind, namespace ?? "", name);
  if (found === undefined) throw notFound(kind, name);
  if (method === "GET") return { status: 200, body: inVersion(kind, found) };
  if (query.has("dryRun")) throw badRequest("this server knows dry runs of creates only");
  if (method === "PUT") return { status: 200, body: update(rest, resource, found, readObject(kind, body)) };
  if (method === "PATCH")
    return { status: 200, body: update(rest, resource, found, patched(kind, found, body, contentType)) };
  if (method === "DELETE" && resource.subresource === undefined)
    return { status: 200, body: remove(rest, kind, found, body) };
  throw methodNotAllowed();
}

/** What is called nothing is taken for JSON. */
const JSON_TYPES: ReadonlySet<string> = new Set(["application/json", ""]);

function create(
  rest: Rest,
  { kind, namespace }: Resource,
  body: string,
  query: URLSearchParams,
): Omit<Answer, "status"> {
  const { object: sent, warnings } = known(kind, readObject(kind, body));
  if (kind.namespaced && namespace === undefined)
    throw badRequest("an empty namespace may not be set during creation");
  const around = namespace === undefined ? undefined : namespaceOf(rest, namespace);
  const object = admit(kind, sent, namespace);
  const { name } = object.metadata;
  if (around?.metadata.deletionTimestamp !== undefined)
    throw namespaceTerminating(kind, name, around.metadata.name);
  if (rest.storage.find(kind, namespace ?? "", name) !== undefined) throw alreadyExists(kind, name);
  if (!query.has("dryRun")) return { body: rest.storage.add(kind, object), warnings };
  return { body: { ...object, metadata: { ...object.metadata, uid: randomUUID() } }, warnings };
}

/** What a kind knows of an object, and a remark on each field that it does not (fieldValidation: Warn, the default). */
function known(kind: Kind, object: ApiObject): { object: ApiObject; warnings: readonly string[] } {
  const { fields } = kind;
  if (fields === undefined) return { object, warnings: [] };
  const isKnown = (key: string): boolean =>
    ["apiVersion", "kind", "metadata"].includes(key) || fields.includes(key);
  const kept = Object.fromEntries(Object.entries(object).filter(([key]) => isKnown(key)));
  const others = Object.keys(object).filter((key) => !isKnown(key));
  return { object: kept as ApiObject, warnings: others.sort().map((key) => `unknown field "${key}"`) };
}

/** @throws Refusal 404 when there is none; undefined where namespaces are no kind. */
function namespaceOf(rest: Rest, name: string): ApiObject | undefined {
  const kind = rest.kinds.find("v1", "namespaces");
  const found = kind && rest.storage.find(kind, "", name);
  if (kind !== undefined && found === undefined) throw namespaceMissing(name);
  return found;
}
