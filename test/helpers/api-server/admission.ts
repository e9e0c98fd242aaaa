/** What the API server checks and fills in before it stores an object (k8s.io/apiserver/pkg/registry/rest). */

import type { Kind } from "./kinds.ts";
import { apiVersionOf } from "./kinds.ts";
import type { Cause } from "./status.ts";
import { badRequest, invalid } from "./status.ts";
import type { ApiObject, ObjectMeta } from "./storage.ts";
import { generatedName } from "./storage.ts";

/**
 * Reads a request body as an object of a kind.
 *
 * @throws Refusal 400 for anything that is no such object.
 */
export function readObject(kind: Kind, body: string): ApiObject {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${String(error)}`);
  }
  if (!isRecord(value))
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind})`);
  const { apiVersion, kind: name, metadata } = value;
  if (name === undefined || name === "") throw badRequest("Object 'Kind' is missing");
  if (apiVersion !== apiVersionOf(kind) || name !== kind.kind) {
    throw badRequest(
      `${String(name)} in version "${String(apiVersion)}" cannot be handled as a ${kind.kind}: no kind "${String(name)}" is registered for version "${String(apiVersion)}"`,
    );
  }
  if (metadata !== undefined && !isRecord(metadata)) {
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: metadata is no object`,
    );
  }
  for (const field of ["labels", "annotations"]) {
    const map = metadata?.[field] ?? {};
    if (isRecord(map) && Object.values(map).every((text) => typeof text === "string")) continue;
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: cannot unmarshal into Go struct field ObjectMeta.${field} of type map[string]string`,
    );
  }
  return { ...value, apiVersion, kind: name, metadata: { name: "", ...metadata } };
}

/**
 * Settles name and namespace of an object to create and checks it.
 *
 * @param namespace of the request; undefined for cluster-scoped kinds.
 * @throws Refusal 400 or 422.
 */
export function admit(kind: Kind, object: ApiObject, namespace: string | undefined): ApiObject {
  const { namespace: own, ...rest } = object.metadata;
  if (namespace !== undefined && own !== undefined && own !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const metadata: ObjectMeta = namespace === undefined ? rest : { ...rest, namespace };
  if (metadata.name === "" && metadata.generateName !== undefined) {
    metadata.name = generatedName(metadata.generateName);
  }
  const admitted = { ...withoutStatus(kind, object), metadata };
  const causes = [...metadataCauses(metadata), ...(kind.validate?.(admitted) ?? [])];
  if (causes.length > 0) throw invalid(kind, metadata.name, causes);
  return admitted;
}

/** @throws Refusal 422 for what no object's metadata may be. */
export function checkMetadata(kind: Kind, metadata: ObjectMeta): void {
  const causes = metadataCauses(metadata);
  if (causes.length > 0) throw invalid(kind, metadata.name, causes);
}

function withoutStatus(kind: Kind, object: ApiObject): ApiObject {
  if (kind.statusApart !== true) return object;
  const { status: _, ...rest } = object;
  return rest as ApiObject;
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SIGNS =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const KEY_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
/** Bytes of all annotations of an object, keys and values (k8s.io/apimachinery/pkg/api/validation). */
const MAX_ANNOTATIONS = 256 * 1024;

function metadataCauses({ name, labels = {}, annotations = {} }: ObjectMeta): Cause[] {
  const causes = nameCauses(name);
  const refuse = (field: string, message: string, reason = "FieldValueInvalid"): void =>
    void causes.push({ reason, message, field: `metadata.${field}` });
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualified(key)) refuse("labels", `Invalid value: "${key}": name part ${SIGNS}`);
    if (value.length > 63 || !LABEL_VALUE.test(value)) {
      refuse(
        "labels",
        `Invalid value: "${value}": a valid label must be an empty string or ${SIGNS.slice(5)}`,
      );
    }
  }
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (!isQualified(key.toLowerCase())) refuse("annotations", `Invalid value: "${key}": name part ${SIGNS}`);
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > MAX_ANNOTATIONS)
    refuse("annotations", `Too long: may not be more than ${MAX_ANNOTATIONS} bytes`, "FieldValueTooLong");
  return causes;
}

function nameCauses(name: string): Cause[] {
  const field = "metadata.name";
  if (name === "") {
    const message = "Required value: name or generateName is required";
    return [{ reason: "FieldValueRequired", message, field }];
  }
  const reason = "FieldValueInvalid";
  const value = `Invalid value: "${name}": `;
  if (name.length > 253) return [{ reason, message: `${value}must be no more than 253 characters`, field }];
  if (SUBDOMAIN.test(name)) return [];
  const message = `${value}a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
  return [{ reason, message, field }];
}

/** A key as `tekton.dev/pipeline` or `app`. */
function isQualified(key: string): boolean {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  const prefix = slash < 0 || (slash <= 253 && SUBDOMAIN.test(key.slice(0, slash)));
  return prefix && name.length <= 63 && KEY_NAME.test(name);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
