/** Shapes: JSON read into typed values as Go's strict encoding/json decoder reads it into structs. */

import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject, ownValue, setOwn } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import type { Findings, Path } from "./findings.ts";
import { quoted } from "./findings.ts";
import { formHint, misplaced } from "./misplaced.ts";

export interface ShapeContext {
  readonly findings: Findings;
  /** False lets unknown fields pass, as Kubernetes does in metadata. */
  readonly strict: boolean;
  /** True where the object was never written back: a list or map that is there and empty is not absent then. */
  readonly keepsEmpty?: boolean;
}

/**
 * Reads one value. `undefined` stands for absent and for Go's zero value alike, because Tekton validates an object
 * after it was written back with `omitempty`; only the `…Pointer` shapes tell "" or false or 0 from absent.
 */
export type Shape<T> = (value: JsonValue, path: Path, context: ShapeContext) => T | undefined;

/** The type that a shape reads. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type Struct<F extends Fields> = { readonly [K in keyof F]?: Shaped<F[K]> };

/** A Go `*string`. */
export const textPointer: Shape<string> = scalar("a string", (value) => typeof value === "string");
/** A Go `*bool`. */
export const flagPointer: Shape<boolean> = scalar("true or false", (value) => typeof value === "boolean");
/** A Go `*int32`. */
export const int32Pointer: Shape<number> = scalar("a 32-bit integer", (value) => isInteger(value, 2 ** 31));
/** A Go `*int64`; beyond 2^53 nothing that Kubernetes takes is lost. */
export const int64Pointer: Shape<number> = scalar("an integer", (value) => isInteger(value, 2 ** 53));
/** A Go `string`. */
export const text = zeroIsAbsent(textPointer);
/** A Go `bool`. */
export const flag = zeroIsAbsent(flagPointer);
/** A Go `int32`. */
export const int32 = zeroIsAbsent(int32Pointer);

/** Any JSON, kept as it is. */
export const anything: Shape<JsonValue> = (value) => (value === null ? undefined : value);

/** A Go slice. An element that is null or zero is `undefined` in the result. */
export function list<T>(item: Shape<T>): Shape<readonly (T | undefined)[]> {
  return (value, path, context) => {
    if (value === null) return undefined;
    if (!Array.isArray(value)) return wrong("a list", value, path, context);
    if (value.length === 0 && context.keepsEmpty !== true) return undefined;
    return value.map((element, index) => item(element, [...path, index], context));
  };
}

/** A Go map from string; an empty one is absent, and null values are `zero`. */
export function mapOf<T>(item: Shape<T>, zero: T): Shape<Readonly<Record<string, T>>> {
  return (value, path, context) => {
    if (value === null) return undefined;
    if (!isJsonObject(value)) return wrong("an object", value, path, context);
    const map: Record<string, T> = {};
    const entries = Object.entries(value);
    for (const [key, element] of entries) setOwn(map, key, item(element, [...path, key], context) ?? zero);
    return entries.length === 0 && context.keepsEmpty !== true ? undefined : map;
  };
}

/** A Go `map[string]string`. */
export const textMap = mapOf(textPointer, "");

/**
 * A Go struct; keys match without regard to case, as encoding/json does it. Null is absent, `{}` is not.
 *
 * @param missing fields that this version of the API does not have yet, or no longer has.
 * @param gone fields of older versions, in lower case, with what to write instead.
 */
export function struct<const F extends Fields>(
  fields: F,
  missing: readonly (keyof F)[] = [],
  gone: Readonly<Record<string, string>> = {},
): Shape<Struct<F>> {
  const names = Object.keys(fields).filter((key) => !missing.includes(key));
  const canonical = new Map(names.map((key) => [key.toLowerCase(), key]));
  return (value, path, context) => {
    if (value === null) return undefined;
    if (!isJsonObject(value)) return wrong("an object", value, path, context, names);
    const read: Record<string, unknown> = {};
    for (const [written, field] of Object.entries(value)) {
      const key = canonical.get(written.toLowerCase());
      const shape = key === undefined ? undefined : fields[key];
      if (key === undefined || shape === undefined) {
        const instead = ownValue(gone as JsonObject, written.toLowerCase());
        const reason =
          instead === undefined
            ? unknownField(path, written, names, field)
            : `is no field any more: ${instead}`;
        if (context.strict) context.findings.add([...path, written], reason);
        continue;
      }
      const element = shape(field, [...path, written], context);
      if (element !== undefined) setOwn(read, key, element);
    }
    return read as Struct<F>;
  };
}

/** Reads a value without asking after unknown fields. */
export function lenient<T>(shape: Shape<T>): Shape<T> {
  return (value, path, context) => shape(value, path, { ...context, strict: false });
}

/** A shape for values that `test` knows; others are told as "must be <expected>". */
export function scalar<T extends JsonValue>(expected: string, test: (value: JsonValue) => boolean): Shape<T> {
  return (value, path, context) => {
    if (value === null) return undefined;
    return test(value) ? (value as T) : wrong(expected, value, path, context);
  };
}

function zeroIsAbsent<T extends string | boolean | number>(shape: Shape<T>): Shape<T> {
  return (value, path, context) => shape(value, path, context) || undefined;
}

function wrong(
  expected: string,
  value: JsonValue,
  path: Path,
  { findings }: ShapeContext,
  known?: readonly string[],
): undefined {
  findings.add(path, `must be ${expected}, is ${described(value)}${formHint(expected, value, path, known)}`);
}

function isInteger(value: JsonValue, limit: number): boolean {
  return Number.isInteger(value) && (value as number) >= -limit && (value as number) < limit;
}

/** For people: `a list`, `the string "x"`. */
export function described(value: JsonValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return `the string ${quoted(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return `${value}; quote it if it is meant as text`;
  return Array.isArray(value) ? "a list" : "an object";
}

function unknownField(path: Path, written: string, known: readonly string[], value: JsonValue): string {
  const place = misplaced(path, written, known, value);
  if (place !== undefined) return `is no field here: ${place}`;
  const close = OTHER_WORDS.get(written.toLowerCase())?.find(isKnown) ?? nearest(written, known);
  if (close !== undefined) return `is no field; did you mean ${close}?`;
  return known.length <= 12 ? `is no field; known here: ${known.join(", ")}` : "is no field";

  function isKnown(key: string): boolean {
    return known.includes(key);
  }
}

/** What people write for a field, in lower case; the first that is known in its place is meant. */
const OTHER_WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["parameters", ["params"]],
  ["expr", ["expression"]],
  ["serviceaccount", ["serviceAccountName"]],
  ["resources", ["resourcetemplates"]],
  ["resource", ["resourcetemplates"]],
  ["triggertemplate", ["template"]],
  ["triggerbinding", ["bindings"]],
  ["triggerbindings", ["bindings"]],
  ["selector", ["labelSelector", "triggerSelector"]],
  ["headers", ["header"]],
]);

/** The object itself, for rules that look at what was written rather than at its shape. */
export function objectOrEmpty(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
