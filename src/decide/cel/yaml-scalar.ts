/** What a scalar of YAML means to go-yaml, which is YAML 1.1 with some of 1.2, and without dates and numbers to the base of sixty. */

import { YAML_FLOAT, YAML_WORDS } from "../../core/yaml-words.ts";
import { parseFloat64, printFloat } from "./go-float.ts";

export type Scalar = null | boolean | number | string;

const PREFIX = "tag:yaml.org,2002:";

/**
 * Resolves a scalar.
 *
 * @param text what stands there, unquoted.
 * @param plain false where it stood in quotes or in a block.
 * @param tag the tag it was given, in full; undefined where it has none.
 * @throws SyntaxError when it cannot be what its tag says.
 */
export function resolveScalar(text: string, plain: boolean, tag: string | undefined): Scalar {
  if (tag === undefined) return plain ? resolvePlain(text).value : text;
  if (tag === `${PREFIX}binary`) return binary(text);
  const wanted = tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : "";
  if (!KINDS.has(wanted)) return text;
  const { kind, value } = resolvePlain(text);
  if (kind === wanted || (kind === "int" && wanted === "float")) return value;
  throw new SyntaxError(`cannot decode !!${kind} as a !!${wanted}`);
}

/** The tags that a scalar is checked against; all others leave it a text. */
const KINDS: ReadonlySet<string> = new Set(["bool", "int", "float", "null"]);

interface Resolved {
  readonly kind: "bool" | "int" | "float" | "null" | "str";
  readonly value: Scalar;
}

function resolvePlain(text: string): Resolved {
  const word = YAML_WORDS.get(text);
  if (word !== undefined) return { kind: kindOf(word), value: word };
  const string: Resolved = { kind: "str", value: text };
  if (text.startsWith(".")) {
    const value = parseFloat64(text);
    return value === undefined ? string : { kind: "float", value };
  }
  if (!/^[-+0-9]/.test(text)) return string;
  const digits = text.replaceAll("_", "");
  const int = parseInteger(digits);
  if (int !== undefined) return { kind: "int", value: int };
  if (!YAML_FLOAT.test(digits)) return string;
  // What is too large for a double is no number.
  const value = parseFloat64(digits);
  return value === undefined ? string : { kind: "float", value };
}

function kindOf(word: Scalar): Resolved["kind"] {
  if (word === null) return "null";
  return typeof word === "boolean" ? "bool" : "float";
}

/** Go's ParseInt of any base, 64 bits: `0x1F`, `0b11`, `0o17`, and `017`, which is fifteen too. */
function parseInteger(text: string): number | undefined {
  const match =
    /^([-+]?)(?:0[xX]([0-9a-fA-F]{1,32})|0[bB]([01]{1,80})|0[oO]?([0-7]{1,40})|(0|[1-9][0-9]{0,29}))$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, sign = "", hex, bits, octal, decimal = ""] = match;
  const magnitude = BigInt(
    hex !== undefined
      ? `0x${hex}`
      : bits !== undefined
        ? `0b${bits}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal,
  );
  const value = sign === "-" ? -magnitude : magnitude;
  // Beyond an int there is the uint, which has no sign.
  const limit = sign === "" ? 2n ** 64n : 2n ** 63n;
  return value >= limit || value < -(2n ** 63n) ? undefined : Number(value);
}

function binary(text: string): string {
  const joined = text.replace(/[\r\n]/g, "");
  const valid = joined.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(joined);
  if (!valid) throw new SyntaxError("!!binary value contains invalid base64 data");
  return Buffer.from(joined, "base64").toString();
}

/** A key of a map as JSON has it. @throws SyntaxError for null, and for what holds others. */
export function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  if (typeof key === "boolean") return String(key);
  if (typeof key !== "number") throw new SyntaxError("null, a list or a map cannot be a key");
  if (Number.isNaN(key)) return ".nan";
  if (!Number.isFinite(key)) return key > 0 ? ".inf" : "-.inf";
  return Number.isInteger(key) && Math.abs(key) < 2 ** 64 ? BigInt(key).toString() : printFloat32(key);
}

/** strconv.FormatFloat(x, 'g', -1, 32): as many digits as tell it from its neighbours of 32 bits. */
function printFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return printFloat(short);
  }
  return printFloat(Number(value.toPrecision(9)));
}
