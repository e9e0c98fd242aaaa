/** Fields that stand in the wrong place, and values of the wrong form: what was probably meant, by where they stand. */

import type { JsonValue } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import type { Path } from "./findings.ts";

const AS_PARAM = "it is a parameter: write it under params, as an entry with name and value";
const OF_CEL =
  "it is a parameter of cel: write ref: {name: cel}, and it under params, as an entry with name and value";
const INLINE = "write ref: {name: …}, and its fields under params, as entries with name and value";
const UNDER_SPEC = "write it under spec";
const IN_TRIGGER = "it belongs into a trigger, under spec.triggers";

/** By the field that holds it ("" for the object itself) and its name in lower case. */
const HINTS: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  [
    "",
    {
      ...{ params: UNDER_SPEC, resourcetemplates: UNDER_SPEC, triggers: UNDER_SPEC, bindings: UNDER_SPEC },
      ...{ template: UNDER_SPEC, interceptors: UNDER_SPEC, triggergroups: UNDER_SPEC },
      ...{ labelselector: UNDER_SPEC, namespaceselector: UNDER_SPEC, serviceaccountname: UNDER_SPEC },
      ...{ clientconfig: UNDER_SPEC, name: "write it under metadata", namespace: "write it under metadata" },
      ...{ labels: "write it under metadata", annotations: "write it under metadata" },
    },
  ],
  [
    "interceptors",
    {
      ...{ filter: OF_CEL, overlays: OF_CEL, expression: OF_CEL },
      ...{ secretref: AS_PARAM, eventtypes: AS_PARAM, addchangedfiles: AS_PARAM, githubowners: AS_PARAM },
      ...{ cel: INLINE, github: INLINE, gitlab: INLINE, bitbucket: INLINE, slack: INLINE, proof: INLINE },
      ...{ kind: "write it under ref", value: "entries with name and value stand under params" },
    },
  ],
  ["ref", { params: "write it beside ref", value: "write it under params", filter: OF_CEL }],
  ["template", { resourcetemplates: "write it under template.spec", params: "write it under template.spec" }],
  [
    "triggers",
    {
      ...{ ref: "a Trigger is named by triggerRef", trigger: "a Trigger is named by triggerRef" },
      ...{ labelselector: "selectors belong under spec, or into spec.triggerGroups" },
      ...{ params: "write them under bindings, as entries with name and value" },
      ...{ filter: "write an interceptor with ref: {name: cel}" },
    },
  ],
  [
    "triggerSelector",
    {
      ...{ matchlabels: "write it under labelSelector", matchexpressions: "write it under labelSelector" },
      ...{ matchnames: "write it under namespaceSelector" },
    },
  ],
  ["bindings", { params: "write its params here, as entries with name and value" }],
  [
    "triggerGroups",
    {
      ...{
        labelselector: "write it under triggerSelector",
        namespaceselector: "write it under triggerSelector",
      },
      ...{ triggers: "a group selects Triggers, by triggerSelector" },
    },
  ],
]);

/** Of what stands right under `spec`, by a field that is known there and tells the kind. */
const IN_SPEC: readonly (readonly [known: string, hints: Readonly<Record<string, string>>])[] = [
  ["triggers", { interceptors: IN_TRIGGER, template: IN_TRIGGER, bindings: IN_TRIGGER, params: IN_TRIGGER }],
  [
    "interceptors",
    {
      ...{ params: "write them under bindings, as entries with name and value" },
      ...{ triggers: "a Trigger is one trigger: leave the list out" },
      ...{ filter: "write an interceptor with ref: {name: cel}" },
    },
  ],
];

/**
 * Where an unknown field belongs; undefined where nobody can know.
 *
 * @param value what was written in it.
 */
export function misplaced(
  path: Path,
  written: string,
  known: readonly string[],
  value: JsonValue = null,
): string | undefined {
  const holder = path.findLast((step) => typeof step === "string") ?? "";
  const name = written.toLowerCase();
  if (holder === "labelSelector" && nearest(written, known) === undefined)
    return "labels are demanded under matchLabels";
  const hints =
    holder === "spec" ? IN_SPEC.find(([field]) => known.includes(field))?.[1] : HINTS.get(holder as string);
  const hint = hints !== undefined && Object.hasOwn(hints, name) ? hints[name] : undefined;
  return hint === INLINE ? (asReference(name, value) ?? hint) : hint;
}

/** Characters of a hint that repeats what was written. */
const LONGEST = 600;

/** An inline interceptor as v1beta1 has it, whole: JSON is YAML too. Undefined where it would be too long. */
function asReference(name: string, value: JsonValue): string | undefined {
  if (value !== null && !isJsonObject(value)) return undefined;
  const params = Object.entries(value ?? {}).map(
    ([field, content]) =>
      `{name: ${/^[A-Za-z]\w*$/.test(field) ? field : JSON.stringify(field)}, value: ${JSON.stringify(content)}}`,
  );
  const beside = params.length === 0 ? "" : ` and params: [${params.join(", ")}]`;
  const whole = `write ref: {name: ${name}}${beside}`;
  return whole.length > LONGEST ? undefined : whole;
}

/** How a value of another form has to be written; "" where that is plain. */
export function formHint(
  expected: string,
  value: JsonValue,
  path: Path,
  known: readonly string[] = [],
): string {
  const field = String(path.findLast((step) => typeof step === "string") ?? "");
  const isEntry = typeof path.at(-1) === "number";
  if (expected === "a list" && value !== null && typeof value === "object")
    return field === "params" || field === "header"
      ? '; write each entry as "- name: …", with its other fields below'
      : '; begin each entry with "- "';
  if (expected === "a string") return textHint(value, field, path);
  if (expected !== "an object") return "";
  if (Array.isArray(value)) return '; leave out the "- "';
  if (typeof value !== "string" || value.length > 63 || value === "") return "";
  if (field === "interceptors" && isEntry) return `; write ref: {name: ${value}}`;
  const key = ["ref", "name"].find((one) => known.includes(one));
  if (key === undefined) return "";
  return isEntry ? `; write ${key}: ${value}` : `; write ${field}: {${key}: ${value}}`;
}

function textHint(value: JsonValue, field: string, path: Path): string {
  if (typeof value === "number") return "; put it into quotes";
  if (!isJsonObject(value) || typeof path.at(-1) === "number") return "";
  const [only, ...others] = Object.values(value);
  return typeof only === "string" && others.length === 0 ? `; write ${field}: ${only.slice(0, 63)}` : "";
}
