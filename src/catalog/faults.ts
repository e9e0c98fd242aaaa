/** Catalog faults: which object, which field, which line; and how they are shown to people and programs. */

import type { SluiceError, SourcePosition } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import type { Path } from "./findings.ts";
import { formatPath } from "./findings.ts";

/** Kind, namespace ("" for cluster-scoped kinds) and name, as far as an object has them. */
export interface Identity {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Reads an identity from whatever was written; "" stands for what is missing. */
export function identityOf(written: JsonObject, defaultNamespace: string): Identity {
  const metadata = ownValue(written, "metadata");
  const field = (from: JsonObject, key: string): string => {
    const value = ownValue(from, key);
    return typeof value === "string" ? value : "";
  };
  const kind = field(written, "kind");
  const named = isJsonObject(metadata) ? metadata : {};
  return { kind, namespace: field(named, "namespace") || defaultNamespace, name: field(named, "name") };
}

/** `EventListener default/github`, `ClusterTriggerBinding github`. */
export function formatIdentity({ kind, namespace, name }: Identity): string {
  const shown = name === "" ? "(without a name)" : name;
  const what = kind === "" ? "object" : kind;
  return namespace === "" ? `${what} ${shown}` : `${what} ${namespace}/${shown}`;
}

/** SLUICE_OBJECT_INVALID with the values field, reason, kind, namespace, name and object. */
export function objectInvalid(
  identity: Identity,
  path: Path,
  reason: string,
  at?: SourcePosition,
): SluiceError {
  const field = formatPath(path) || "the object";
  const { kind, namespace, name } = identity;
  const values = { field, reason, kind, namespace, name, object: formatIdentity(identity) };
  return fault("SLUICE_OBJECT_INVALID", values, at === undefined ? {} : { at });
}

/** Names that a fault lists at most. */
const SHOWN = 8;

/**
 * SLUICE_REF_MISSING: `missing` is what is named, `owner` and `path` say where, `known` what could be meant, `elsewhere`
 * the cure where an object of that name is there, of another kind or namespace.
 */
export function refMissing(
  missing: Identity,
  owner: Identity,
  path: Path,
  known: readonly string[],
  at?: SourcePosition,
  elsewhere?: string,
): SluiceError {
  const field = formatPath(path);
  const object = formatIdentity(owner);
  const more = known.length > SHOWN ? ", …" : "";
  const named = known.length === 0 ? "" : `; there is ${known.slice(0, SHOWN).join(", ")}${more}`;
  const from = `${object}: ${field}${named}`;
  const cure = elsewhere ?? cureOfMisspelt(missing, known, from) ?? cureOfClusterWide(missing, known);
  const values = {
    ...missing,
    absent: absence(missing, at !== undefined),
    from,
    field,
    object,
    ...(cure && { cure }),
  };
  return fault("SLUICE_REF_MISSING", values, at === undefined ? {} : { at });
}

/** @param inFiles only files were looked at: the cluster may hold it. */
function absence({ namespace }: Identity, inFiles: boolean): string {
  if (namespace !== "") return `does not exist in namespace ${namespace}`;
  return inFiles ? "is in none of the files" : "does not exist in the cluster";
}

function cureOfMisspelt({ name }: Identity, known: readonly string[], from: string): string | undefined {
  const meant = nearest(name, known);
  return meant && `Did you mean ${meant}? Else create it, or correct the reference in ${from}.`;
}

/** What Red Hat's OpenShift Pipelines installs. */
const OF_OPENSHIFT =
  /^(github-(push|pullreq(-review-comment)?)|gitlab-(push|mergereq|review-comment-on-[a-z]+)|bitbucket-(push|pullreq(-add-comment)?))$/;

function cureOfClusterWide(
  { kind, namespace, name }: Identity,
  known: readonly string[],
): string | undefined {
  if (namespace !== "" || !/^[a-z0-9.-]+$/.test(name)) return undefined;
  const there = known.length === 0 ? "" : ` The files have ${known.slice(0, SHOWN).join(", ")}.`;
  const shipped =
    kind === "ClusterTriggerBinding" && OF_OPENSHIFT.test(name) ? " OpenShift Pipelines installs it." : "";
  return `Put it among the files: kubectl get ${kind.toLowerCase()} ${name} -o yaml > ${name}.yaml.${shipped}${there}`;
}

/** A fault as `sluice check -o json` prints it. */
export interface FaultReport {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly object?: string;
  readonly field?: string;
}

/** A fault for programs. */
export function faultReport({ code, message, fix, at, values }: SluiceError): FaultReport {
  return {
    code,
    message,
    fix,
    ...(at === undefined ? {} : { file: at.file, line: at.line, column: at.column }),
    ...(values["object"] === undefined ? {} : { object: values["object"] }),
    ...(values["field"] === undefined ? {} : { field: values["field"] }),
  };
}

/** A fault for people, on one line: `file:12:9 EventListener default/github: spec.triggers[0].template.ref: …  → …`. */
export function formatFault(fault: SluiceError): string {
  const { file, line, column, object, field, message, fix } = faultReport(fault);
  const place = file === undefined ? "" : `${file}:${line}:${column} `;
  const subject = object === undefined ? "" : `${object}: `;
  const where = field === undefined || message.startsWith(`${field}: `) ? "" : `${field}: `;
  return oneLine(`${place}${subject}${where}${message}  → ${fix}`);
}

// File names and field names are foreign text: no sign of them may start a line or drive a terminal.
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
