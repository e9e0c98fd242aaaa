/** Names, labels and annotations of an object by the rules of an API server, and the CEL that makes a value fit. */

import { isDnsLabel, isServiceName } from "./dns-label.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { isJsonObject, ownValue } from "./json.ts";
import {
  isAnnotationKey,
  isLabelKey,
  isLabelValue,
  isSubdomain,
  MAX_LABEL,
  MAX_SUBDOMAIN,
} from "./object-names.ts";

/** What a field of `metadata` may hold. */
export interface MetadataRule {
  /** For people: `a name` … */
  readonly what: string;
  readonly max: number;
  /** A regular expression's class of the characters that it may hold. */
  readonly allowed: string;
  readonly lowerCase: boolean;
  readonly test: (value: string) => boolean;
}

export interface MetadataField {
  /** From the object's root: `["metadata", "labels", "branch"]`. */
  readonly path: readonly string[];
  readonly value: JsonValue;
  readonly rule: MetadataRule;
  /** True where the rule is about the last key of the path. */
  readonly isKey?: true;
}

const EDGES = "with a letter or digit at both ends";

function nameRule(max: number): MetadataRule {
  const what = `a name of at most ${max} lower case letters, digits, "-" and ".", ${EDGES}`;
  const test = (value: string) => value.length <= max && isSubdomain(value);
  return { what, max, allowed: "a-z0-9.-", lowerCase: true, test };
}

const SUBDOMAIN = nameRule(MAX_SUBDOMAIN);
/** Tekton's admission (tektoncd/pipeline pkg/apis/validate/metadata.go). */
const TEKTON_NAME = nameRule(MAX_LABEL);
const DNS_LABEL: MetadataRule = {
  what: `a name of at most ${MAX_LABEL} lower case letters, digits and "-", ${EDGES}`,
  ...{ max: MAX_LABEL, allowed: "a-z0-9-", lowerCase: true, test: isDnsLabel },
};
const SERVICE_NAME: MetadataRule = {
  what: `a name of at most ${MAX_LABEL} lower case letters, digits and "-", with a letter first and no "-" last`,
  ...{ max: MAX_LABEL, allowed: "a-z0-9-", lowerCase: true, test: isServiceName },
};
const LABEL: MetadataRule = {
  what: `a label value of at most ${MAX_LABEL} letters, digits, "-", "_" and ".", ${EDGES}`,
  ...{ max: MAX_LABEL, allowed: "A-Za-z0-9_.-", lowerCase: false, test: isLabelValue },
};
const keyRule = (test: (key: string) => boolean): MetadataRule => ({
  what: `a key: at most ${MAX_LABEL} letters, digits, "-", "_" and ".", ${EDGES}, and before a "/" a DNS name`,
  ...{ max: MAX_LABEL, allowed: "A-Za-z0-9_./-", lowerCase: false, test },
});
const LABEL_KEY = keyRule(isLabelKey);
const ANNOTATION_KEY = keyRule(isAnnotationKey);
const ANNOTATION: MetadataRule = {
  ...{ what: "text", max: 256 * 1024, allowed: "\\s\\S", lowerCase: false },
  test: (value) => value.length <= 256 * 1024,
};

/** Groups with kinds of other names: RBAC takes any path segment, OpenShift's own API servers take `stream:tag`. */
const OTHER_NAMES = /^(?:rbac\.authorization\.k8s\.io|certificates\.k8s\.io|(?:.*\.)?openshift\.io)$/;

/** The rule for names of a kind; undefined where this cannot be known. */
function ruleOf(apiVersion: string, kind: string): MetadataRule | undefined {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  if (/^(?:.*\.)?tekton\.dev$/.test(group)) return TEKTON_NAME;
  if (group === "" && kind === "Namespace") return DNS_LABEL;
  if (group === "" && kind === "Service") return SERVICE_NAME;
  return OTHER_NAMES.test(group) ? undefined : SUBDOMAIN;
}

/** A prefix may end with a dash: something follows it (apimachinery's maskTrailingDash). */
function asPrefix(rule: MetadataRule): MetadataRule {
  return { ...rule, test: (value) => rule.test(value.replace(/-$/, "a")) };
}

/** The fields of an object's metadata that have rules, as far as they are there. */
export function metadataFields(object: JsonObject): readonly MetadataField[] {
  const metadata = ownValue(object, "metadata");
  if (!isJsonObject(metadata ?? null)) return [];
  const read = metadata as JsonObject;
  const fields: MetadataField[] = [];
  const add = (key: string, rule: MetadataRule | undefined): void => {
    const value = ownValue(read, key) ?? "";
    if (value !== "" && rule !== undefined) fields.push({ path: ["metadata", key], value, rule });
  };
  const name = ownValue(read, "name") ?? "";
  const names = ruleOf(String(ownValue(object, "apiVersion")), String(ownValue(object, "kind")));
  if (name === "") add("generateName", names && asPrefix(names));
  else add("name", names);
  add("namespace", DNS_LABEL);
  const addMap = (key: string, keys: MetadataRule, values: MetadataRule): void => {
    const map = ownValue(read, key);
    if (!isJsonObject(map ?? null)) return;
    for (const [inner, written] of Object.entries(map as JsonObject)) {
      const path = ["metadata", key, inner];
      // An API server reads null as "" (Go's JSON); of labels Tekton's listener takes no null before it is asked.
      const value = written === null && key === "annotations" ? "" : written;
      fields.push({ path, value: inner, rule: keys, isKey: true }, { path, value, rule: values });
    }
  };
  addMap("labels", LABEL_KEY, LABEL);
  addMap("annotations", ANNOTATION_KEY, ANNOTATION);
  return fields;
}

/** A field that no API server takes. */
export interface RefusedField extends MetadataField {
  /** Why, without the value. */
  readonly reason: string;
}

/** The fields that no API server takes, in the order of {@link metadataFields}. */
export function refusedFields(object: JsonObject): readonly RefusedField[] {
  const refused: RefusedField[] = [];
  for (const field of metadataFields(object)) {
    const { value, rule } = field;
    if (typeof value !== "string") refused.push({ ...field, reason: `must be text: ${cureOfKind(value)}` });
    else if (!rule.test(value)) refused.push({ ...field, reason: reasonFor(value, rule) });
  }
  return refused;
}

/** Why a rule refuses a text, without the text. */
export function reasonFor(value: string, { max, allowed, what }: MetadataRule): string {
  const wrong = new RegExp(`[^${allowed}]`, "u").exec(value);
  if (wrong !== null) return `holds ${JSON.stringify(wrong[0])}; it must be ${what}`;
  if (value.length > max) return `has ${value.length} characters; it must be ${what}`;
  return value === "" ? `is empty; it must be ${what}` : `must be ${what}`;
}

/** What stands where a text should: `the number 3`, `null`, `an object`. */
export function kindShown(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${String(value)}`;
}

/** How a text is written instead. */
export function cureOfKind(value: JsonValue): string {
  if (value === null) return `write "" or leave it out`;
  if (typeof value === "object") return "it holds one text, and no fields or elements";
  return `put it into quotes ("${String(value)}")`;
}
