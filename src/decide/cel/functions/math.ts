/** cel-go's math library. */

import { quoted } from "../../../core/quoted.ts";
import { compare } from "../equals.ts";
import type { Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import type { Uint, Value } from "../values.ts";
import { fail, int, isList, uint } from "../values.ts";

const INT_BITS = 64;

/** math.greatest and math.least; parse.ts makes one list of several arguments. */
function extreme(name: string, better: (order: number) => boolean): Overload[] {
  const run = ({ work }: { readonly work: { charge(steps: number): void } }, arg: Value): Value => {
    const values = isList(arg) ? arg : [arg];
    work.charge(values.length * 2);
    const [first, ...rest] = values;
    if (first === undefined) return fail(`math.${name.slice(6)}(list) argument must not be empty`);
    if (!isNumber(first)) return fail("no such overload");
    return rest.reduce((best, value) => {
      const order = isNumber(value) ? compare(value, best) : undefined;
      if (Number.isNaN(order)) return fail("NaN values cannot be ordered");
      return better(order ?? fail("no such overload")) ? value : best;
    }, first);
  };
  return ["int", "uint", "double"].flatMap((type) => [
    overload(name, `(${type}) -> ${type}`, run),
    overload(name, `(list(${type})) -> ${type}`, run),
  ]);
}

/** One function on int and uint. */
function bitwise(name: string, run: (a: bigint, b: bigint) => bigint): Overload[] {
  return [
    overload(name, "(int, int) -> int", (_, a: bigint, b: bigint) => BigInt.asIntN(INT_BITS, run(a, b))),
    overload(name, "(uint, uint) -> uint", (_, a: Uint, b: Uint) =>
      uint(BigInt.asUintN(INT_BITS, run(a.value, b.value))),
    ),
  ];
}

/** A shift: the bits count as unsigned, and all are gone from 64 on. */
function shift(name: string, run: (bits: bigint, by: bigint) => bigint): Overload[] {
  const shifted = (bits: bigint, by: bigint): bigint => {
    if (by < 0n) return fail(`${name}() negative offset: ${quoted(by)}`);
    return by >= INT_BITS ? 0n : run(BigInt.asUintN(INT_BITS, bits), by);
  };
  return [
    overload(name, "(int, int) -> int", (_, a: bigint, by: bigint) =>
      BigInt.asIntN(INT_BITS, shifted(a, by)),
    ),
    overload(name, "(uint, int) -> uint", (_, a: Uint, by: bigint) =>
      uint(BigInt.asUintN(INT_BITS, shifted(a.value, by))),
    ),
  ];
}

const ofDouble = (name: string, run: (value: number) => number): Overload =>
  overload(name, "(double) -> double", (_, value: number) => run(value));

export const math: readonly Overload[] = [
  ...extreme("math.@greatest", (order) => order > 0),
  ...extreme("math.@least", (order) => order < 0),

  ofDouble("math.ceil", Math.ceil),
  ofDouble("math.floor", Math.floor),
  ofDouble("math.trunc", Math.trunc),
  ofDouble("math.round", (value) => {
    // Halves go away from zero; Math.round takes them upwards.
    const whole = Math.trunc(value);
    return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
  }),
  ofDouble("math.sqrt", Math.sqrt),
  overload("math.sqrt", "(int) -> double", (_, value: bigint) => Math.sqrt(Number(value))),
  overload("math.sqrt", "(uint) -> double", (_, value: Uint) => Math.sqrt(Number(value.value))),

  overload("math.isInf", "(double) -> bool", (_, value: number) => Math.abs(value) === Infinity),
  overload("math.isNaN", "(double) -> bool", (_, value: number) => Number.isNaN(value)),
  overload("math.isFinite", "(double) -> bool", (_, value: number) => Number.isFinite(value)),

  ofDouble("math.abs", Math.abs),
  overload("math.abs", "(int) -> int", (_, value: bigint) => int(value < 0n ? -value : value)),
  overload("math.abs", "(uint) -> uint", (_, value: Uint) => value),
  // Go's zero has no sign.
  ofDouble("math.sign", (value) => (value === 0 ? 0 : Math.sign(value))),
  overload("math.sign", "(int) -> int", (_, value: bigint) => (value > 0n ? 1n : value < 0n ? -1n : 0n)),
  overload("math.sign", "(uint) -> uint", (_, value: Uint) => uint(value.value > 0n ? 1n : 0n)),

  ...bitwise("math.bitAnd", (a, b) => a & b),
  ...bitwise("math.bitOr", (a, b) => a | b),
  ...bitwise("math.bitXor", (a, b) => a ^ b),
  overload("math.bitNot", "(int) -> int", (_, value: bigint) => ~value),
  overload("math.bitNot", "(uint) -> uint", (_, value: Uint) => uint(BigInt.asUintN(INT_BITS, ~value.value))),
  ...shift("math.bitShiftLeft", (bits, by) => bits << by),
  ...shift("math.bitShiftRight", (bits, by) => bits >> by),
];

function isNumber(value: Value): boolean {
  return typeof value === "number" || typeof value === "bigint" || compare(value, 0) !== undefined;
}
