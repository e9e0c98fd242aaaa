/** Conversions between types, with the texts that Go reads and prints. */

import type { Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import { parseFloat64, printFloat } from "../go-float.ts";
import { parseDuration, parseTimestamp, printDuration, printTimestamp } from "../time.ts";
import type { Duration, Timestamp, Uint, Value } from "../values.ts";
import { fail, int, kindOf, timestamp, typeValue, uint } from "../values.ts";
import type { Work } from "../work.ts";

const same = (_context: unknown, value: Value): Value => value;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const conversions: readonly Overload[] = [
  overload("dyn", "(A) -> dyn", same),
  overload("type", "(A) -> type(A)", (_, value: Value) => typeValue(kindOf(value))),

  overload("int", "(int) -> int", same),
  overload("int", "(uint) -> int", (_, value: Uint) => int(value.value)),
  overload("int", "(double) -> int", (_, value: number) => truncated(value, "integer", int)),
  overload("int", "(string) -> int", ({ work }, text: string) =>
    paid(work, text) && /^[+-]?[0-9]+$/.test(text) && text.length < 400
      ? int(BigInt(text.replace("+", "")))
      : noSuch("int", text),
  ),
  overload("int", "(timestamp) -> int", (_, value: Timestamp) => int(floorSeconds(value.nanos))),
  overload("int", "(duration) -> int", (_, value: Duration) => value.nanos),

  overload("uint", "(uint) -> uint", same),
  overload("uint", "(int) -> uint", (_, value: bigint) => uint(value)),
  overload("uint", "(double) -> uint", (_, value: number) =>
    value < 0 ? fail("unsigned integer overflow") : truncated(value, "unsigned integer", uint),
  ),
  overload("uint", "(string) -> uint", ({ work }, text: string) =>
    paid(work, text) && /^[0-9]+$/.test(text) && text.length < 400
      ? uint(BigInt(text))
      : noSuch("uint", text),
  ),

  overload("double", "(double) -> double", same),
  overload("double", "(int) -> double", (_, value: bigint) => Number(value)),
  overload("double", "(uint) -> double", (_, value: Uint) => Number(value.value)),
  overload("double", "(string) -> double", ({ work }, text: string) =>
    paid(work, text) ? (parseFloat64(text) ?? noSuch("double", text)) : 0,
  ),

  overload("bool", "(bool) -> bool", same),
  overload("bool", "(string) -> bool", (_, text: string) => BOOLS.get(text) ?? noSuch("bool", text)),

  overload("string", "(string) -> string", same),
  overload("string", "(bool) -> string", (_, value: boolean) => String(value)),
  overload("string", "(int) -> string", (_, value: bigint) => String(value)),
  overload("string", "(uint) -> string", (_, value: Uint) => String(value.value)),
  overload("string", "(double) -> string", ({ work }, value: number) => {
    work.charge(NUMBER_STEPS);
    return printFloat(value);
  }),
  overload("string", "(bytes) -> string", ({ work }, value: Uint8Array) => {
    work.charge(10 + value.length / 16);
    return decodeUtf8(value);
  }),
  overload("string", "(timestamp) -> string", ({ work }, value: Timestamp) => {
    work.charge(TIME_STEPS);
    return printTimestamp(value);
  }),
  overload("string", "(duration) -> string", ({ work }, value: Duration) => {
    work.charge(TIME_STEPS);
    return printDuration(value);
  }),

  overload("bytes", "(bytes) -> bytes", same),
  overload("bytes", "(string) -> bytes", ({ work }, text: string) => {
    work.charge(10 + text.length / 16);
    return Buffer.from(text);
  }),

  overload("timestamp", "(timestamp) -> timestamp", same),
  overload("timestamp", "(int) -> timestamp", (_, seconds: bigint) => timestamp(seconds * 1_000_000_000n)),
  overload("timestamp", "(string) -> timestamp", ({ work }, text: string) => {
    work.charge(TIME_STEPS);
    return parseTimestamp(text);
  }),
  overload("duration", "(duration) -> duration", same),
  overload("duration", "(string) -> duration", ({ work }, text: string) => {
    work.charge(TIME_STEPS + Math.min(text.length, 128) * DURATION_STEPS);
    return parseDuration(text);
  }),
];

/** What numbers and times cost to read or print, and a character of a duration. */
const NUMBER_STEPS = 20;
const TIME_STEPS = 50;
const DURATION_STEPS = 8;

function paid(work: Work, text: string): true {
  work.charge(NUMBER_STEPS + text.length / 4);
  return true;
}

/** strconv.ParseBool. */
const BOOLS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
]);

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return fail("invalid UTF-8 in bytes, cannot convert to string");
  }
}

function truncated<T>(value: number, name: string, make: (value: bigint) => T): T {
  // The doubles next to 2^63 are whole; cel-go refuses both ends as well.
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= (name === "integer" ? 2 ** 63 : 2 ** 64)) {
    return fail(`${name} overflow`);
  }
  return make(BigInt(Math.trunc(value)));
}

function floorSeconds(nanos: bigint): bigint {
  const seconds = nanos / 1_000_000_000n;
  return nanos % 1_000_000_000n < 0n ? seconds - 1n : seconds;
}

function noSuch(type: string, text: string): never {
  return fail(`type conversion error from 'string' to '${type}': a text of ${text.length} characters`);
}
