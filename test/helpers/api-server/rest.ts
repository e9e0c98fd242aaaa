/** The verbs of the test API server: what create, get, list, update, patch and delete do to the storage. */

import { admit, isRecord, readObject } from "./admission.ts";
import type { Kind, KindRegistry } from "./kinds.ts";
import { apiVersionOf } from "./kinds.ts";
import { fieldSelector, labelSelector } from "./selector.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  methodNotAllowed,
  namespaceMissing,
  notFound,
  Refusal,
} from "./status.ts";
import type { ApiObject, Storage } from "./storage.ts";

/** What a path names. */
export interface Resource {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: "status";
}

export interface Answer {
  readonly status: number;
  readonly body: object;
}

export interface Rest {
  readonly storage: Storage;
  readonly kinds: KindRegistry;
}

export function handleResource(
  rest: Rest,
  method: string,
  resource: Resource,
  query: URLSearchParams,
  body: string,
): Answer {
  const { kind, name } = resource;
  if (name === undefined) {
    if (method === "POST") return { status: 201, body: create(rest, resource, body) };
    if (method === "GET") return { status: 200, body: list(rest, resource, query) };
    if (method === "DELETE") return { status: 200, body: deleteAll(rest, resource, query) };
    throw methodNotAllowed();
  }
  const found = rest.storage.find(kind, resource.namespace ?? "", name);
  if (found === undefined) throw notFound(kind, name);
  if (method === "GET") return { status: 200, body: as(kind, found) };
  if (method === "PUT") return { status: 200, body: update(rest, resource, found, readObject(kind, body)) };
  if (method === "PATCH")
    return { status: 200, body: update(rest, resource, found, patched(kind, found, body)) };
  if (method === "DELETE" && resource.subresource === undefined)
    return { status: 200, body: remove(rest, kind, found) };
  throw methodNotAllowed();
}

function create(rest: Rest, { kind, namespace }: Resource, body: string): ApiObject {
  const sent = readObject(kind, body);
  if (kind.namespaced) {
    if (namespace === undefined) throw badRequest("an empty namespace may not be set during creation");
    if (!namespaceExists(rest, namespace)) throw namespaceMissing(namespace);
  }
  const object = admit(kind, sent, namespace);
  const { name } = object.metadata;
  if (rest.storage.find(kind, namespace ?? "", name) !== undefined) throw alreadyExists(kind, name);
  return rest.storage.add(kind, object);
}

function namespaceExists(rest: Rest, name: string): boolean {
  const kind = rest.kinds.find("v1", "namespaces");
  return kind === undefined || rest.storage.find(kind, "", name) !== undefined;
}

function list(rest: Rest, { kind, namespace }: Resource, query: URLSearchParams): object {
  const selected = select(rest, kind, namespace, query);
  const token = Buffer.from(query.get("continue") ?? "", "base64url").toString();
  const [start = 0, version = rest.storage.version] = token === "" ? [] : token.split("@").map(Number);
  const limit = Number(query.get("limit") ?? 0);
  if (!Number.isInteger(start) || !Number.isInteger(version) || !Number.isInteger(limit))
    throw badRequest("invalid limit or continue token");
  if (version < rest.storage.oldest) throw expired();
  const end = limit > 0 ? start + limit : selected.length;
  const more = end < selected.length;
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: {
      // All pages tell the version of the first one: a watch from there hears what changed between them.
      resourceVersion: String(version),
      ...(more
        ? {
            continue: Buffer.from(`${end}@${version}`).toString("base64url"),
            remainingItemCount: selected.length - end,
          }
        : {}),
    },
    items: selected.slice(start, end).map((object) => as(kind, object)),
  };
}

function select(rest: Rest, kind: Kind, namespace: string | undefined, query: URLSearchParams): ApiObject[] {
  const matchesLabels = labelSelector(query.get("labelSelector") ?? "");
  const matchesFields = fieldSelector(query.get("fieldSelector") ?? "");
  return rest.storage
    .list(kind, namespace)
    .filter(({ metadata }) => matchesLabels(metadata.labels ?? {}))
    .filter(({ metadata }) => matchesFields(metadata.name, metadata.namespace ?? ""));
}

function update(rest: Rest, resource: Resource, found: ApiObject, wanted: ApiObject): ApiObject {
  const { kind, name = "" } = resource;
  if (wanted.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  const version = wanted.metadata.resourceVersion;
  if (version !== undefined && version !== found.metadata.resourceVersion) throw conflict(kind, name);
  const { uid, creationTimestamp, namespace } = found.metadata;
  const metadata = { ...wanted.metadata, uid, creationTimestamp, namespace } as ApiObject["metadata"];
  return as(kind, rest.storage.replace(kind, partWritten(resource, found, { ...wanted, metadata })));
}

/** Through `/status` only the status is written, through the object all but it; what is sent of the rest is ignored. */
function partWritten({ kind, subresource }: Resource, found: ApiObject, wanted: ApiObject): ApiObject {
  if (subresource === "status") return { ...found, status: wanted["status"] };
  return kind.statusApart === true ? { ...wanted, status: found["status"] } : wanted;
}

function deleteAll(rest: Rest, { kind, namespace }: Resource, query: URLSearchParams): object {
  const items = select(rest, kind, namespace, query);
  for (const object of items) rest.storage.remove(kind, object);
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata: {}, items };
}

function remove(rest: Rest, kind: Kind, object: ApiObject): object {
  rest.storage.remove(kind, object);
  if (kind.plural === "namespaces" && kind.group === "") rest.storage.empty(object.metadata.name);
  const { name, uid } = object.metadata;
  const details = { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** RFC 7386; strategic patches are taken for merge patches, which differ in lists only. */
function patched(kind: Kind, found: ApiObject, body: string): ApiObject {
  let patch: unknown;
  try {
    patch = JSON.parse(body);
  } catch (error) {
    throw badRequest(String(error));
  }
  if (Array.isArray(patch))
    throw new Refusal(415, "UnsupportedMediaType", "this server takes merge patches only");
  return readObject(kind, JSON.stringify(merged(as(kind, found), patch)));
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result = new Map(Object.entries(isRecord(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** Versions share their objects: each is answered in the version that was asked for. */
function as(kind: Kind, object: ApiObject): ApiObject {
  const apiVersion = apiVersionOf(kind);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}
