/** Parses the Kubernetes JSONPath dialect (k8s.io/client-go/util/jsonpath) to nodes, quirks included. */

import { unquote } from "./unquote.ts";

/** One step of a path. Steps take a list of values and give a list of values. */
export type PathNode =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly at: number }
  | {
      readonly kind: "slice";
      readonly start: number;
      readonly end: number | undefined;
      readonly step: number;
    }
  | { readonly kind: "wildcard" }
  | { readonly kind: "descend" }
  | { readonly kind: "union"; readonly branches: readonly (readonly PathNode[])[] }
  | {
      readonly kind: "filter";
      readonly left: readonly PathNode[];
      /** A comparison sign as written, or undefined: the filter asks whether `left` exists. */
      readonly operator: string | undefined;
      readonly right: readonly PathNode[];
    }
  /** Integers are bigint: Go does not compare them with the doubles of a JSON document. */
  | { readonly kind: "literal"; readonly value: string | boolean | number | bigint }
  /** A bare word such as `ann`: a fault, but only when it is reached. */
  | { readonly kind: "word"; readonly word: string };

const FIELD = /(?:\\[\s\S]|[^\\ \t\r\n.,[\]$@{}])*/y;
const WORD = /[^ \t\r\n.,[\]$@{}]*/y;
const NUMBER = /[+-]?[.\p{Nd}]*/uy;
const WORD_START = /[\p{L}\p{Nd}_]/uy;
const NUMBER_START = /[-+\p{Nd}]/uy;
const COMPARISON = /^([^!<>=]+)([!<>=]+)([\s\S]+)$/;
const QUOTED_KEY = /^'([^']*)'$/;
const SUBSCRIPT = /^(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?$/;
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Parses one path.
 *
 * @param text what stands between `{` and `}` of a complete expression, with its leading dot: `.body.ref`.
 * @returns its steps in order.
 * @throws SyntaxError with a reason for people.
 */
export function parsePath(text: string): readonly PathNode[] {
  const nodes: PathNode[] = [];
  let at = 0;

  const matches = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    return pattern.test(text);
  };
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };
  const field = (): PathNode => {
    const name = take(FIELD);
    if (text[at] === "\\") throw new SyntaxError("it ends with a backslash");
    return name === "*" ? { kind: "wildcard" } : { kind: "field", name: name.replaceAll("\\", "") };
  };

  while (at < text.length) {
    if (text.startsWith("[?(", at)) {
      const close = endOfFilter(text, at + 3);
      nodes.push(filter(text.slice(at + 3, close)));
      at = close + 2;
    } else if (text.startsWith("..", at)) {
      if (nodes.at(-1)?.kind === "descend") throw new SyntaxError("`..` follows another `..`");
      at += 2;
      nodes.push({ kind: "descend" });
      if (matches(WORD_START)) nodes.push(field());
    } else if (text[at] === ".") {
      at++;
      nodes.push(field());
    } else if (text[at] === "[") {
      const close = endOfSubscript(text, at);
      nodes.push(...subscript(text.slice(at + 1, close)));
      at = close + 1;
    } else if (text[at] === '"' || text[at] === "'") {
      const close = endOfQuote(text, at);
      nodes.push({ kind: "literal", value: unquote(text.slice(at, close + 1)) });
      at = close + 1;
    } else if (text[at] === " " || text[at] === "@" || text[at] === "$") {
      at++;
    } else if (matches(NUMBER_START)) {
      nodes.push({ kind: "literal", value: number(take(NUMBER)) });
    } else if (matches(WORD_START)) {
      const word = take(WORD);
      if (word === "true" || word === "false") nodes.push({ kind: "literal", value: word === "true" });
      else nodes.push({ kind: "word", word });
    } else {
      throw new SyntaxError(`unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`);
    }
  }
  return nodes;
}

/** Quotes do not protect a bracket here: the dialect looks for the next `]`. */
function endOfSubscript(text: string, open: number): number {
  const close = text.indexOf("]", open);
  const line = text.indexOf("\n", open);
  if (close === -1 || (line !== -1 && line < close)) throw new SyntaxError("[ is not closed");
  return close;
}

/** Where the `)` of `)]` stands. It counts when no string has been opened, or the first one has been closed. */
function endOfFilter(text: string, from: number): number {
  let quote: string | undefined;
  let closed = false;
  for (let i = from; i < text.length && text[i] !== "\n"; i++) {
    const sign = text[i];
    if (sign === '"' || sign === "'") {
      if (quote === undefined) quote = sign;
      else if (sign === quote && text[i - 1] !== "\\") closed = true;
    } else if (sign === ")" && (quote === undefined || closed)) {
      if (text[i + 1] !== "]") throw new SyntaxError("the filter's ) is not followed by ]");
      return i;
    }
  }
  throw new SyntaxError("[?( is not closed");
}

function endOfQuote(text: string, open: number): number {
  for (let i = open + 1; i < text.length && text[i] !== "\n"; i++) {
    if (text[i] === text[open] && text[i - 1] !== "\\") return i;
  }
  throw new SyntaxError("a quoted string is not closed");
}

function filter(text: string): PathNode {
  const parts = COMPARISON.exec(text);
  if (parts === null) return { kind: "filter", left: parsePath(text), operator: undefined, right: [] };
  const [, left = "", operator, right = ""] = parts;
  return { kind: "filter", left: parsePath(left), operator, right: parsePath(right) };
}

/** What stands between brackets. A quoted key is a path of its own: `['a.b']` means a, then b. */
function subscript(text: string): readonly PathNode[] {
  if (text === "*") return [{ kind: "slice", start: 0, end: undefined, step: 1 }];
  const parts = text.split(",");
  if (parts.length > 1) {
    const branches = parts.map((part) => parsePath(`[${part.replace(/^ +| +$/g, "")}]`));
    return [{ kind: "union", branches }];
  }
  const key = QUOTED_KEY.exec(text)?.[1];
  if (key !== undefined) return parsePath(`.${key}`);
  const bounds = SUBSCRIPT.exec(text);
  if (bounds === null) throw new SyntaxError(`[${text}] is no index, slice or quoted key`);
  const start = bound(bounds[1]) ?? 0;
  if (bounds[2] === undefined) return [{ kind: "index", at: start }];
  const step = bound(bounds[3]?.slice(1)) ?? 1;
  return [{ kind: "slice", start, end: bound(bounds[2].slice(1)), step }];
}

function bound(digits: string | undefined): number | undefined {
  if (digits === undefined || digits === "") return undefined;
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) throw new SyntaxError(`${digits} is no index`);
  return value === 0 ? 0 : value; // "-0" is 0
}

function number(text: string): number | bigint {
  if (/^[+-]?[0-9]+$/.test(text)) {
    const value = BigInt(text.replace("+", ""));
    if (value >= -MAX_INT64 - 1n && value <= MAX_INT64) return value;
  }
  const value = /[0-9]/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new SyntaxError(`${text} is no number`);
  return value;
}
