/** Equality and order of values, as cel-go defines them. */

import { compareBytewise } from "../../core/json.ts";
import type { AnyMap } from "./maps.ts";
import { KEY_STEPS, mapEntries, mapGet, mapSize } from "./maps.ts";
import type { Value } from "./values.ts";
import { isDuration, isList, isMap, isTimestamp, isTypeValue, isUint } from "./values.ts";
import type { Work } from "./work.ts";

/** True when two values are equal: numbers across their types, lists and maps by their content; NaN equals nothing. */
export function equals(work: Work, a: Value, b: Value): boolean {
  if (typeof a === "string") {
    if (typeof b !== "string") return false;
    work.charge(a.length / 128);
    return a === b;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b || equalNumbers(a, b);
  }
  work.charge(1);
  if (isList(a)) return isList(b) && equalLists(work, a, b);
  if (a instanceof Uint8Array) {
    work.charge(2 + a.length / 128);
    return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (isUint(a)) return equalNumbers(a, b);
  if (isTimestamp(a)) return isTimestamp(b) && a.nanos === b.nanos;
  if (isDuration(a)) return isDuration(b) && a.nanos === b.nanos;
  if (isTypeValue(a)) return isTypeValue(b) && a.name === b.name;
  return isMap(a) && isMap(b) && equalMaps(work, a, b);
}

/** True when the list holds an equal of the value. */
export function listHas(work: Work, list: readonly Value[], value: Value): boolean {
  work.charge(1 + list.length);
  return list.some((item) => equals(work, item, value));
}

/**
 * Orders two values.
 *
 * @returns below, at or above 0; NaN when one is NaN; undefined when they cannot be compared.
 */
export function compare(a: Value, b: Value): number | undefined {
  if (typeof a === "string" && typeof b === "string") return compareBytewise(a, b);
  // Before cel-go asks what the other is.
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  if (typeof a === "string") return undefined;
  if (typeof a === "boolean") return typeof b === "boolean" ? Number(a) - Number(b) : undefined;
  const left = numeric(a);
  const right = numeric(b);
  if (left !== undefined && right !== undefined) return compareNumbers(left, right);
  if (isTimestamp(a) && isTimestamp(b)) return compareNumbers(a.nanos, b.nanos);
  if (isDuration(a) && isDuration(b)) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

function equalNumbers(a: Value, b: Value): boolean {
  const left = numeric(a);
  const right = numeric(b);
  return left !== undefined && right !== undefined && compareNumbers(left, right) === 0;
}

function numeric(value: Value): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return isUint(value) ? value.value : undefined;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  // An integer meets a double as a double, which loses digits from 2^53 on. cel-go does the same.
  const left = Number(a);
  const right = Number(b);
  return left < right ? -1 : left > right ? 1 : left === right ? 0 : Number.NaN;
}

function equalLists(work: Work, a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false;
  work.charge(2 + a.length);
  return a.every((item, i) => equals(work, item, b[i] as Value));
}

function equalMaps(work: Work, a: AnyMap, b: AnyMap): boolean {
  const size = mapSize(a);
  if (size !== mapSize(b)) return false;
  work.charge(4 + size * 2 * KEY_STEPS);
  return mapEntries(a).every(([key, value]) => {
    const other = mapGet(b, key);
    return other !== undefined && equals(work, value, other);
  });
}
