/** What was probably meant by an expression that does not compile: one line for each habit of another language. */

import { nearest } from "../../core/nearest.ts";
import { printType, type Signature } from "./types.ts";

/** Strings and comments blanked, so that nothing inside them is taken for syntax; the length stays. */
const QUOTED = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*/g;

/** Rules for texts that the grammar refuses, in the order in which they are tried. */
const SYNTAX: readonly (readonly [RegExp, string | ((found: RegExpExecArray) => string)])[] = [
  [/\{\{/, "{{ }} belongs to a template that nobody has filled in yet."],
  [/\$[({]/, "An expression reads the event by itself: write body.ref, not $(body.ref)."],
  [
    /[\w.?]*\.\?[\w.?]*|\[\?/,
    ([path]) =>
      `Optional values (.?, orValue) are not enabled, in Tekton neither: ask with has(${plainPath(path)}) first, as in has(body.x) ? body.x : 'none'.`,
  ],
  [/[‘’“”„‚«»]/, "These quotes are typographic: write ' or \"."],
  [
    /[\u00a0\u2000-\u200f\u2028-\u202f\u3000\ufeff]/,
    "A character that cannot be seen came with a copy: type the space again.",
  ],
  [/#/, "A comment begins with //."],
  [/;/, "An expression is one condition or value: join conditions with &&."],
  [/===|!==/, "Write == and !=; CEL has no === and !==."],
  [/=~|!~/, "Regular expressions are asked by matches: body.ref.matches('^refs/tags/')."],
  [/(?<![=!<>])=(?!=)/, "Comparing is written ==."],
  [
    /([\w.]+)\s+(matches|contains|startsWith|endsWith)\b/,
    ([, value, name]) => `It is a call: ${value}.${name}('…').`,
  ],
  [/\bis\b/i, "Write == for is."],
  [/\band\b/i, "Write && for and."],
  [/\bor\b/i, "Write || for or."],
  [/\bnot\b/i, "Write ! for not: !(body.x in ['a', 'b'])."],
  [/<>/, "Write != for <>."],
  [/(?<!&)&(?!&)/, "Write && for and."],
  [/(?<!\|)\|(?!\|)/, "Write || for or; CEL has no pipes."],
  [/\?[^:]*$/, "A condition has two branches: condition ? 'a' : 'b'."],
  [/["']/, "A string is not closed, or holds a quote of its own kind: put it in quotes of the other kind."],
];

/** The cure of an expression that the grammar refuses; undefined where nothing is known. */
export function cureOfSyntax(expression: string): string | undefined {
  const text = expression.replace(QUOTED, (found) => " ".repeat(found.length));
  for (const [pattern, cure] of SYNTAX) {
    const found = pattern.exec(text);
    if (found !== null) return typeof cure === "string" ? cure : cure(found);
  }
  return undefined;
}

/** `body.?a.?b.orValue` as has() wants it: `body.a.b`. */
function plainPath(path: string): string {
  const plain = path.replaceAll("?", "").replace(/\.or(Value|Optional)?$/, "");
  return /^\w+(\.\w+)+$/.test(plain) ? plain : "body.x";
}

/** A function that is not there. @param target what it was called on, as text. @param known names of all functions. */
export function cureOfFunction(
  name: string,
  target: string | undefined,
  known: Iterable<string>,
): string | undefined {
  const x = target ?? "x";
  const other = OTHER_NAMES.get(name.toLowerCase());
  if (other !== undefined) return other.replaceAll("%", () => x);
  const meant = nearest(
    name,
    [...known].filter((one) => /^[a-z]/i.test(one)),
  );
  return meant === undefined ? undefined : `Did you mean ${meant}?`;
}

const OTHER_NAMES: ReadonlyMap<string, string> = new Map(
  [
    ["decodeb64", "decodeb64 went away in Tekton: write string(base64.decode(%))."],
    ["b64decode base64decode decodebase64 frombase64", "Write string(base64.decode(%))."],
    ["b64encode base64encode tobase64 encodeb64", "Write base64.encode(bytes(%))."],
    ["length len count", "Write size(%)."],
    ["tolower tolowercase lower lowercase downcase", "Write %.lowerAscii()."],
    ["toupper touppercase upper uppercase upcase", "Write %.upperAscii()."],
    [
      "includes include has_value haskey",
      "Write %.contains('a') of a text, 'a' in % of a list or an object.",
    ],
    ["equals eq", "Write % == 'a'."],
    ["isempty empty", "Write size(%) == 0."],
    ["tostring str", "Write string(%); of a number string(int(%))."],
    ["toint integer number parseint", "Write int(%)."],
    [
      "orvalue optional optmap or",
      "Optional values are not enabled, in Tekton neither: has(body.x) ? body.x : 'none'.",
    ],
    ["default orelse ordefault coalesce ifnull", "Write has(body.x) ? body.x : 'none'."],
    ["slice sub substr", "Write %.substring(0, 7)."],
    ["regex match_regex regexmatch test", "Write %.matches('^refs/tags/')."],
    ["some any", "Write %.exists(one, one == 'a')."],
    ["every", "Write %.all(one, one == 'a')."],
    ["find", "Write %.filter(one, one == 'a')."],
    ["decode parse", "Write %.parseJSON() or %.parseYAML()."],
    ["tojson json stringify encode", "Write %.marshalJSON()."],
    ["now today", "An expression knows no clock."],
    ["and", "Write && for and."],
    ["not", "Write ! for not."],
  ].flatMap(([names = "", cure = ""]) => names.split(" ").map((name) => [name, cure] as const)),
);

/** A name that stands for nothing. @param at where it stands in the expression. */
export function cureOfIdent(
  name: string,
  expression: string,
  at: number,
  known: Iterable<string>,
): string | undefined {
  const dashed = dashedBefore(expression, at);
  if (dashed !== undefined) return dashed;
  const other = OTHER_ROOTS.get(name.toLowerCase());
  if (other !== undefined) return other;
  const meant = nearest(name, [...known]);
  return meant === undefined
    ? "An expression reads body, header, extensions and requestURL; a text stands in quotes."
    : `Did you mean ${meant}?`;
}

/** Characters of a path with dashes in it. */
const LONGEST_PATH = 200;

/** `header.X-GitHub-Event` and `body.head-commit`: what reads as a subtraction of names. */
function dashedBefore(expression: string, at: number): string | undefined {
  const before = /([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.((?:[A-Za-z0-9_]+-)+)$/.exec(
    expression.slice(Math.max(0, at - LONGEST_PATH), at),
  );
  if (before === null) return undefined;
  const [, path, start = ""] = before;
  const [rest = ""] = /^[\w-]{0,200}/.exec(expression.slice(at)) ?? [];
  if (path === "header") return `A name with dashes stands in quotes: header.canonical('${start}${rest}').`;
  return `A key with dashes stands in quotes: ${path}['${start}${rest}'].`;
}

const OTHER_ROOTS: ReadonlyMap<string, string> = new Map(
  [
    ["json", "Write x.parseJSON() for a text that is JSON, x.marshalJSON() for JSON text of a value."],
    ["headers", "The headers are called header: header.canonical('X-GitHub-Event')."],
    ["payload event request data", "The payload is called body."],
    ["nil none undefined", "It is written null; whether a key is there, has(body.x) asks."],
    ["optional", "Optional values are not enabled, in Tekton neither: has(body.x) ? body.x : 'none'."],
    ["tt params context", "An expression sees the event (body, header, extensions, requestURL), no params."],
    ["and", "Write && for and."],
    ["or", "Write || for or."],
  ].flatMap(([names = "", cure = ""]) => names.split(" ").map((name) => [name, cure] as const)),
);

/** A function that takes other arguments: how it is called. Operators have no name that anybody wrote. */
export function cureOfCall(name: string, known: readonly Signature[]): string | undefined {
  if (name === "match")
    return "match asks a header, header.match('X-GitHub-Event', 'push'); a text is asked by matches('^refs/tags/').";
  if (name === "_?_:_")
    return "A condition is true or false, and both of its branches are of one type: string(…).";
  if (/^_[<>]=?_$/.test(name))
    return "Both sides are of one kind: write 1 beside an int, 1.0 beside a double, or int(…) and double(…).";
  if (name === "_==_" || name === "_!=_")
    return "Both sides are of one kind: a text beside a text, a list beside a list (header.canonical('X') is a text, header['X'] a list).";
  if (name === "@in") return "in asks a list or an object; a text is asked by contains: 'abc'.contains('a').";
  if (!/^[a-z]/i.test(name)) return undefined;
  const calls = known.slice(0, MOST_SIGNATURES).map(({ method, params }) => {
    const [first = "", ...rest] = params.map(printType);
    return method ? `${first}.${name}(${rest.join(", ")})` : `${name}(${[first, ...rest].join(", ")})`;
  });
  return `It is called ${[...new Set(calls)].join(" or ")}.`;
}

const MOST_SIGNATURES = 3;
