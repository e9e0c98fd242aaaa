/** JSON values, and JSON as Go's encoding/json reads and prints it (what Tekton users see in their params). */

import { jsonProblem } from "./json-error.ts";
import { mayOverflow } from "./json-range.ts";
import { hasEscapedKey, readJson } from "./json-reader.ts";

export type JsonScalar = string | number | boolean | null;
export type JsonValue = JsonScalar | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Deeper documents are refused, as encoding/json does (its limit is 10,000); ours also keeps every walker off the stack's edge. */
export const MAX_JSON_DEPTH = 1_000;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own property or undefined: `__proto__`, `constructor` and friends are keys like any other. */
export function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The value at a path of keys and indexes; undefined where it leads nowhere. */
export function valueAt(
  root: JsonValue | undefined,
  path: readonly (string | number)[],
): JsonValue | undefined {
  let value = root;
  for (const step of path) {
    if (Array.isArray(value)) value = (value as readonly JsonValue[])[Number(step)];
    else value = isJsonObject(value) ? ownValue(value, String(step)) : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

/** The object under a key; an empty one where none is. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = ownValue(object, key);
  return isJsonObject(value) ? value : {};
}

/** The text under a key; an empty one where none is. */
export function textAt(object: JsonObject, key: string): string {
  const value = ownValue(object, key);
  return typeof value === "string" ? value : "";
}

/** Sets a key on an object under construction without ever reaching its prototype. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  // No other key has a setter to be called; defining each of them costs six times as much.
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * Parses JSON text with the results of Go's encoding/json into `interface{}`.
 *
 * @param text JSON text, already decoded from UTF-8 (invalid bytes as U+FFFD).
 * @returns the value; numbers are IEEE doubles, lone surrogates are U+FFFD.
 * @throws SyntaxError when the text is no JSON, holds a number beyond the range of doubles, or nests deeper than
 *   {@link MAX_JSON_DEPTH}; its message names a place and quotes one character at most.
 */
export function parseJson(text: string): JsonValue {
  refuseDeepNesting(text);
  // Only an escape can bring a lone surrogate into text that was decoded from UTF-8.
  const escaped = text.includes("\\ud") || text.includes("\\uD");
  const whole = escaped ? withoutLoneSurrogates(text) : text;
  const parsed = parsedBy(whole);
  const value = hasEscapedKey(whole) ? (readJson(whole) as JsonValue) : parsed;
  if (mayOverflow(text) && overflows(value)) {
    throw new SyntaxError(OUT_OF_RANGE);
  }
  return value;
}

/** JSON.parse, whose errors quote nothing of the text but one character. */
function parsedBy(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new SyntaxError(jsonProblem(text, (error as Error).message));
  }
}
/** What is said of a number that no double holds. */
export const OUT_OF_RANGE = "a number is out of the range of a 64-bit float";

/** As {@link parseJson}; undefined for what it refuses. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** JSON.parse makes Infinity of a number that is too large; encoding/json refuses it. */
function overflows(value: JsonValue): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(overflows);
  const object = value as JsonObject;
  for (const key in object) if (overflows(object[key] as JsonValue)) return true;
  return false;
}

/** Lone surrogates are replaced in the text: mending the value would mean building large objects once more. */
function withoutLoneSurrogates(text: string): string {
  let mended = "";
  let copied = 0;
  const surrogates = new RegExp(surrogateEscape, "g");
  for (let found = surrogates.exec(text); found !== null; found = surrogates.exec(text)) {
    if (isEscaped(text, found.index)) {
      // What looked like the second half of a pair may stand alone.
      surrogates.lastIndex = found.index + 6;
      continue;
    }
    if (found[0].length > 6) continue;
    mended += `${text.slice(copied, found.index)}\\ufffd`;
    copied = surrogates.lastIndex;
  }
  return copied === 0 ? text : mended + text.slice(copied);
}

// A pair, or one alone.
const surrogateEscape = /\\u[dD](?:[89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]|[89a-fA-F])[0-9a-fA-F]{2}/;

/** Whether the backslash at a place is itself escaped. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === 0x5c) first--;
  return (at - first) % 2 === 1;
}

function refuseDeepNesting(text: string): void {
  // A text without that many brackets cannot nest that deep, and counting them is a search, not a walk.
  if (!holdsMore(text, MAX_JSON_DEPTH)) return;
  if (nestingOutsideStrings(text) > MAX_JSON_DEPTH) {
    throw new SyntaxError(`nested deeper than ${MAX_JSON_DEPTH} levels`);
  }
}

/** Whether a text has more than `limit` opening brackets, inside or outside of strings. */
function holdsMore(text: string, limit: number): boolean {
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > limit) return true;
    }
  }
  return false;
}

function nestingOutsideStrings(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x7d || c === 0x5d) depth--;
  }
  return deepest;
}

/**
 * Prints a value as Go's json.Marshal does: keys sorted bytewise, `<`, `>`, `&`, U+2028 and U+2029 escaped, doubles in
 * Go's notation, no spaces.
 *
 * @param value what to print; keys whose value is undefined are left out.
 */
export function printJson(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return printString(value);
  if (typeof value === "number") return printNumber(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value)) return `[${chained(value, printJson)}]`;
  if (typeof value !== "object") throw new TypeError(`no JSON for a ${typeof value}`);
  const object = value as Record<string, unknown>;
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  if (keys.length > 1) keys.sort(compareBytewise);
  return `{${chained(keys, (key) => `${printString(key)}:${printJson(object[key])}`)}}`;
}

/** Texts behind each other, with commas. join would copy them anew on each level: a nested megabyte then takes seconds. */
function chained<T>(items: readonly T[], print: (item: T) => string): string {
  let text = "";
  for (let i = 0; i < items.length; i++) text += i === 0 ? print(items[i] as T) : `,${print(items[i] as T)}`;
  return text;
}

/** A string as Go's json.Marshal prints it, quotes included. */
export function printString(text: string): string {
  const quoted = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
  if (!needsGoEscapes.test(quoted)) return quoted;
  let escaped = quoted;
  for (const [c, written] of GO_ESCAPES) escaped = escaped.replaceAll(c, written);
  return escaped;
}

const needsGoEscapes = /[<>&\u2028\u2029]/;
/** Replaced one after the other: a function that is called for each of them takes many times as long. */
const GO_ESCAPES: readonly (readonly [string, string])[] = [
  ["<", "\\u003c"],
  [">", "\\u003e"],
  ["&", "\\u0026"],
  ["\u2028", "\\u2028"],
  ["\u2029", "\\u2029"],
];

/** A double as encoding/json prints it: shortest form, exponent below 1e-6 and from 1e21 with at least one digit. */
export function printNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`no JSON for ${value}`);
  if (Object.is(value, -0)) return "-0";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-6 || magnitude >= 1e21)) return value.toExponential();
  return String(value);
}

/** Orders strings by their UTF-8 bytes, as Go sorts map keys. */
export function compareBytewise(a: string, b: string): number {
  // UTF-16 order differs from UTF-8 order only where surrogates meet U+E000 and above.
  if (!highUnits.test(a) || !highUnits.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const highUnits = /[\ud800-\uffff]/;
