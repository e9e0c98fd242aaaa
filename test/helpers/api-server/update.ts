/** Updates and patches: what may be written, what is left alone, and when nothing has changed. */

import { isDeepStrictEqual } from "node:util";
import { checkMetadata, isRecord, readObject } from "./admission.ts";
import type { Kind } from "./kinds.ts";
import { isCustom } from "./kinds.ts";
import { inVersion } from "./list.ts";
import { finish } from "./remove.ts";
import type { Resource, Rest } from "./rest.ts";
import { badRequest, conflict, invalid, unsupportedMediaType } from "./status.ts";
import type { ApiObject, ObjectMeta } from "./storage.ts";

/** @throws Refusal 400, 409 or 422. */
export function update(rest: Rest, resource: Resource, found: ApiObject, wanted: ApiObject): ApiObject {
  const { kind, name = "" } = resource;
  if (wanted.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  const { resourceVersion, uid } = wanted.metadata;
  if (resourceVersion === undefined && isCustom(kind)) {
    const message = "Invalid value: 0: must be specified for an update";
    const field = "metadata.resourceVersion";
    throw invalid(kind, name, [{ reason: "FieldValueInvalid", message, field }]);
  }
  if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
    throw conflict(kind, name);
  if (uid !== undefined && uid !== found.metadata.uid) throw conflict(kind, name);
  checkMetadata(kind, wanted.metadata);
  const next = partWritten(resource, found, { ...wanted, metadata: metadataOf(found, wanted) });
  if (isDeepStrictEqual(next, found)) return inVersion(kind, found);
  const written = rest.storage.replace(kind, next);
  finish(rest, kind, written);
  return inVersion(kind, written);
}

/** RFC 7386; strategic patches, which real ones take for built-in kinds, are taken for merge patches: they differ in lists only. */
export function patched(kind: Kind, found: ApiObject, body: string, contentType: string): ApiObject {
  const strategic = contentType === "application/strategic-merge-patch+json" && !isCustom(kind);
  if (contentType !== "application/merge-patch+json" && !strategic) throw unsupportedMediaType();
  let patch: unknown;
  try {
    patch = JSON.parse(body);
  } catch (error) {
    throw badRequest(String(error));
  }
  return readObject(kind, JSON.stringify(merged(inVersion(kind, found), patch)));
}

/** What the server alone writes stays as it was. */
function metadataOf({ metadata: found }: ApiObject, { metadata: wanted }: ApiObject): ObjectMeta {
  const { resourceVersion, uid, creationTimestamp, generation, deletionTimestamp, ...rest } = found;
  const own = { resourceVersion, uid, creationTimestamp, generation, deletionTimestamp };
  const known = Object.entries(own).filter(([, value]) => value !== undefined);
  const { generation: _, deletionTimestamp: _d, ...theirs } = wanted;
  const { namespace } = rest;
  return { ...theirs, ...Object.fromEntries(known), ...(namespace !== undefined && { namespace }) };
}

/** Through `/status` only the status is written, through the object all but it; what is sent of the rest is ignored. */
function partWritten({ kind, subresource }: Resource, found: ApiObject, wanted: ApiObject): ApiObject {
  if (subresource === "status") return withStatus(found, wanted["status"]);
  return kind.statusApart === true ? withStatus(wanted, found["status"]) : wanted;
}

function withStatus(object: ApiObject, status: unknown): ApiObject {
  const { status: _, ...rest } = object;
  return { ...rest, ...(status !== undefined && { status }) } as ApiObject;
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
