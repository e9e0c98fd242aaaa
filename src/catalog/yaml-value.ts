/** A parsed YAML document into JSON: what Kubernetes would make of it, with nothing that can grow without bound. */

import type { Alias, Document, Node, Scalar, YAMLMap } from "yaml";
import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { JsonScalar, JsonValue } from "../core/json.ts";
import { MAX_JSON_DEPTH, setOwn } from "../core/json.ts";
import { quoted } from "./findings.ts";
import { plainScalar } from "./yaml-scalar.ts";

/** Values in one document with every alias counted as what it stands for: no file of 4 MiB needs more. */
const MAX_VALUES = 1_000_000;

/** What is wrong with a document, and where: an offset into the text. */
export class YamlProblem extends Error {
  override readonly name = "YamlProblem";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Anchor {
  readonly value: JsonValue;
  /** How many values it stands for. */
  readonly size: number;
}

interface Progress {
  readonly anchors: Map<string, Anchor>;
  values: number;
}

/**
 * The document's value. Aliases share the value of their anchor, so that a bomb of them costs nothing but is counted.
 *
 * @param document parsed with the failsafe schema: scalars are still text.
 * @throws YamlProblem for duplicate keys, unknown tags, unknown or circular aliases, and what is too deep or too large.
 */
export function documentValue(document: Document.Parsed): JsonValue {
  return toValue(document.contents, 0, { anchors: new Map(), values: 0 });
}

function toValue(node: Node | null, depth: number, progress: Progress): JsonValue {
  if (node === null) return null;
  if (isAlias(node)) return aliased(node, progress);
  if (depth > MAX_JSON_DEPTH)
    throw new YamlProblem(`nested deeper than ${MAX_JSON_DEPTH} levels`, startOf(node));
  const before = progress.values;
  count(progress, 1, node);
  const value = ownValueOf(node, depth, progress);
  const anchor = (node as { anchor?: string }).anchor;
  if (anchor !== undefined) progress.anchors.set(anchor, { value, size: progress.values - before });
  return value;
}

function ownValueOf(node: Node, depth: number, progress: Progress): JsonValue {
  if (isScalar(node)) return scalarValue(node);
  refuseTag(node);
  if (isMap(node)) return mapValue(node, depth, progress);
  if (isSeq(node)) return node.items.map((item) => toValue(item as Node | null, depth + 1, progress));
  throw new YamlProblem("is neither a scalar nor a list nor an object", startOf(node));
}

function mapValue(node: YAMLMap, depth: number, progress: Progress): JsonValue {
  const map: Record<string, JsonValue> = {};
  const seen = new Set<string>();
  const merges: JsonValue[] = [];
  for (const pair of node.items) {
    const value = toValue(pair.value as Node | null, depth + 1, progress);
    if (isMergeKey(pair.key)) {
      merges.push(...mergeSources(value, node));
      continue;
    }
    const key = keyOf(pair.key as Node | null, node, progress);
    if (seen.has(key))
      throw new YamlProblem(
        `key ${quoted(key)} is written twice${twiceHint(key, depth)}`,
        startOf(pair.key as Node, node),
      );
    seen.add(key);
    setOwn(map, key, value);
  }
  // What stands in the map itself wins, then the first of the merged maps.
  for (const source of merges) {
    const entries = Object.entries(source as Record<string, JsonValue>);
    count(progress, entries.length, node);
    for (const [key, value] of entries) if (!Object.hasOwn(map, key)) setOwn(map, key, value);
  }
  return map;
}

/** Of an object's own fields: two objects with nothing between them. */
function twiceHint(key: string, depth: number): string {
  return depth === 0 && (key === "apiVersion" || key === "kind")
    ? "; a line --- is missing between two objects"
    : "";
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.tag === undefined && key.value === "<<";
}

function mergeSources(value: JsonValue, node: Node): readonly JsonValue[] {
  const sources = Array.isArray(value) ? value : [value];
  if (sources.some((source) => typeof source !== "object" || source === null || Array.isArray(source)))
    throw new YamlProblem("<< merges an object or a list of objects", startOf(node));
  return sources;
}

/** Keys are text in JSON: `on:` is the key "true", as kubectl has it. */
function keyOf(key: Node | null, map: Node, progress: Progress): string {
  if (isScalar(key) || isAlias(key)) {
    const value = toValue(key, MAX_JSON_DEPTH, progress);
    if (value !== null && typeof value !== "object") return String(value);
  }
  // `{{ body.ref }}` without quotes is a map whose key is a map.
  const reason = isMap(key)
    ? "{{ … }} begins an object in an object: put it into quotes; a binding's variable is written $(body.ref)"
    : "keys must be text, numbers or booleans";
  throw new YamlProblem(reason, startOf(key, map));
}

function scalarValue(node: Scalar): JsonScalar {
  const text = typeof node.value === "string" ? node.value : String(node.value ?? "");
  const plain = node.type === "PLAIN" && node.tag === undefined;
  if (!plain && (node.tag === undefined || TEXT_TAGS.has(node.tag))) return text.toWellFormed();
  if (!plain && !SCALAR_TAGS.has(node.tag ?? "")) refuseTag(node);
  try {
    const value = plainScalar(text);
    return typeof value === "string" ? value.toWellFormed() : value;
  } catch (error) {
    throw new YamlProblem((error as Error).message, startOf(node));
  }
}

const TEXT_TAGS = new Set(["!", "tag:yaml.org,2002:str"]);
const SCALAR_TAGS = new Set(["int", "float", "bool", "null"].map((name) => `tag:yaml.org,2002:${name}`));
const COLLECTION_TAGS = new Set(["map", "seq"].map((name) => `tag:yaml.org,2002:${name}`));

function refuseTag(node: Node): void {
  const { tag } = node as { tag?: string };
  if (tag !== undefined && !COLLECTION_TAGS.has(tag))
    throw new YamlProblem(`tag ${tag} has no meaning in Kubernetes`, startOf(node));
}

function aliased(node: Alias, progress: Progress): JsonValue {
  const anchor = progress.anchors.get(node.source);
  if (anchor === undefined)
    throw new YamlProblem(
      `*${node.source} stands before its anchor, inside it, or has none: an anchor ends with its document`,
      startOf(node),
    );
  count(progress, anchor.size, node);
  return anchor.value;
}

function count(progress: Progress, values: number, node: Node): void {
  progress.values += values;
  if (progress.values > MAX_VALUES)
    throw new YamlProblem(`holds more than ${MAX_VALUES} values, aliases resolved`, startOf(node));
}

function startOf(node: Node | null, otherwise?: Node): number {
  return node?.range?.[0] ?? otherwise?.range?.[0] ?? 0;
}
