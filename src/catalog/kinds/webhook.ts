/** The legacy inline `webhook` of an interceptor: its shape and Tekton's rules for it. */

import { canonicalName } from "../../core/headers.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Findings, Path } from "../findings.ts";
import { quoted } from "../findings.ts";
import type { Shape, Shaped } from "../shape.ts";
import { list, struct, text } from "../shape.ts";
import { url } from "./scalars.ts";

// Null is a value here: Tekton's param type reads it as "" where a missing value breaks it.
const paramValue: Shape<JsonValue> = (value) => value;

/** `webhook:` of an interceptor; objectRef is Kubernetes' ObjectReference. */
export const webhook = struct({
  objectRef: struct({
    kind: text,
    namespace: text,
    name: text,
    uid: text,
    apiVersion: text,
    resourceVersion: text,
    fieldPath: text,
  }),
  url,
  header: list(struct({ name: text, value: paramValue })),
});

/** Collects what Tekton's admission finds wrong with a webhook. */
export function checkWebhook(
  read: Shaped<typeof webhook>,
  version: "v1beta1" | "v1alpha1",
  path: Path,
  findings: Findings,
): void {
  const { objectRef } = read;
  if (objectRef === undefined) findings.add([...path, "objectRef"], "is missing: name a Service");
  else {
    if (objectRef.kind !== "Service") findings.add([...path, "objectRef", "kind"], "must be Service");
    if (objectRef.apiVersion !== "v1") findings.add([...path, "objectRef", "apiVersion"], "must be v1");
    if (version === "v1alpha1" && objectRef.name === undefined)
      findings.add([...path, "objectRef", "name"], "is missing");
  }
  for (const [index, header] of (read.header ?? []).entries()) {
    const { name = "", value } = header ?? {};
    const at = [...path, "header", index];
    if (name === "" || canonicalName(name) !== name)
      findings.add(
        [...at, "name"],
        `${quoted(name)} must be written in canonical form, as in ${canonicalName(name || "x-example")}`,
      );
    if (!isHeaderValue(value)) findings.add([...at, "value"], "must be text or a list of texts, not empty");
  }
}

/** Tekton's param value: text (anything but objects and lists of texts counts as text) or a list, not empty. */
function isHeaderValue(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value !== "object") return true;
  return Object.values(value).some((element) => typeof element !== "string" && element !== null);
}
