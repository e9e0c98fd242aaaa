/** YAML 1.1 as sigs.k8s.io/yaml turns it into JSON: `on` and `y` are true, dates stay text, keys become strings. */

import type { Document, Scalar } from "yaml";
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, parseAllDocuments } from "yaml";
import type { JsonValue } from "../../core/json.ts";
import { isJsonObject, MAX_JSON_DEPTH, setOwn } from "../../core/json.ts";
import type { Work } from "./work.ts";
import { keyText, resolveScalar } from "./yaml-scalar.ts";

/**
 * Reads the first document of a text.
 *
 * @param work pays for every value, so that aliases cannot unfold without bound.
 * @throws Error when it is no YAML, nests too deep, or holds a number that JSON has no word for.
 */
export function parseYaml(written: string, work: Work): JsonValue {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: go-yaml refuses them
  if (/[\x00-\x08\v\f\x0e-\x1f\x7f-\x84\x86-\x9f]/.test(written)) {
    throw new SyntaxError("control characters are not allowed");
  }
  const text = written.replace(/\r\n?/g, "\n");
  refuseDeepNesting(text);
  const documents = parseAllDocuments(text, {
    version: "1.1",
    // Scalars are resolved by yaml-scalar.ts.
    schema: "failsafe",
    uniqueKeys: false,
    merge: false,
    // Each error would be given the lines around it, and a text may hold nothing but errors.
    prettyErrors: false,
    logLevel: "silent",
  });
  const [document] = documents as readonly Document[];
  const { errors, warnings } = document ?? (documents as Exclude<typeof documents, readonly Document[]>);
  const error = errors[0] ?? warnings.find(({ code }) => code === "BAD_DIRECTIVE");
  if (error !== undefined) throw new SyntaxError(error.message.split("\n")[0]);
  if (document === undefined) return null;
  const { version, explicit } = document.directives?.yaml ?? {};
  if (explicit === true && version !== "1.1") throw new SyntaxError("incompatible YAML document");

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
    if (isScalar(node)) return scalar(node, text);
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
const VALUE_STEPS = 20;

/** The parser takes long over flow collections that nest without end. */
function refuseDeepNesting(text: string): void {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[{\]}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > MAX_JSON_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_JSON_DEPTH} levels`);
  }
}

/** go-yaml gives a block at the end of a text no line end that is not there. */
function scalar(node: Scalar, text: string): JsonValue {
  const value = resolveScalar(node.source ?? String(node.value), node.type === "PLAIN", node.tag);
  if (typeof value === "number" && !Number.isFinite(value)) throw new SyntaxError(`no JSON for ${value}`);
  if (typeof value !== "string") return value;
  const isLast = node.type?.startsWith("BLOCK") && !/[\r\n]$/.test(text) && node.range?.[1] === text.length;
  return (isLast ? value.replace(/\n$/, "") : value).toWellFormed();
}
