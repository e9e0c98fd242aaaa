/** Names, labels and annotations of templates that no API server takes, as far as this is known before an event comes. */

import type { JsonObject } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import { celOf, repairCalls } from "../../core/metadata-cure.ts";
import {
  cureOfKind,
  kindShown,
  type MetadataField,
  metadataFields,
  reasonFor,
} from "../../core/object-metadata.ts";
import { sourcesOf } from "../../decide/bind/index.ts";
import { variablesIn } from "../../decide/render/index.ts";
import type { BoundParam, Template } from "../index.ts";
import { formatPath, ignoredMetadata, quoted } from "../index.ts";
import type { Finding } from "./finding.ts";
import { foreignSource } from "./scripts.ts";
import type { Use } from "./use.ts";

/** A UUID stands for `$(uid)`. */
const UID = "00000000-0000-0000-0000-000000000000";
/** What stands for a value that only the event knows: it fits anywhere. */
const ANY = "x";
/** Characters that nearly every name of a repository or branch fits into. */
const ENOUGH = 30;
/** Characters of a generateName that are kept before its suffix. */
const KEPT = 53;

/** @param known values of params that no event has a say in. */
export function checkMetadata(
  { owner, path, spec }: Template,
  known: ReadonlyMap<string, string>,
): readonly Finding[] {
  return spec.resourcetemplates.flatMap((resource, index) =>
    literalDoubts(resource, known).map(
      ({ code, values, path: inner }): Finding => ({
        ...{ code, values: { ...values, ...("index" in values && { index: String(index) }) }, owner },
        path: [...path, "resourcetemplates", index, ...inner],
      }),
    ),
  );
}

/** The same for a trigger, whose literal bindings are known, and what of the event is put there as it comes. */
export function checkUseMetadata(use: Use): readonly Finding[] {
  const { template, params, complete } = use;
  if (template === undefined) return [];
  const known = new Map<string, string>();
  for (const { name, value } of params) if (!value.includes("$(")) known.set(name, value);
  for (const { name, default: value } of template.spec.params)
    if (value !== undefined && complete && params.every((param) => param.name !== name))
      known.set(name, value);
  const { owner, path, spec } = template;
  const brought = spec.resourcetemplates.flatMap((resource, index) =>
    metadataFields(resource).flatMap((field) =>
      fromEvent(field, resource, use).map(
        (values): Finding => ({
          ...{ code: "SLUICE_METADATA_FROM_EVENT", values, owner },
          path: [...path, "resourcetemplates", index, ...field.path],
        }),
      ),
    ),
  );
  return [...checkMetadata(template, known), ...brought];
}

type Doubt = Pick<Finding, "code" | "values" | "path">;

function literalDoubts(resource: JsonObject, known: ReadonlyMap<string, string>): readonly Doubt[] {
  const kind = String(ownValue(resource, "kind") ?? "the object");
  const ignored = ignoredMetadata(resource).map(
    ({ field, hint }): Doubt => ({
      code: "SLUICE_FIELD_IGNORED",
      values: { field: formatPath(["metadata", field]), hint },
      path: ["metadata", field],
    }),
  );
  return [...ignored, ...ruledDoubts(resource, kind, known)];
}

/** What the rules for names, labels and annotations say. */
function ruledDoubts(
  resource: JsonObject,
  kind: string,
  known: ReadonlyMap<string, string>,
): readonly Doubt[] {
  const found = (path: readonly string[], value: string, reason: string, repair = ""): Doubt => ({
    code: "SLUICE_METADATA_INVALID",
    values: { field: formatPath(path), kind, value, reason, repair },
    path,
  });
  const missing = shapeOf(resource);
  if (missing !== undefined) return [found(missing.path, missing.value, missing.reason)];
  const metadata = ownValue(resource, "metadata");
  if (isJsonObject(metadata) && ownValue(metadata, "labels") === null)
    return [nullLabel(["metadata", "labels"])];
  return metadataFields(resource).flatMap((field): readonly Doubt[] => {
    const { path, value, rule, isKey } = field;
    if (value === null) return [nullLabel(path)];
    if (typeof value !== "string")
      return [found(path, kindShown(value), `must be text: ${cureOfKind(value)}`)];
    const prefix = path[1] === "generateName";
    const text = withKnown(value, known);
    const shaped = text.replaceAll("$(uid)", UID).replace(VARIABLE, ANY);
    const tested = prefix ? `${shaped.slice(0, KEPT)}${ANY}` : shaped;
    if (!rule.test(tested)) {
      const calls = text.includes("$(") ? "" : repaired(shaped, field);
      const key = isKey ? `the key ${quoted(value)}` : quoted(text);
      return [found(path, key, reasonFor(tested, rule), calls === "" ? "" : `; write ${calls}`)];
    }
    const variables = text.match(VARIABLE) ?? [];
    const room = rule.max - (shaped.length - variables.length * ANY.length);
    if (path[1] !== "name" || variables.length === 0 || room >= ENOUGH) return [];
    const values = {
      ...{ field: formatPath(path), kind, room: String(room), max: String(rule.max) },
      ...{ variables: variables.join(" and "), cel: `.truncate(${Math.floor(room / variables.length)})` },
    };
    return [{ code: "SLUICE_METADATA_ROOM", values, path }];
  });
}

