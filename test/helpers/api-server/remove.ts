/** Removals: preconditions, finalizers that hold an object, and namespaces that take their objects along. */

import { isRecord } from "./admission.ts";
import type { Kind } from "./kinds.ts";
import { apiVersionOf, isNamespace } from "./kinds.ts";
import { selection } from "./list.ts";
import type { Rest } from "./rest.ts";
import { badRequest, conflict } from "./status.ts";
import type { ApiObject } from "./storage.ts";

/**
 * Removes an object, or marks it as long as a finalizer holds it.
 *
 * @param options of the request's body: DeleteOptions, or "".
 * @throws Refusal 409 when it is not the object that the preconditions name.
 */
export function remove(rest: Rest, kind: Kind, object: ApiObject, options: string): object {
  checkPreconditions(kind, object, options);
  const marked = mark(rest, kind, object);
  if (isNamespace(kind)) {
    for (const inner of rest.storage.inside(object.metadata.name)) {
      const innerKind = rest.kinds.byKind(inner.apiVersion, inner.kind);
      if (innerKind !== undefined) finish(rest, innerKind, mark(rest, innerKind, inner));
    }
  }
  const gone = finish(rest, kind, marked);
  if (!gone || isNamespace(kind)) return marked;
  const { name, uid } = object.metadata;
  const details = { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** Removes all that a query selects. */
export function removeAll(
  rest: Rest,
  kind: Kind,
  namespace: string | undefined,
  query: URLSearchParams,
): object {
  const items = rest.storage.list(kind, namespace).filter(selection(query));
  for (const object of items) finish(rest, kind, mark(rest, kind, object));
  const metadata = { resourceVersion: String(rest.storage.version) };
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items };
}

/** Takes away what is marked and held by nothing any more, and its namespace with it. @returns whether it is gone. */
export function finish(rest: Rest, kind: Kind, object: ApiObject): boolean {
  const { deletionTimestamp, finalizers = [], name, namespace } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0) return false;
  if (isNamespace(kind) && rest.storage.inside(name).length > 0) return false;
  rest.storage.remove(kind, object);
  const namespaces = rest.kinds.find("v1", "namespaces");
  const around = namespaces && rest.storage.find(namespaces, "", namespace ?? "");
  if (namespaces !== undefined && around !== undefined) finish(rest, namespaces, around);
  return true;
}

function mark(rest: Rest, kind: Kind, object: ApiObject): ApiObject {
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const deletionTimestamp = new Date().toISOString().replace(/\.\d+/, "");
  const metadata = { ...object.metadata, deletionTimestamp };
  const status = isNamespace(kind) && { status: { phase: "Terminating" } };
  const marked = { ...object, ...status, metadata };
  const held = isNamespace(kind) || (metadata.finalizers ?? []).length > 0;
  return held ? rest.storage.replace(kind, marked) : marked;
}

function checkPreconditions(kind: Kind, { metadata }: ApiObject, options: string): void {
  if (options === "") return;
  let document: unknown;
  try {
    document = JSON.parse(options);
  } catch (error) {
    throw badRequest(String(error));
  }
  const preconditions = isRecord(document) ? document["preconditions"] : undefined;
  const { uid, resourceVersion } = isRecord(preconditions) ? preconditions : {};
  const other =
    (uid !== undefined && uid !== metadata.uid) ||
    (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion);
  if (other) throw conflict(kind, metadata.name);
}
