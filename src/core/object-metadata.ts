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

/** The first field that no API server takes. */
export function refusedField(object: JsonObject): (MetadataField & { readonly value: string }) | undefined {
  for (const field of metadataFields(object)) {
    const { value, rule } = field;
    if (typeof value === "string" ? !rule.test(value) : true) return { ...field, value: String(value) };
  }
  return undefined;
}

/** Why a rule refuses a text, without the text. */
export function reasonFor(value: string, { max, allowed, what }: MetadataRule): string {
  const wrong = new RegExp(`[^${allowed}]`, "u").exec(value);
  if (wrong !== null) return `holds ${JSON.stringify(wrong[0])}; it must be ${what}`;
  if (value.length > max) return `has ${value.length} characters; it must be ${what}`;
  return value === "" ? `is empty; it must be ${what}` : `must be ${what}`;
}

/**
 * CEL calls, to be written behind an expression, that make its value fit (all are Tekton's: strings extension, truncate,
 * translate); "" where none is needed.
 *
 * @param room characters that the field leaves for it.
 */
export function repairCalls(value: string, { allowed, lowerCase }: MetadataRule, room: number): string {
  let calls = "";
  let text = value;
  if (lowerCase && /[A-Z]/.test(text)) {
    calls += ".lowerAscii()";
    text = text.toLowerCase();
  }
  const wrong = new Set(text.match(new RegExp(`[^${allowed}]`, "gu")) ?? []);
  const [only] = wrong;
  // Neither a quote nor a control character may stand in the expression as it is.
  if (wrong.size === 1 && only !== undefined && /^[ -~]$/.test(only) && !/['"\\]/.test(only))
    calls += `.replace('${only}', '-')`;
  else if (wrong.size > 0) calls += `.translate('[^${allowed}]+', '-')`;
  if (wrong.size > 0) text = text.replace(new RegExp(`[^${allowed}]${wrong.size > 1 ? "+" : ""}`, "gu"), "-");
  if (lowerCase && /\.[^a-z0-9]|[^a-z0-9]\./.test(text)) {
    calls += ".replace('.', '-')";
    text = text.replaceAll(".", "-");
  }
  if (text.length > room && room > 0) {
    calls += `.truncate(${room})`;
    text = text.slice(0, room);
  }
  const letters = lowerCase ? "a-z0-9" : "A-Za-z0-9";
  const edges = new RegExp(`^[^${letters}]+|[^${letters}]+$`);
  return edges.test(text) ? `${calls}.translate('^[^${letters}]+|[^${letters}]+$', '')` : calls;
}
