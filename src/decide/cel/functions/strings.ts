/** cel-go's strings library: positions count code points. */

import { quoted } from "../../../core/quoted.ts";
import type { Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import { fail } from "../values.ts";
import type { Work } from "../work.ts";
import { allowSize } from "../work.ts";

export const strings: readonly Overload[] = [
  overload("contains", "string.(string) -> bool", ({ work }, text: string, part: string) => {
    chargeSearch(work, text, part);
    return text.includes(part);
  }),
  overload(
    "startsWith",
    "string.(string) -> bool",
    search((text, part) => text.startsWith(part)),
  ),
  overload(
    "endsWith",
    "string.(string) -> bool",
    search((text, part) => text.endsWith(part)),
  ),

  overload("charAt", "string.(int) -> string", ({ work }, text: string, at: bigint) => {
    const points = codePoints(work, text);
    return at < 0n || at > points.length ? outOfRange(at) : (points[Number(at)] ?? "");
  }),
  overload("indexOf", "string.(string) -> int", ({ work }, text: string, part: string) =>
    indexOf(work, text, part, 0n),
  ),
  overload("indexOf", "string.(string, int) -> int", ({ work }, text: string, part: string, from: bigint) =>
    indexOf(work, text, part, from),
  ),
  overload("lastIndexOf", "string.(string) -> int", ({ work }, text: string, part: string) =>
    lastIndexOf(work, text, part, undefined),
  ),
  overload(
    "lastIndexOf",
    "string.(string, int) -> int",
    ({ work }, text: string, part: string, from: bigint) => lastIndexOf(work, text, part, from),
  ),
  overload("substring", "string.(int) -> string", ({ work }, text: string, start: bigint) => {
    const points = codePoints(work, text);
    return start < 0n || start > points.length ? outOfRange(start) : points.slice(Number(start)).join("");
  }),
  overload(
    "substring",
    "string.(int, int) -> string",
    ({ work }, text: string, start: bigint, end: bigint) => {
      const points = codePoints(work, text);
      if (start > end) return fail(`invalid substring range. start: ${quoted(start)}, end: ${quoted(end)}`);
      if (start < 0n || start > points.length) return outOfRange(start);
      if (end < 0n || end > points.length) return outOfRange(end);
      return points.slice(Number(start), Number(end)).join("");
    },
  ),

  overload("lowerAscii", "string.() -> string", ({ work }, text: string) => {
    work.charge(text.length / 8);
    return text.replace(/[A-Z]+/g, (part) => {
      work.charge(MATCH_STEPS);
      return part.toLowerCase();
    });
  }),
  overload("upperAscii", "string.() -> string", ({ work }, text: string) => {
    work.charge(text.length / 8);
    return text.replace(/[a-z]+/g, (part) => {
      work.charge(MATCH_STEPS);
      return part.toUpperCase();
    });
  }),
  overload("trim", "string.() -> string", ({ work }, text: string) => {
    const trimmed = trim(text);
    work.charge(1 + text.length / 64 + (text.length - trimmed.length) / 2);
    return trimmed;
  }),
  overload("reverse", "string.() -> string", ({ work }, text: string) =>
    codePoints(work, text).reverse().join(""),
  ),
  overload(
    "replace",
    "string.(string, string) -> string",
    ({ work }, text: string, old: string, by: string) => replace(work, text, old, by, -1n),
  ),
  overload(
    "replace",
    "string.(string, string, int) -> string",
    ({ work }, text: string, old: string, by: string, limit: bigint) => replace(work, text, old, by, limit),
  ),
  overload("split", "string.(string) -> list(string)", ({ work }, text: string, separator: string) =>
    split(work, text, separator, -1n),
  ),
  overload(
    "split",
    "string.(string, int) -> list(string)",
    ({ work }, text: string, separator: string, limit: bigint) => split(work, text, separator, limit),
  ),
  overload("join", "list(string).() -> string", ({ work }, list: readonly unknown[]) => join(work, list, "")),
  overload(
    "join",
    "list(string).(string) -> string",
    ({ work }, list: readonly unknown[], separator: string) => join(work, list, separator),
  ),
  overload("strings.quote", "(string) -> string", ({ work }, text: string) => {
    work.charge(text.length / 4);
    const quote = (c: string): string => {
      work.charge(MATCH_STEPS);
      return QUOTED[c] as string;
    };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones with a name in Go
    return `"${text.toWellFormed().replace(/["\\\u0007\b\f\n\r\t\v]/g, quote)}"`;
  }),
];

const QUOTED: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

function search(test: (text: string, part: string) => boolean) {
  return ({ work }: { readonly work: Work }, text: string, part: string): boolean => {
    work.charge(1 + text.length / 64);
    return test(text, part);
  };
}

/** The engine searches naively: texts and parts of one letter cost the product of their lengths. */
function chargeSearch(work: Work, text: string, part: string): void {
  work.charge(1 + (text.length * (1 + part.length / 2)) / 32);
}

/** What a code point costs as an element of an array, and a match that is replaced by what a function says. */
const POINT_STEPS = 3;
const MATCH_STEPS = 6;

function codePoints(work: Work, text: string): string[] {
  work.charge(4 + text.length * POINT_STEPS);
  return Array.from(text);
}

function outOfRange(at: bigint): never {
  return fail(`index out of range: ${quoted(at)}`);
}

function atMost(value: bigint, limit: number): bigint {
  return value > limit ? BigInt(limit) : value;
}

function indexOf(work: Work, text: string, part: string, from: bigint): bigint {
  if (from < 0n) return outOfRange(from);
  const points = codePoints(work, text);
  if (part === "") return atMost(from, points.length);
  if (from > points.length) return -1n;
  const start = points.slice(0, Number(from)).join("").length;
  chargeSearch(work, text, part);
  const found = text.indexOf(part, start);
  return BigInt(found === -1 ? -1 : Array.from(text.slice(0, found)).length);
}

function lastIndexOf(work: Work, text: string, part: string, from: bigint | undefined): bigint {
  if (from !== undefined && from < 0n) return outOfRange(from);
  const points = codePoints(work, text);
  if (part === "") return atMost(from ?? BigInt(points.length), points.length);
  if (from !== undefined && from >= points.length) return -1n;
  const start = from === undefined ? text.length : points.slice(0, Number(from)).join("").length;
  chargeSearch(work, text, part);
  const found = text.lastIndexOf(part, start);
  return BigInt(found === -1 ? -1 : Array.from(text.slice(0, found)).length);
}

/** Go's strings.Replace: an empty old text stands before each code point and at the end. */
function replace(work: Work, text: string, old: string, by: string, limit: bigint): string {
  work.charge(text.length / 8);
  if (limit === 0n || old === by) return text;
  chargeSearch(work, text, old);
  const parts = old === "" ? ["", ...codePoints(work, text), ""] : text.split(old);
  const gaps = parts.length - 1;
  const count = limit < 0n || limit > gaps ? gaps : Number(limit);
  const size = text.length + count * (by.length - old.length);
  allowSize(size);
  work.charge(parts.length * 4 + size / 4);
  const head = parts.slice(0, count + 1).join(by);
  const tail = parts.slice(count + 1);
  return tail.length === 0 ? head : `${head}${old}${tail.join(old)}`;
}

/** Go's strings.SplitN. */
function split(work: Work, text: string, separator: string, limit: bigint): string[] {
  if (limit === 0n) return [];
  work.charge(text.length / 8);
  chargeSearch(work, text, separator);
  const parts = separator === "" ? codePoints(work, text) : text.split(separator);
  work.charge(4 + parts.length * 4 + text.length / 8);
  if (limit < 0n || limit >= parts.length) return parts;
  const kept = parts.slice(0, Number(limit) - 1);
  return [...kept, parts.slice(kept.length).join(separator)];
}

function join(work: Work, list: readonly unknown[], separator: string): string {
  const texts = list.filter((item) => typeof item === "string");
  if (texts.length < list.length) return fail("no such overload: join(list, string)");
  const size = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  allowSize(size);
  work.charge(list.length * 2 + size / 4);
  return texts.join(separator);
}

/** Go's unicode.IsSpace, which JavaScript's trim differs from by U+0085 and U+FEFF. */
const SPACE = new Set(
  "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
);

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.has(text[start] as string)) start++;
  while (end > start && SPACE.has(text[end - 1] as string)) end--;
  return text.slice(start, end);
}
