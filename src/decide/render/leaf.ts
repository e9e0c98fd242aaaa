/** Strings of a template with variables in them, and how a value gets into one without ever leaving it. */

import type { Params } from "../../core/plan.ts";
import { cureOf, fits } from "./cure.ts";

/** What one rendering needs: the params and the text of `$(uid)`. */
export interface Scope {
  readonly params: Params;
  /** Asked only where it is needed: it is made of a hash. */
  readonly uid: () => string;
  /** Takes the characters of a pasted value from what the object may still grow by. @throws BrokenText. */
  readonly grow: (characters: number) => void;
}

/** A string that depends on the event. @throws BrokenText. */
export type Leaf = (scope: Scope) => string;

/** A value does not fit: it makes no valid JSON string where it stands, or the object too large. For people. */
export class BrokenText extends Error {
  override readonly name = "BrokenText";
  /** What helps against this cause, where that is known. */
  readonly cure: string | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly cure?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.cure = options.cure;
  }
}

const UID = "$(uid)";
const OPENING = "$(";
// A name holds no bracket that would end it, and no `$(`: of two nested variables the inner one is meant.
const VARIABLE = /\$\(tt\.params\.((?:(?!\$\()[^)])*)\)/g;
// Characters that mean something inside of a JSON string, or must not stand there.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SPECIAL = /["\\\x00-\x1f]/;

/**
 * Compiles a string of a template.
 *
 * Tekton pastes values into the template's JSON text and parses the result. Here the template is a parsed document, so
 * every variable stands inside a string: pasting into that string's own JSON text and parsing only that gives what
 * Tekton gives, and a value with a quote of its own is a fault instead of new structure. Each variable is looked at
 * once, in the template: what a value spells is text, apart from `$(uid)`, which Tekton replaces last and everywhere.
 * Parts never spell a variable together: where `$` and `(` meet at a value's edge, they become `$$(` as inside a value.
 *
 * @param text the string as it stands in the template.
 * @param path where it stands, for faults: `spec.params[1].value`.
 * @param escapeQuotes replace `"` by `\"` in values.
 * @returns the string itself when nothing in it can change.
 */
export function compileLeaf(text: string, path: string, escapeQuotes: boolean): string | Leaf {
  if (!text.includes("$(")) return text;
  const { literals, names } = cutText(JSON.stringify(text).slice(1, -1));
  if (names.length === 0) return text.includes(UID) ? (scope) => withUid(text, scope) : text;
  // JSON escapes never reach over a variable, so each literal can be decoded on its own.
  const decoded = literals.map((literal) => decode(literal));
  return (scope) => {
    const { params } = scope;
    const values = names.map((name) => textOf(params, name, escapeQuotes));
    for (const value of values) scope.grow(value.length);
    if (!values.some((value) => SPECIAL.test(value))) return weave(decoded, values, scope);
    const raw = weave(literals, values, scope);
    try {
      const whole = decode(raw);
      // An escape that spells half of a variable can only have come from a value.
      return whole.split(OPENING).length > raw.split(OPENING).length ? neutral(whole) : whole;
    } catch (error) {
      throw brokenBy(names, path, { params, escapeQuotes, cause: error });
    }
  };
}

/** Names the values that do not fit by themselves; all of them where none alone is to blame. */
function brokenBy(
  names: readonly string[],
  path: string,
  { params, escapeQuotes, cause }: { params: Params; escapeQuotes: boolean; cause: unknown },
): BrokenText {
  const given = names.filter((name) => params.has(name));
  const guilty =
    given.length === 1 ? given : given.filter((name) => !fits(textOf(params, name, escapeQuotes)));
  const which = [...new Set(guilty.length > 0 ? guilty : given)];
  const value = params.get(which[0] ?? "") ?? "";
  const cure = cureOf({ params: `param ${which[0] ?? ""}`, value, escapesQuotes: escapeQuotes });
  const reason = `${path}: the value of param ${which.join(", ")} makes no valid JSON string here`;
  return new BrokenText(reason, { cause, cure });
}

/** Names of the params whose variables stand in a text, in order. */
export function variablesIn(text: string): readonly string[] {
  return text.includes("$(") ? [...text.matchAll(VARIABLE)].map((found) => found[1] as string) : [];
}

/** Cuts JSON-escaped text at its variables; `literals` has one element more than `names`. */
function cutText(raw: string): { literals: readonly string[]; names: readonly string[] } {
  const literals: string[] = [];
  const names: string[] = [];
  let end = 0;
  for (const found of raw.matchAll(VARIABLE)) {
    literals.push(raw.slice(end, found.index));
    names.push(found[1] as string);
    end = found.index + found[0].length;
  }
  return { literals: [...literals, raw.slice(end)], names };
}

/** The text to paste. A param without a value leaves its variable; `$(` becomes `$$(`, text for Tekton Pipelines. */
function textOf(params: Params, name: string, escapeQuotes: boolean): string {
  const value = params.get(name);
  if (value === undefined) return `$(tt.params.${name})`;
  const quoted = escapeQuotes ? value.replaceAll('"', '\\"') : value;
  return neutral(quoted);
}

function neutral(text: string): string {
  return text.includes(OPENING) ? text.replaceAll(OPENING, () => "$$(") : text;
}

function weave(literals: readonly string[], values: readonly string[], scope: Scope): string {
  let text = withUid(literals[0] as string, scope);
  for (let i = 0; i < values.length; i++) {
    text = joined(text, withUid(values[i] as string, scope));
    text = joined(text, withUid(literals[i + 1] as string, scope));
  }
  return text;
}

function joined(before: string, after: string): string {
  return before.endsWith("$") && after.startsWith("(") ? `${before}$${after}` : before + after;
}

function withUid(text: string, { uid, grow }: Scope): string {
  if (!text.includes(UID)) return text;
  const replaced = text.replaceAll(UID, uid);
  grow(replaced.length - text.length);
  return replaced;
}

function decode(raw: string): string {
  return (JSON.parse(`"${raw}"`) as string).toWellFormed();
}
