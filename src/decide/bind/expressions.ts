/** Finds `$(…)` in the values of bindings and brings the relaxed forms of paths into the complete one. */

import { canonicalName } from "../../core/headers.ts";

/** A value cut at its expressions: `literals` has one element more than `paths`. */
export interface Pieces {
  readonly literals: readonly string[];
  /** What stands between `$(` and `)`. */
  readonly paths: readonly string[];
}

/** Paths are written by people; longer ones would only burden the parser. */
export const MAX_PATH_LENGTH = 4_096;

/**
 * Cuts a binding's value at its expressions. An expression ends at the first `)` that closes more than was opened
 * since its `$(`; a `$(` without such an end is text.
 */
export function cutValue(value: string): Pieces {
  const [first = "", ...rest] = value.split("$(");
  const literals = [first];
  const paths: string[] = [];
  for (const piece of rest) {
    const end = closingBracket(piece);
    if (end === -1) {
      literals.push(`${literals.pop() ?? ""}$(${piece}`);
    } else {
      paths.push(piece.slice(0, end));
      literals.push(piece.slice(end + 1));
    }
  }
  return { literals, paths };
}

function closingBracket(text: string): number {
  let open = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") open++;
    else if (text[i] === ")" && --open < 0) return i;
  }
  return -1;
}

/**
 * A path as the parser wants it: `body.ref`, `.body.ref`, `{body.ref}` and `{.body.ref}` all become `.body.ref`. After
 * the literal prefix `header.` the rest is taken for a header's name and spelled canonically.
 *
 * @throws SyntaxError when curly brackets stand elsewhere.
 */
export function completePath(path: string): string {
  if (path.length > MAX_PATH_LENGTH) throw new SyntaxError(`it is longer than ${MAX_PATH_LENGTH} characters`);
  const spelled = path.startsWith("header.") ? `header.${canonicalName(path.slice(7))}` : path;
  const inside = spelled.startsWith("{") && spelled.endsWith("}") ? spelled.slice(1, -1) : spelled;
  if (inside === "" || /[{}]/.test(inside))
    throw new SyntaxError("curly brackets may only stand around the whole of it");
  return inside.startsWith(".") && inside !== "." ? inside : `.${inside}`;
}
