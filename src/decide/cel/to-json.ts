/** CEL values as JSON, by the rules with which cel-go makes protobuf's Struct of them. */

import type { JsonValue } from "../../core/json.ts";
import { setOwn } from "../../core/json.ts";
import { KEY_STEPS, mapEntries } from "./maps.ts";
import { printDuration, printTimestamp } from "./time.ts";
import type { Value } from "./values.ts";
import { fail, isDuration, isList, isMap, isTimestamp, isUint, kindOf } from "./values.ts";
import type { Work } from "./work.ts";

/** What an element of a list costs here, and when it is printed. */
const ELEMENT_STEPS = 4;

/** Beyond these JSON readers lose digits, so cel-go prints such integers as strings. */
const MAX_SAFE = 2n ** 53n - 1n;

/**
 * A value as JSON: bytes in base64, timestamps and durations as text, integers beyond 2^53 as strings.
 *
 * @throws CelFailure for NaN and infinities, types, texts that are no UTF-8, and maps with keys other than strings.
 */
export function toJson(value: Value, work: Work): JsonValue {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") {
    work.charge(1 + value.length * 2);
    return value.isWellFormed() ? value : fail("invalid UTF-8");
  }
  if (typeof value === "number") return Number.isFinite(value) ? value : fail(`invalid ${value} value`);
  if (typeof value === "bigint") return integer(value);
  if (value instanceof Uint8Array) {
    work.charge(value.length / 8);
    return Buffer.from(value).toString("base64");
  }
  if (isList(value)) {
    work.charge(4 + value.length * ELEMENT_STEPS);
    return value.map((item) => toJson(item, work));
  }
  work.charge(10);
  if (isUint(value)) return integer(value.value);
  if (isTimestamp(value)) return printTimestamp(value);
  if (isDuration(value)) return printDuration(value);
  if (!isMap(value)) return fail(`type conversion not supported for '${kindOf(value)}'`);
  const object: Record<string, JsonValue> = {};
  for (const [key, item] of mapEntries(value)) {
    work.charge(2 * KEY_STEPS);
    if (typeof key !== "string") return fail(`unsupported type conversion from '${kindOf(key)}' to string`);
    if (!key.isWellFormed()) return fail("invalid UTF-8");
    setOwn(object, key, toJson(item, work));
  }
  return object;
}

/**
 * The result of an overlay. Tekton converts what stands on top by other rules than what stands inside: null, uint,
 * timestamp, duration and types have none there.
 *
 * @throws CelFailure as {@link toJson}, and for those.
 */
export function overlayJson(value: Value, work: Work): JsonValue {
  const kind = kindOf(value);
  if (value === null || isUint(value) || isTimestamp(value) || isDuration(value)) {
    return fail(`unsupported type conversion from '${kind}' to JSON`);
  }
  return toJson(value, work);
}

function integer(value: bigint): number | string {
  return value > MAX_SAFE || value < -MAX_SAFE ? String(value) : Number(value);
}
