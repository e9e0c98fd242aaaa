/** Backslashes in literal text that JSON takes for escapes: `C:\new` becomes a line end in the object. */

import { cutValue } from "../../decide/bind/index.ts";

/** What a text holds, and what becomes of it. */
export interface Escaped {
  /** The piece with the backslash. */
  readonly written: string;
  /** What the object holds in its place: "a line end where \\n stands". */
  readonly becomes: string;
  /** The whole value with its backslashes kept. */
  readonly kept: string;
}

/** A drive or a share of Windows with a backslash that stands alone somewhere behind it. */
const WINDOWS = /(?<![A-Za-z])[A-Za-z]:(?:\\\\|\\)[^\s"',;]*|(?<![\w\\])\\\\[\w.-]+\\[^\s"',;]*/g;
/** Nobody wants a backspace or a form feed; `\b` is the border of a word in regular expressions. */
const CONTROL = /(?<!\\)(?:\\\\)*\\[bf][\w.-]*/g;
const LONE = /(?<!\\)(?:\\\\)*\\(?!\\)/;

/**
 * The first piece of literal text in a binding's value or a default that an object will not hold as it is written.
 * `\n`, `\t`, `\"` and `\u` are taken as meant where no path is: that is how one writes them.
 */
export function escapedIn(value: string): Escaped | undefined {
  const { literals, paths } = cutValue(value);
  for (const literal of literals) {
    if (!literal.includes("\\")) continue;
    const windows = [...literal.matchAll(WINDOWS)].map(([piece]) => piece).find((piece) => LONE.test(piece));
    const piece = windows ?? CONTROL.exec(literal)?.[0];
    CONTROL.lastIndex = 0;
    if (piece === undefined || !isJson(piece)) continue;
    const kept = literals
      .map((text) => text.replaceAll(/\\\\|\\/g, "\\\\"))
      .reduce((text, next, i) => `${text}$(${paths[i - 1]})${next}`);
    return { written: piece.slice(0, 80), becomes: becomesOf(piece), kept };
  }
  return undefined;
}

/** False for what makes no JSON text: that fails, and is told as such. */
function isJson(piece: string): boolean {
  try {
    JSON.parse(`"${piece}"`);
    return true;
  } catch {
    return false;
  }
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ["n", "a line end"],
  ["r", "a carriage return"],
  ["t", "a tab"],
  ["b", "a backspace"],
  ["f", "a form feed"],
  ["u", "another letter"],
  ["\\", "one backslash"],
]);

function becomesOf(piece: string): string {
  const signs = new Set([...piece.matchAll(/\\([\s\S])/g)].map(([, sign = ""]) => sign));
  return [...signs].map((sign) => `${NAMES.get(sign) ?? `only ${sign}`} where \\${sign} stands`).join(", ");
}
