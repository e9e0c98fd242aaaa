/** Operators and size: what the grammar itself calls, under cel-go's names. */

import { compare, equals, listHas } from "../equals.ts";
import type { Context, Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import type { AnyMap } from "../maps.ts";
import { KEY_STEPS, mapHas, mapSize } from "../maps.ts";
import type { Duration, Timestamp, Uint, Value } from "../values.ts";
import { duration, fail, int, timestamp, uint } from "../values.ts";
import { allowSize } from "../work.ts";

type Bytes = Uint8Array;
type List = readonly Value[];

const ORDERED = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"];

const NUMBERS = ["int", "uint", "double"];

/**
 * One operator of order. The checker wants equal types, save behind a macro, where cel-go forgets that it shall; at run
 * time numbers of any type can be compared.
 */
function ordering(name: string, holds: (order: number) => boolean): Overload[] {
  const run = ({ work }: Context, a: Value, b: Value): boolean => {
    if (typeof a === "string" || a instanceof Uint8Array) work.charge(8 + a.length / 4);
    return holds(compare(a, b) ?? fail("no such overload"));
  };
  const ofTypes = (a: string, b: string): Overload => ({
    ...overload(name, `(${a}, ${b}) -> bool`, run),
    guards: [undefined, undefined],
  });
  const mixed = NUMBERS.flatMap((a) => NUMBERS.filter((b) => b !== a).map((b) => ofTypes(a, b)));
  return [
    ...ORDERED.map((type) => ofTypes(type, type)),
    ...mixed.map((candidate) => ({ ...candidate, behindMacros: true })),
  ];
}

/** Compiled by compile.ts itself, because not all of their operands are evaluated; listed for the checker. */
const compiledElsewhere = (): never => fail("no such overload");

const all: readonly Overload[] = [
  overload("_?_:_", "(bool, A, A) -> A", compiledElsewhere),
  overload("_[_]", "(list(A), int) -> A", compiledElsewhere),
  overload("_[_]", "(map(A, B), A) -> B", compiledElsewhere),

  overload("_==_", "(A, A) -> bool", ({ work }, a: Value, b: Value) => equals(work, a, b)),
  overload("_!=_", "(A, A) -> bool", ({ work }, a: Value, b: Value) => !equals(work, a, b)),
  ...ordering("_<_", (order) => order < 0),
  ...ordering("_<=_", (order) => order <= 0),
  ...ordering("_>_", (order) => order > 0),
  ...ordering("_>=_", (order) => order >= 0),
  overload("@in", "(A, list(A)) -> bool", ({ work }, a: Value, list: List) => listHas(work, list, a)),
  overload("@in", "(A, map(A, B)) -> bool", (_, key: Value, map: AnyMap) => mapHas(map, key)),
  overload("!_", "(bool) -> bool", (_, a: boolean) => !a),

  overload("_+_", "(int, int) -> int", (_, a: bigint, b: bigint) => int(a + b)),
  overload("_+_", "(uint, uint) -> uint", (_, a: Uint, b: Uint) => uint(a.value + b.value)),
  overload("_+_", "(double, double) -> double", (_, a: number, b: number) => a + b),
  overload("_+_", "(string, string) -> string", ({ work }, a: string, b: string) => {
    allowSize(a.length + b.length);
    work.charge((a.length + b.length) / 16);
    return a + b;
  }),
  overload("_+_", "(bytes, bytes) -> bytes", ({ work }, a: Bytes, b: Bytes) => {
    allowSize(a.length + b.length);
    work.charge(10 + (a.length + b.length) / 16);
    return Buffer.concat([a, b]);
  }),
  overload("_+_", "(list(A), list(A)) -> list(A)", ({ work }, a: List, b: List) => {
    allowSize(a.length + b.length);
    work.charge((a.length + b.length) / 4);
    return [...a, ...b];
  }),
  overload("_+_", "(timestamp, duration) -> timestamp", (_, a: Timestamp, b: Duration) =>
    timestamp(a.nanos + b.nanos, a.offsetMinutes),
  ),
  overload("_+_", "(duration, timestamp) -> timestamp", (_, a: Duration, b: Timestamp) =>
    timestamp(a.nanos + b.nanos, b.offsetMinutes),
  ),
  overload("_+_", "(duration, duration) -> duration", (_, a: Duration, b: Duration) =>
    duration(a.nanos + b.nanos),
  ),

  overload("_-_", "(int, int) -> int", (_, a: bigint, b: bigint) => int(a - b)),
  overload("_-_", "(uint, uint) -> uint", (_, a: Uint, b: Uint) => uint(a.value - b.value)),
  overload("_-_", "(double, double) -> double", (_, a: number, b: number) => a - b),
  overload("_-_", "(timestamp, timestamp) -> duration", (_, a: Timestamp, b: Timestamp) =>
    duration(a.nanos - b.nanos),
  ),
  overload("_-_", "(timestamp, duration) -> timestamp", (_, a: Timestamp, b: Duration) =>
    timestamp(a.nanos - b.nanos, a.offsetMinutes),
  ),
  overload("_-_", "(duration, duration) -> duration", (_, a: Duration, b: Duration) =>
    duration(a.nanos - b.nanos),
  ),

  overload("_*_", "(int, int) -> int", (_, a: bigint, b: bigint) => int(a * b)),
  overload("_*_", "(uint, uint) -> uint", (_, a: Uint, b: Uint) => uint(a.value * b.value)),
  overload("_*_", "(double, double) -> double", (_, a: number, b: number) => a * b),
  overload("_/_", "(int, int) -> int", (_, a: bigint, b: bigint) =>
    b === 0n ? fail("division by zero") : int(a / b),
  ),
  overload("_/_", "(uint, uint) -> uint", (_, a: Uint, b: Uint) =>
    b.value === 0n ? fail("division by zero") : uint(a.value / b.value),
  ),
  overload("_/_", "(double, double) -> double", (_, a: number, b: number) => a / b),
  overload("_%_", "(int, int) -> int", (_, a: bigint, b: bigint) =>
    b === 0n ? fail("modulus by zero") : a % b,
  ),
  overload("_%_", "(uint, uint) -> uint", (_, a: Uint, b: Uint) =>
    b.value === 0n ? fail("modulus by zero") : uint(a.value % b.value),
  ),
  overload("-_", "(int) -> int", (_, a: bigint) => int(-a)),
  overload("-_", "(double) -> double", (_, a: number) => -a),

  ...["(list(A)) -> int", "list(A).() -> int"].map((text) =>
    overload("size", text, (_, list: List) => BigInt(list.length)),
  ),
  ...["(map(A, B)) -> int", "map(A, B).() -> int"].map((text) =>
    overload("size", text, ({ work }, map: AnyMap) => {
      const size = mapSize(map);
      work.charge(size * KEY_STEPS);
      return BigInt(size);
    }),
  ),
  ...["(bytes) -> int", "bytes.() -> int"].map((text) =>
    overload("size", text, (_, bytes: Bytes) => BigInt(bytes.length)),
  ),
  ...["(string) -> int", "string.() -> int"].map((text) =>
    overload("size", text, ({ work }, text: string) => {
      work.charge(text.length / 16);
      return BigInt(codePoints(text));
    }),
  ),
];

export const operators: readonly Overload[] = all.map((candidate) => ({ ...candidate, byValue: true }));

function codePoints(text: string): number {
  let pairs = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) pairs++;
  }
  return text.length - pairs;
}
