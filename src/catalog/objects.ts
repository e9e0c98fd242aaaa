/** Documents into objects: Lists unfolded, what is not for us counted, Tekton objects admitted, Secrets read. */

import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import type { TektonObject } from "../core/tekton.ts";
import { CLUSTER_SCOPED } from "../core/tekton.ts";
import { admit, isKind, isTriggersObject, TEKTON_GROUP } from "./admit.ts";
import type { Identity } from "./faults.ts";
import { identityOf } from "./faults.ts";
import type { Finding, Findings, Path } from "./findings.ts";
import { createFindings } from "./findings.ts";
import { checkSubdomain } from "./kinds/metadata.ts";
import type { Secret } from "./kinds/secret.ts";
import { readSecret } from "./kinds/secret.ts";
import { isOurs } from "./sources.ts";
import type { Source, SourceDocument } from "./yaml.ts";

/** An object together with the place where it was written. */
export interface Sourced<T> {
  readonly object: T;
  readonly source: Source;
}

/** An object that cannot be used, with everything that is wrong with it. */
export interface Flawed {
  readonly written: JsonValue;
  readonly source: Source;
  readonly identity: Identity;
  readonly findings: readonly Finding[];
}

export interface ReadObjects {
  readonly objects: readonly Sourced<TektonObject>[];
  readonly secrets: readonly Sourced<Secret>[];
  readonly flawed: readonly Flawed[];
  /** Documents that are no Kubernetes objects: somebody else's files, patches. */
  readonly strays: readonly Source[];
  /** Number of objects of other kinds. */
  readonly ignored: number;
}

/**
 * Reads the objects of some documents.
 *
 * @param defaultNamespace the namespace of objects that name none.
 */
export function readObjects(documents: readonly SourceDocument[], defaultNamespace: string): ReadObjects {
  const objects: Sourced<TektonObject>[] = [];
  const secrets: Sourced<Secret>[] = [];
  const flawed: Flawed[] = [];
  const strays: Source[] = [];
  let ignored = 0;
  for (const { written, source } of documents.flatMap(unfolded)) {
    const findings = createFindings();
    const kind = kindOf(written, source, findings);
    if (kind === "tekton" && isJsonObject(written)) {
      const object = admitted(written, defaultNamespace, findings);
      if (object !== undefined) objects.push({ object, source });
    } else if (kind === "secret" && isJsonObject(written)) {
      const object = readSecret(written, defaultNamespace, findings);
      if (object !== undefined) secrets.push({ object, source });
    } else if (kind === "stray") strays.push(source);
    else if (kind === "other") ignored++;
    if (findings.found.length === 0) continue;
    flawed.push({
      written,
      source,
      identity: scopedIdentity(written, defaultNamespace),
      findings: findings.found,
    });
  }
  return { objects, secrets, flawed, strays, ignored };
}

/** A value as a document has it, and where it was written. */
export interface Written {
  readonly written: JsonValue;
  readonly source: Source;
}

/** A `List` (or `TriggerList` …) is its items; they take apiVersion and kind from the list when they have none. */
export function unfolded({ file, index, value }: SourceDocument): readonly Written[] {
  const unfold = (written: JsonValue, path: Path): readonly Written[] => {
    const items = isJsonObject(written) ? ownValue(written, "items") : undefined;
    const kind = isJsonObject(written) ? ownValue(written, "kind") : undefined;
    if (!isJsonObject(written) || !Array.isArray(items) || !isListKind(written, kind))
      return [{ written, source: { file, document: index, path } }];
    const inherited =
      kind === "List" ? {} : { apiVersion: ownValue(written, "apiVersion"), kind: itemKind(kind) };
    return items.flatMap((item: JsonValue, position) =>
      unfold(isJsonObject(item) ? ({ ...inherited, ...item } as JsonObject) : item, [
        ...path,
        "items",
        position,
      ]),
    );
  };
  return unfold(value, []);
}

function isListKind(written: JsonObject, kind: JsonValue | undefined): kind is string {
  if (typeof kind !== "string" || !kind.endsWith("List")) return false;
  const apiVersion = ownValue(written, "apiVersion");
  return apiVersion === "v1" || (typeof apiVersion === "string" && apiVersion.startsWith(`${TEKTON_GROUP}/`));
}

function itemKind(kind: string): string {
  return kind.slice(0, -"List".length);
}

/** A document with neither apiVersion nor kind is somebody else's; with one of them it is a mistake in a file of ours. */
function kindOf(
  written: JsonValue,
  { file }: Source,
  findings: Findings,
): "tekton" | "secret" | "other" | "stray" | "broken" {
  if (Array.isArray(written) && written.some(isTriggersObject)) {
    findings.add(
      [],
      "must be an object, is a list: separate its objects by ---, or put them under items of a List",
    );
    return "broken";
  }
  if (!isJsonObject(written)) return "stray";
  const apiVersion = ownValue(written, "apiVersion");
  const kind = ownValue(written, "kind");
  if (apiVersion === undefined && kind === undefined) return "stray";
  for (const [field, value] of [["apiVersion", apiVersion] as const, ["kind", kind] as const]) {
    if (typeof value === "string" && value !== "") continue;
    if (!isKind(kind) && !isOurs(file.text)) return "stray";
    findings.add([field], "is missing or not a string");
  }
  if (findings.found.length > 0 || typeof apiVersion !== "string") return "broken";
  if (apiVersion === "v1" && kind === "Secret") return "secret";
  const group = apiVersion.split("/", 1)[0];
  return group === TEKTON_GROUP ? "tekton" : "other";
}

/** Admission, and the API server's own rule for names, which Tekton's webhook need not repeat. */
function admitted(
  written: JsonObject,
  defaultNamespace: string,
  findings: Findings,
): TektonObject | undefined {
  const { object, findings: refused } = admit(written, defaultNamespace);
  for (const { path, reason } of refused) findings.add(path, reason);
  if (object !== undefined) checkSubdomain(object.metadata, findings);
  return findings.found.length > 0 ? undefined : object;
}

function scopedIdentity(written: JsonValue, defaultNamespace: string): Identity {
  if (!isJsonObject(written)) return { kind: "document", namespace: "", name: "" };
  const identity = identityOf(written, defaultNamespace);
  return CLUSTER_SCOPED.has(identity.kind) ? { ...identity, namespace: "" } : identity;
}
