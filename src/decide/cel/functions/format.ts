/** The strings library's format: `'%s is %.2f'.format([name, share])`. */

import { textOf } from "../../../core/bytes-text.ts";
import { quoted } from "../../../core/quoted.ts";
import { CLAUSES, MAX_PRECISION } from "../format-clauses.ts";
import type { Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import { printExponent, printFixed } from "../go-float.ts";
import { mapEntries } from "../maps.ts";
import { printDuration, printTimestamp } from "../time.ts";
import type { Value } from "../values.ts";
import { fail, isDuration, isList, isMap, isTimestamp, isTypeValue, isUint, kindOf } from "../values.ts";
import type { Work } from "../work.ts";
import { allowSize } from "../work.ts";

export const format: readonly Overload[] = [
  overload("format", "string.(list(dyn)) -> string", ({ work }, template: string, args: readonly Value[]) =>
    formatted(work, template, args),
  ),
];

/** What each clause costs, and what printing a value, an entry of a map and a number does. */
const CLAUSE_STEPS = 10;
const VALUE_STEPS = 4;
const ENTRY_STEPS = 10;
const NUMBER_STEPS = 20;

function formatted(work: Work, template: string, args: readonly Value[]): string {
  let next = 0;
  let size = template.length;
  work.charge(template.length);
  const text = template.replace(
    CLAUSES,
    (_all, percent: string | undefined, precision: string | undefined, clause: string) => {
      if (percent !== undefined) return "%";
      const arg = next < args.length ? (args[next] as Value) : fail(`index ${next} out of range`);
      next++;
      work.charge(CLAUSE_STEPS);
      const part =
        PRINTERS[clause] ?? fail(`could not parse formatting clause: unrecognized clause ${quoted(clause)}`);
      const result = part(arg, precision === undefined ? undefined : Number(precision), work);
      size += result.length;
      allowSize(size);
      return result;
    },
  );
  return text;
}

type Clause = (value: Value, precision: number | undefined, work: Work) => string;

const PRINTERS: Readonly<Record<string, Clause>> = {
  // Clauses are single characters, so no name of Object.prototype can be one.
  s: (value, _precision, work) => printValue(value, work),
  d: (value) => {
    const whole = integer(value);
    if (whole !== undefined) return String(whole);
    return typeof value === "number" ? printDouble(value, printFixed) : wrongType("decimal", value);
  },
  f: (value, precision = 6) => {
    return printDouble(double("fixed-point", value), (number) => toFixed(number, limited(precision)));
  },
  e: (value, precision = 6) =>
    printDouble(double("scientific", value), (number) => printExponent(number, limited(precision))),
  b: (value) => {
    if (typeof value === "boolean") return value ? "1" : "0";
    return (integer(value) ?? wrongType("binary", value)).toString(2);
  },
  o: (value) => (integer(value) ?? wrongType("octal", value)).toString(8),
  x: (value, _precision, work) => hexadecimal(value, work),
  X: (value, _precision, work) => hexadecimal(value, work).toUpperCase(),
};

function printValue(value: Value, work: Work): string {
  work.charge(VALUE_STEPS);
  if (typeof value === "string") {
    work.charge(value.length / 16);
    return value;
  }
  if (value === null) return "null";
  work.charge(NUMBER_STEPS);
  if (typeof value === "number") return printDouble(value, printFixed);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (isUint(value)) return String(value.value);
  if (value instanceof Uint8Array) {
    work.charge(value.length / 2);
    return textOf(value);
  }
  if (isTimestamp(value)) return printTimestamp({ ...value, offsetMinutes: 0 });
  if (isDuration(value)) return printDuration(value);
  if (isTypeValue(value)) return value.name;
  if (isList(value)) return `[${value.map((item) => printValue(item, work)).join(", ")}]`;
  if (!isMap(value)) return wrongType("string", value);
  const pairs = mapEntries(value);
  work.charge(pairs.length * ENTRY_STEPS);
  const entries = pairs.map(([key, item]) => `${printValue(key, work)}: ${printValue(item, work)}`);
  return `{${entries.sort().join(", ")}}`;
}

function printDouble(value: number, print: (value: number) => string): string {
  if (!Number.isFinite(value)) return String(value);
  const text = print(value);
  return Object.is(value, -0) && !text.startsWith("-") ? `-${text}` : text;
}

/** strconv's 'f' rounds halves to even where they are exact, as printf does; toFixed rounds them up. */
function toFixed(value: number, precision: number): string {
  // From 1e21 on toFixed turns to exponents; such doubles are integers, and BigInt has all of their digits.
  const text = Math.abs(value) < 1e21 ? value.toFixed(precision) : `${BigInt(value)}${zeros(precision)}`;
  const scaled = Math.abs(value) * 10 ** precision;
  const isExactHalf =
    precision <= 20 && scaled < 2 ** 52 && scaled % 1 === 0.5 && scaled / 10 ** precision === Math.abs(value);
  if (!isExactHalf || Math.floor(scaled) % 2 === 1) return text;
  const down = (Math.floor(scaled) / 10 ** precision).toFixed(precision);
  return value < 0 ? `-${down}` : down;
}

const zeros = (precision: number): string => (precision === 0 ? "" : `.${"0".repeat(precision)}`);

function hexadecimal(value: Value, work: Work): string {
  if (typeof value === "string" || value instanceof Uint8Array) work.charge(value.length / 4);
  if (typeof value === "string") return Buffer.from(value).toString("hex");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return (integer(value) ?? wrongType("hex", value)).toString(16);
}

function integer(value: Value): bigint | undefined {
  return typeof value === "bigint" ? value : isUint(value) ? value.value : undefined;
}

function double(clause: string, value: Value): number {
  if (typeof value === "number") return value;
  const whole = integer(value);
  return whole === undefined ? wrongType(clause, value) : Number(whole);
}

function limited(precision: number): number {
  return precision > MAX_PRECISION
    ? fail(`precision ${quoted(precision)} exceeds ${MAX_PRECISION}`)
    : precision;
}

function wrongType(clause: string, value: Value): never {
  return fail(`error during formatting: ${quoted(clause)} clause cannot be used on ${kindOf(value)}`);
}
