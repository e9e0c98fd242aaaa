/** Params that keep their type: where an operator asks for it, a number, boolean, list or object of the event stays one. */

import { isJsonObject, type JsonValue, parseJson, setOwn } from "../../core/json.ts";
import { TYPED_ANNOTATION } from "./annotations.ts";
import type { Leaf, Scope } from "./leaf.ts";

const WHOLE = /^\$\(tt\.params\.([^()]+)\)$/;
/** What an object is, and what is told apart by it, is the template's to say. */
const FIXED = /^(?:apiVersion|kind|metadata)(?:$|[.[])/;

/** What a value may begin with that is no text. */
const NO_TEXT = /^(?:[-\d[{]|true$|false$|null$)/;

/** The params of a template whose values keep their type. */
export function typedParams({
  annotations,
}: {
  readonly annotations: Readonly<Record<string, string>>;
}): ReadonlySet<string> {
  if (!Object.hasOwn(annotations, TYPED_ANNOTATION)) return NONE;
  const names = (annotations[TYPED_ANNOTATION] ?? "").split(",").map((name) => name.trim());
  return new Set(names.filter((name) => name !== ""));
}

const NONE: ReadonlySet<string> = new Set();

/**
 * A string of a template that is nothing but one variable of a typed param.
 *
 * @param leaf the same string as text, for values that are no JSON.
 * @returns undefined where it stays text: in names and labels, with text around it, of other params.
 */
export function compileTyped(
  text: string,
  path: string,
  typed: ReadonlySet<string>,
  leaf: string | Leaf,
): ((scope: Scope) => JsonValue) | undefined {
  const name = typed.size === 0 || FIXED.test(path) ? undefined : WHOLE.exec(text)?.[1];
  if (name === undefined || !typed.has(name)) return undefined;
  return (scope) => {
    const value = scope.params.get(name) ?? "";
    const parsed = NO_TEXT.test(value) ? parsedOr(value) : undefined;
    if (parsed === undefined) return typeof leaf === "string" ? leaf : leaf(scope);
    // Twice: as text and as what is made of it.
    scope.grow(value.length * 2);
    return neutral(parsed);
  };
}

/** Undefined for what is text after all. */
function parsedOr(value: string): JsonValue | undefined {
  try {
    const parsed = parseJson(value);
    // A whole number beyond what doubles hold would come out as another one.
    const isInexact = Number.isInteger(parsed) && !Number.isSafeInteger(parsed);
    return typeof parsed === "string" || isInexact ? undefined : parsed;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A value spells no variable of a run, not as a key either: as in text, `$(` becomes `$$(`. */
function neutral(value: JsonValue): JsonValue {
  if (typeof value === "string") return escaped(value);
  if (Array.isArray(value)) return value.map(neutral);
  if (!isJsonObject(value)) return value;
  const copy: Record<string, JsonValue> = {};
  for (const [key, inner] of Object.entries(value)) setOwn(copy, escaped(key), neutral(inner));
  return copy;
}

const escaped = (text: string): string => (text.includes("$(") ? text.replaceAll("$(", () => "$$(") : text);
