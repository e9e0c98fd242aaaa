/** Names, labels and annotations: what every kind has, and the rules for them. */

import type { JsonObject } from "../../core/json.ts";
import { ownValue } from "../../core/json.ts";
import { isSubdomain } from "../../core/object-names.ts";
import type { Metadata } from "../../core/tekton.ts";
import type { Findings } from "../findings.ts";
import { quoted } from "../findings.ts";
import { anything, flagPointer, int64Pointer, list, struct, text, textMap } from "../shape.ts";
import { time } from "./scalars.ts";

export { isLabelKey, isLabelValue } from "../../core/object-names.ts";

const fields = {
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: int64Pointer,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: int64Pointer,
  labels: textMap,
  annotations: textMap,
  ownerReferences: list(
    struct({
      apiVersion: text,
      kind: text,
      name: text,
      uid: text,
      controller: flagPointer,
      blockOwnerDeletion: flagPointer,
    }),
  ),
  finalizers: list(text),
  managedFields: list(
    struct({
      manager: text,
      operation: text,
      apiVersion: text,
      time,
      fieldsType: text,
      fieldsV1: anything,
      subresource: text,
    }),
  ),
} as const;

/** Kubernetes' ObjectMeta. */
export const objectMeta = struct(fields);
/** Its fields' names; an API server wants them in this very case. */
export const METADATA_FIELDS: readonly string[] = Object.keys(fields);

/** Reads `metadata`; an object without namespace gets `namespace` ("" for cluster-scoped kinds). */
export function readMetadata(object: JsonObject, namespace: string, findings: Findings): Metadata {
  // Unknown fields pass here, and here alone: Tekton's decoder is not strict with an object's own metadata.
  const read =
    objectMeta(ownValue(object, "metadata") ?? null, ["metadata"], { findings, strict: false }) ?? {};
  return {
    name: read.name ?? "",
    namespace: namespace === "" ? "" : (read.namespace ?? namespace),
    ...(read.uid === undefined ? {} : { uid: read.uid }),
    labels: read.labels ?? {},
    annotations: read.annotations ?? {},
  };
}

/** Tekton's rule for all its kinds but EventListener and the interceptors: a DNS subdomain of at most 63 characters. */
export function checkName({ name }: Metadata, findings: Findings): void {
  checkSubdomain({ name }, findings);
  if (name.length > 63) findings.add(["metadata", "name"], "must have no more than 63 characters");
}

/** The API server's rule for every object of a custom kind (RFC 1123 subdomain). */
export function checkSubdomain({ name }: Pick<Metadata, "name">, findings: Findings): void {
  if (name === "") findings.add(["metadata", "name"], "is missing");
  else if (!isSubdomain(name)) {
    const better = repaired(name);
    const hint = better === undefined ? "" : `; write ${better}`;
    findings.add(
      ["metadata", "name"],
      `${quoted(name)} must consist of lower case letters, digits, "-" and ".", and start and end with a letter or digit${hint}`,
    );
  }
}

function repaired(name: string): string | undefined {
  if (name.length > 253 || /\$[({]|\{\{/.test(name)) return undefined;
  const letters = name.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  const better = letters.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return isSubdomain(better) ? better : undefined;
}
