/** YAML 1.1 as sigs.k8s.io/yaml turns it into JSON: `on` and `y` are true, dates stay text, keys become strings. */

import type { Document, ScalarTag, Tags } from "yaml";
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, parseAllDocuments } from "yaml";
import type { JsonValue } from "../core/json.ts";
import { isJsonObject, MAX_JSON_DEPTH, printNumber, setOwn } from "../core/json.ts";
import type { Work } from "./work.ts";

/**
 * Reads the first document of a text.
 *
 * @param work pays for every value, so that aliases cannot unfold without bound.
 * @throws Error when it is no YAML, nests too deep, or holds a number that JSON has no word for.
 */
export function parseYaml(text: string, work: Work): JsonValue {
  refuseDeepNesting(text);
  const [document] = parseAllDocuments(text, {
    version: "1.1",
    uniqueKeys: false,
    merge: false,
    // Each error would be given the lines around it, and a text may hold nothing but errors.
    prettyErrors: false,
    logLevel: "silent",
    customTags: goTags,
  }) as readonly Document[];
  if (document === undefined) return null;
  const [error] = document.errors;
  if (error !== undefined) throw new SyntaxError(error.message.split("\n")[0]);

  const anchors = new Map<string, unknown>();
  const convert = (node: unknown, depth: number): JsonValue => {
    work.charge(VALUE_STEPS);
    if (depth > MAX_JSON_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_JSON_DEPTH} levels`);
    if (node === null || node === undefined) return null;
    // The library's own resolving walks the whole document for each alias.
    if (isAlias(node)) {
      if (!anchors.has(node.source)) throw new SyntaxError(`unknown anchor '${node.source}' referenced`);
      return convert(anchors.get(node.source), depth + 1);
    }
    if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isScalar(node)) return scalar(node.value);
    if (isSeq(node)) return node.items.map((item) => convert(item, depth + 1));
    if (!isMap(node)) throw new SyntaxError("unexpected node");
    const object: Record<string, JsonValue> = {};
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const isMerge = isScalar(pair.key) && pair.key.value === "<<" && pair.key.type === "PLAIN";
      const value = convert(pair.value, depth + 1);
      if (isMerge) merge(object, value, work);
      else setOwn(object, keyText(convert(pair.key, depth + 1)), value);
    }
    return object;
  };
  return convert(document.contents, 0);
}

/** `<<:` adds the keys of a map, or of each map of a list, that are not there yet. */
function merge(object: Record<string, JsonValue>, value: JsonValue, work: Work): void {
  for (const source of Array.isArray(value) ? (value as readonly JsonValue[]) : [value]) {
    if (!isJsonObject(source))
      throw new SyntaxError("map merge requires map or sequence of maps as the value");
    for (const [key, merged] of Object.entries(source)) {
      work.charge(VALUE_STEPS);
      if (!Object.hasOwn(object, key)) setOwn(object, key, merged);
    }
  }
}

/** What making one value costs, in steps of work.ts. */
const VALUE_STEPS = 10;

/** The parser takes long over flow collections that nest without end. */
function refuseDeepNesting(text: string): void {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[{\]}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > MAX_JSON_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_JSON_DEPTH} levels`);
  }
}

/** The tags of YAML 1.1 that go-yaml resolves: no dates, and no numbers to the base of sixty. */
function goTags(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === "string") return true;
    const { tag: name, format } = tag as ScalarTag;
    return name !== "tag:yaml.org,2002:timestamp" && format !== "TIME" && name !== "tag:yaml.org,2002:merge";
  });
}

function scalar(value: unknown): JsonValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new SyntaxError(`no JSON for ${value}`);
  if (typeof value === "string") return value.toWellFormed();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  return (value ?? null) as JsonValue;
}

function keyText(key: JsonValue): string {
  if (typeof key === "string") return key;
  if (typeof key === "number") return printNumber(key);
  if (typeof key === "boolean" || key === null) return String(key);
  throw new SyntaxError("a list or a map cannot be a key");
}
