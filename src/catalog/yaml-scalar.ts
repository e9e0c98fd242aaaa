/** Plain YAML scalars as kubectl reads them: YAML 1.1 with the habits of go-yaml v2. */

import type { JsonScalar } from "../core/json.ts";
import { YAML_FLOAT, YAML_WORDS } from "../core/yaml-words.ts";

const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;

/**
 * What an unquoted scalar means, by the rules of sigs.k8s.io/yaml: `yes`, `on` and `y` are true, `010` is eight,
 * `1_000` is a thousand, timestamps are text.
 *
 * @throws RangeError when JSON, or a double, cannot hold the value; the message tells how to write it.
 */
export function plainScalar(source: string): JsonScalar {
  const word = YAML_WORDS.get(source);
  if (typeof word === "number")
    throw new RangeError(`${source} is no JSON value; quote it if it is meant as text`);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(source)) return source;
  const digits = source.replaceAll("_", "");
  if (INTEGER.test(digits)) return integer(digits);
  if (!YAML_FLOAT.test(digits)) return source;
  const value = Number(digits);
  // go-yaml takes a number beyond the doubles for text.
  return Number.isFinite(value) ? value : source;
}

function integer(digits: string): number {
  const negative = digits.startsWith("-");
  const magnitude = digits.replace(/^[-+]/, "");
  const octal = /^0[0-7]+$/.test(magnitude);
  const value = Number(octal ? `0o${magnitude.slice(1)}` : magnitude);
  if (!Number.isSafeInteger(value))
    throw new RangeError("integers beyond 2^53 lose digits on their way through JSON; quote it");
  return negative ? -value : value;
}
