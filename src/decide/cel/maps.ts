/** Maps, whether they came as JSON or from an expression: one way to look things up in both. */

import type { JsonObject } from "../../core/json.ts";
import type { CelMap, Value } from "./values.ts";
import { celMap, fail, isCelMap, isUint } from "./values.ts";

/** What visiting one key of a large object costs, in steps of work.ts. */
export const KEY_STEPS = 10;

export type AnyMap = CelMap | JsonObject;

/** The value under a key, or undefined. Ints and uints find each other; a double finds them, but not they a double. */
export function mapGet(map: AnyMap, key: Value): Value | undefined {
  if (isCelMap(map)) return (map.entries.get(identity(key)) ?? map.entries.get(whole(key)))?.[1];
  if (typeof key !== "string" || !Object.hasOwn(map, key)) return undefined;
  return (map as JsonObject)[key];
}

export function mapHas(map: AnyMap, key: Value): boolean {
  if (isCelMap(map)) return map.entries.has(identity(key)) || map.entries.has(whole(key));
  return typeof key === "string" && Object.hasOwn(map, key);
}

export function mapSize(map: AnyMap): number {
  return isCelMap(map) ? map.entries.size : Object.keys(map).length;
}

export function mapKeys(map: AnyMap): readonly Value[] {
  return isCelMap(map) ? Array.from(map.entries.values(), (entry) => entry[0]) : Object.keys(map);
}

export function mapEntries(map: AnyMap): readonly (readonly [Value, Value])[] {
  return isCelMap(map) ? [...map.entries.values()] : (Object.entries(map) as [string, Value][]);
}

/** Builds a map; of equal keys the last one wins. */
export function mapOf(pairs: readonly (readonly [Value, Value])[]): CelMap {
  const entries = new Map<unknown, readonly [Value, Value]>();
  for (const pair of pairs) entries.set(identity(pair[0]), pair);
  return celMap(entries);
}

/** What a JavaScript Map can hold keys apart by: 1 and 1u are one key; 1.0 and "1" are others. No list finds another. */
function identity(key: Value): unknown {
  if (isUint(key)) return key.value;
  // Go cannot hash them: cel-go crashes.
  if (key instanceof Uint8Array) return fail("unsupported key type");
  return key;
}

/** The integer that a double is; never a key where it is none. */
function whole(key: Value): unknown {
  return typeof key === "number" && Number.isInteger(key) ? BigInt(key) : NO_KEY;
}

const NO_KEY = Symbol("no key");
