/** CEL values at run time: JSON as it was parsed, and the few types that JSON has no word for. */

import type { JsonObject } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";

/**
 * A value. JSON needs no conversion: numbers are CEL doubles, arrays are lists, objects are maps with string keys. A
 * bigint is an int. Event bodies are shared by all triggers this way, at no cost per event.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | TypeValue
  | CelMap
  | readonly Value[]
  | JsonObject;

/** An unsigned 64-bit integer. */
export interface Uint {
  readonly tag: typeof UINT;
  readonly value: bigint;
}

/** Nanoseconds since the epoch, and the zone that it was written in: only texts made of it show that. */
export interface Timestamp {
  readonly tag: typeof TIMESTAMP;
  readonly nanos: bigint;
  /** East of UTC. */
  readonly offsetMinutes: number;
}

/** Nanoseconds. */
export interface Duration {
  readonly tag: typeof DURATION;
  readonly nanos: bigint;
}

/** The value of `int`, `type(x)`, … */
export interface TypeValue {
  readonly tag: typeof TYPE;
  readonly name: string;
}

/** A map that an expression built: keys of any type, in the order they were written. */
export interface CelMap {
  readonly tag: typeof MAP;
  /** Under the key's identity (see maps.ts): the key as written, and its value. */
  readonly entries: ReadonlyMap<unknown, readonly [Value, Value]>;
}

// Symbols, so that no JSON document can ever look like one of these.
const UINT = Symbol("uint");
const TIMESTAMP = Symbol("timestamp");
const DURATION = Symbol("duration");
const TYPE = Symbol("type");
const MAP = Symbol("map");

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);
const MAX_UINT = 2n ** 64n - 1n;
/** 0001-01-01T00:00:00Z and the last nanosecond of 9999, as protobuf's Timestamp has them. */
const MIN_TIMESTAMP = -62_135_596_800n * 1_000_000_000n;
const MAX_TIMESTAMP = 253_402_300_800n * 1_000_000_000n - 1n;

/** Where an evaluation failed. */
export interface FailurePlace {
  /** The tree's node; cure.ts knows what it is. */
  readonly node: object;
  /** Of a call: the kinds of its operands, where it takes others. */
  readonly kinds?: readonly Kind[];
  /** The node came out as something else than true or false, where only these count. */
  readonly wantsBool?: true;
}

/**
 * An evaluation that came to no result. Not an Error: a missing key is an everyday answer, and a stack trace would
 * cost more than the whole evaluation.
 */
export class CelFailure {
  readonly reason: string;
  /** True when nothing may outweigh it, as `|| true` does with other failures: a limit was reached. */
  readonly final: boolean;
  /** Where it happened, for those who look for a cure; see cure.ts. */
  readonly place: FailurePlace | undefined;

  constructor(reason: string, final = false, place?: FailurePlace) {
    this.reason = reason;
    this.final = final;
    this.place = place;
  }
}

/** @throws CelFailure always. */
export function fail(reason: string, place?: FailurePlace): never {
  throw new CelFailure(reason, false, place);
}

/** @throws CelFailure beyond 64 bits. */
export function int(value: bigint): bigint {
  return value > MAX_INT || value < MIN_INT ? fail("integer overflow") : value;
}

/** @throws CelFailure beyond 64 bits or below zero. */
export function uint(value: bigint): Uint {
  return value > MAX_UINT || value < 0n ? fail("unsigned integer overflow") : { tag: UINT, value };
}

/** @throws CelFailure outside the years 1 to 9999. */
export function timestamp(nanos: bigint, offsetMinutes = 0): Timestamp {
  return nanos > MAX_TIMESTAMP || nanos < MIN_TIMESTAMP
    ? fail("timestamp overflow")
    : { tag: TIMESTAMP, nanos, offsetMinutes };
}

/** @throws CelFailure beyond 64 bits of nanoseconds. */
export function duration(nanos: bigint): Duration {
  return nanos > MAX_INT || nanos < MIN_INT ? fail("duration overflow") : { tag: DURATION, nanos };
}

export function typeValue(name: string): TypeValue {
  return { tag: TYPE, name };
}

export function celMap(entries: CelMap["entries"]): CelMap {
  return { tag: MAP, entries };
}

export type Kind =
  | "null_type"
  | "bool"
  | "double"
  | "int"
  | "string"
  | "bytes"
  | "list"
  | "uint"
  | "google.protobuf.Timestamp"
  | "google.protobuf.Duration"
  | "type"
  | "map";

/** The CEL type of a value, by the name that `type(x)` prints. */
export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "double";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
  }
  if (value === null) return "null_type";
  if (Array.isArray(value)) return "list";
  if (value instanceof Uint8Array) return "bytes";
  switch ((value as { tag?: unknown }).tag) {
    case UINT:
      return "uint";
    case TIMESTAMP:
      return "google.protobuf.Timestamp";
    case DURATION:
      return "google.protobuf.Duration";
    case TYPE:
      return "type";
    default:
      return "map";
  }
}

export const isUint = (value: Value): value is Uint => tagOf(value) === UINT;
export const isTimestamp = (value: Value): value is Timestamp => tagOf(value) === TIMESTAMP;
export const isDuration = (value: Value): value is Duration => tagOf(value) === DURATION;
export const isTypeValue = (value: Value): value is TypeValue => tagOf(value) === TYPE;
export const isCelMap = (value: Value): value is CelMap => tagOf(value) === MAP;
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isMap = (value: Value): value is CelMap | JsonObject =>
  isJsonObject(value) && kindOf(value) === "map";

function tagOf(value: Value): unknown {
  return typeof value === "object" && value !== null ? (value as { tag?: unknown }).tag : undefined;
}
