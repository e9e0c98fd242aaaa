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
  const admitted = { ...object, metadata };
  const causes = [...metadataCauses(metadata), ...(kind.validate?.(admitted) ?? [])];
  if (causes.length > 0) throw invalid(kind, metadata.name, causes);
  return admitted;
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

function metadataCauses(metadata: ObjectMeta): Cause[] {
  const { name, labels = {} } = metadata;
  const causes: Cause[] = [];
  if (name === "") {
    const message = "Required value: name or generateName is required";
    causes.push({ reason: "FieldValueRequired", message, field: "metadata.name" });
  } else if (name.length > 253 || !SUBDOMAIN.test(name)) {
    const message = `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
    causes.push({ reason: "FieldValueInvalid", message, field: "metadata.name" });
  }
  for (const value of Object.values(labels)) {
    if (typeof value === "string" && value.length <= 63 && LABEL_VALUE.test(value)) continue;
    const message = `Invalid value: "${String(value)}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`;
    causes.push({ reason: "FieldValueInvalid", message, field: "metadata.labels" });
  }
  return causes;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