const VARIABLE = /\$\(tt\.params\.[^()]*\)/g;

function withKnown(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(VARIABLE, (all) => known.get(variablesIn(all)[0] ?? "") ?? all);
}

/** What is wrong before any rule applies. */
function shapeOf(
  resource: JsonObject,
): { path: readonly string[]; value: string; reason: string } | undefined {
  const metadata = ownValue(resource, "metadata") ?? {};
  if (!isJsonObject(metadata))
    return { path: ["metadata"], value: kindShown(metadata), reason: "must be an object" };
  if ((ownValue(metadata, "name") ?? "") === "" && (ownValue(metadata, "generateName") ?? "") === "")
    return { path: ["metadata"], value: "an object without a name", reason: "needs name or generateName" };
  for (const key of ["labels", "annotations"]) {
    const map = ownValue(metadata, key);
    // What Tekton makes of labels that are null is told by itself.
    if (map !== undefined && map !== null && !isJsonObject(map))
      return { path: ["metadata", key], value: kindShown(map), reason: "must be an object of texts" };
  }
  return undefined;
}

/** An API server takes null for "" there; Tekton's listener fails before it asks one. */
function nullLabel(path: readonly string[]): Doubt {
  const empty = path.length > 2 ? 'write "" for an empty value' : "leave it out";
  const reason = `${formatPath(path)} is null, and Tekton adds its labels only to texts`;
  const cure = `${empty[0]?.toUpperCase()}${empty.slice(1)}.`;
  return { code: "SLUICE_TEMPLATE_BROKEN", values: { index: "", reason, cure }, path };
}

/** The text as it could be written; "" where nothing simple helps. */
function repaired(text: string, { rule, path, isKey }: MetadataField): string {
  if (isKey) return "";
  const room = path[1] === "generateName" ? KEPT : rule.max;
  const end = path[1] === "generateName" && text.endsWith("-") ? "-" : "";
  const letters = rule.lowerCase ? text.toLowerCase() : text;
  const fits = letters.replace(new RegExp(`[^${rule.allowed}]+`, "gu"), "-").slice(0, room);
  const trimmed = fits.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return trimmed !== "" && rule.test(trimmed) ? `${trimmed}${end}` : "";
}

/** Paths of events whose values fit everywhere. */
const SAFE =
  /(?:^|[._])(?:sha|id|iid|number|after|before|hash|node_id|action|state|size|object_kind|event_name)$/;
/** Paths whose values often hold a slash, a space or more than 63 characters. */
const UNFIT =
  /(?:^|[._])(?:ref|branch|title|message|full_name|path_with_namespace|path|url|description|body|comment|text|subject|note|email|(?:created|updated|pushed)_at|timestamp|displayName)$|(?:author|pusher|committer|sender|user)[._]name$/i;
/** CEL paths whose values are texts, not numbers. */
const TEXTS = new RegExp(`${UNFIT.source}|^…|(?:name|login|slug|ref|label|branch|tag|type|key)$`, "i");

function fromEvent(
  { path, value, rule, isKey }: MetadataField,
  resource: JsonObject,
  { params, name: trigger }: Use,
): readonly Finding["values"][] {
  if (typeof value !== "string" || path[1] === "namespace") return [];
  if (path[1] === "annotations" && !isKey) return [];
  const used = variablesIn(value);
  return params
    .filter((param) => used.includes(param.name) && isUnfit(param, rule.lowerCase || isKey === true))
    .map((param) => {
      const left = rule.max - Math.min(literalLength(value), rule.max - used.length);
      const room = path[1] === "generateName" ? undefined : Math.floor(left / used.length);
      const source = celOf(param.value) ?? "…";
      const text = TEXTS.test(source) ? source : `string(${source})`;
      const kind = String(ownValue(resource, "kind") ?? "the object");
      const about = { trigger, param: param.name, source: foreignSource(param) ?? "", kind, what: rule.what };
      return { ...about, field: formatPath(path), key: param.name, cel: `${text}${repairCalls(rule, room)}` };
    });
}

/** True for a value of the event as it came: what an overlay computed was made to fit, or nobody can know. */
function isUnfit({ value }: BoundParam, isName: boolean): boolean {
  return sourcesOf(value).some(({ expression, root }) => {
    const path = expression.replace(/^\$\(|\)$/g, "");
    if (root !== "body" || SAFE.test(path)) return false;
    return isName || UNFIT.test(path);
  });
}

function literalLength(text: string): number {
  return text.replaceAll("$(uid)", UID).replace(VARIABLE, "").length;
}
