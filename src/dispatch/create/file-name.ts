/** File names for objects: safe on every file system, whatever stands in the object. */

import { createHash } from "node:crypto";
import type { KubernetesObject } from "../../core/job.ts";

/** Longest part of a name in bytes; file systems take 255, and endings and temporary names need some. */
const MAX_PART = 200;

/**
 * One part of a path: `a-z`, `0-9`, `-` and inner dots stand for themselves, every other byte becomes `_` and two hex
 * digits. Kubernetes names hold nothing else, so theirs stay as they are; different texts give different parts, also
 * where the file system takes upper for lower case. What is too long is cut and ends in a hash.
 */
export function safePart(text: string): string {
  let part = "";
  for (const byte of Buffer.from(text)) {
    const sign = String.fromCharCode(byte);
    const plain = /[a-z0-9-]/.test(sign) || (sign === "." && part !== "");
    part += plain ? sign : `_${byte.toString(16).padStart(2, "0")}`;
  }
  if (part.length > MAX_PART) part = `${part.slice(0, MAX_PART - 17)}_${hash(text)}`;
  // Windows drops a dot at the end, and an empty part would name the folder itself.
  return part === "" ? "_" : part.replace(/\.$/, "_2e");
}

/**
 * Names under which an object may lie, in the order to try: the plain one, and one with a hash for objects that would
 * share it (a Service of Knative and one of the core, `Run` and `run`).
 */
export function fileNames(
  object: Pick<KubernetesObject, "apiVersion" | "kind">,
  name: string,
): [string, string] {
  const plain = `${safePart(object.kind.toLowerCase())}-${safePart(name)}`;
  return [`${plain}.yaml`, `${plain}_${hash(`${groupOf(object.apiVersion)}\0${object.kind}`)}.yaml`];
}

/** Objects of one group and kind are the same object in every version. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
