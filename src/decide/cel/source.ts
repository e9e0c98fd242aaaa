/** The text of an expression before the parser sees it: limits, and the three things its grammar reads otherwise than cel-go's. */

/** Characters. */
export const MAX_EXPRESSION = 16_384;

/** Open brackets and unary operators at one place; cel-go's parser refuses at 250. */
const MAX_NESTING = 200;

/** An expression that is no CEL. The message says where: `1:7: …` counts line and column from 1. */
export class CelSyntaxError extends Error {
  override readonly name = "CelSyntaxError";
  /** What was probably meant, where that is known. */
  readonly cure: string | undefined;

  constructor(message: string, cure?: string) {
    super(message);
    this.cure = cure;
  }
}

/** The text to parse (same length, save for a line end at the close) and the names that stood in backticks. */
export interface Source {
  readonly text: string;
  /** Offset of the dot in front of the name → the name. */
  readonly quoted: ReadonlyMap<number, string>;
}

/**
 * Prepares an expression for the parser.
 *
 * @throws CelSyntaxError when it is too long, nests too deep, or holds a string escape that CEL does not know (the
 *   parser would keep it as it stands).
 */
export function readSource(expression: string): Source {
  if (expression.length > MAX_EXPRESSION) {
    throw new CelSyntaxError(
      `the expression has ${expression.length} characters, the limit is ${MAX_EXPRESSION}`,
    );
  }
  const quoted = new Map<number, string>();
  let depth = 0;
  // A comment needs a line end for the parser to see its end.
  const text = `${expression}\n`.replace(token, (match, offset: number) => {
    if (match === "(" || match === "[" || match === "{") {
      if (++depth > MAX_NESTING) throw syntaxError(expression, offset, "nested too deep");
    } else if (match === ")" || match === "]" || match === "}") {
      depth--;
    } else if (match.startsWith(".")) {
      const name = match.slice(match.indexOf("`") + 1, -1);
      quoted.set(offset, name);
      // An identifier of the same length keeps every offset true; parse.ts puts the name back.
      return `${match.slice(0, match.indexOf("`"))}_${name.replace(notWord, "_")}_`;
    } else if (unaries.test(match)) {
      if (match.length > MAX_NESTING) throw syntaxError(expression, offset, "nested too deep");
    } else if (!match.startsWith("//")) {
      refuseUnknownEscapes(expression, match, offset);
    }
    return match;
  });
  return { text, quoted };
}

/** A syntax error at an offset of the expression. */
export function syntaxError(
  expression: string,
  offset: number,
  reason: string,
  cure?: string,
): CelSyntaxError {
  return new CelSyntaxError(`${place(expression, offset)}: ${reason}`, cure);
}

/** Line and column of an offset, both from 1. */
export function place(expression: string, offset: number): string {
  const before = expression.slice(0, offset).split("\n");
  // In code points, as cel-go counts.
  return `${before.length}:${[...(before.at(-1) as string)].length + 1}`;
}

// Strings first, so that nothing inside them is taken for anything else. Each alternative is linear.
const token = new RegExp(
  [
    String.raw`//[^\n]*`,
    String.raw`(?:[rR][bB]?|[bB][rR])(?:"""[^]*?"""|'''[^]*?'''|"[^"\n]*"|'[^'\n]*')`,
    String.raw`[bB]?(?:"""(?:[^\\]|\\[^])*?"""|'''(?:[^\\]|\\[^])*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`,
    String.raw`\.\s*\x60[A-Za-z0-9_.\-/ ]+\x60`,
    String.raw`[([{}\])]`,
    "[!-]{2,}",
  ].join("|"),
  "g",
);
const unaries = /^[!-]+$/;
const notWord = /[^A-Za-z0-9_]/g;
const escapes = /\\(?:[abfnrtv\\?"'`]|[0-3][0-7]{2}|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|\\/g;

function refuseUnknownEscapes(expression: string, literal: string, offset: number): void {
  const raw = /^(?:[rR]|[bB][rR])/.test(literal);
  if (raw || !literal.includes("\\")) return;
  const isBytes = /^[bB]/.test(literal);
  for (const match of literal.matchAll(escapes)) {
    // Bytes have no code points to name.
    if (match[0] === "\\" || (isBytes && /^\\[uU]/.test(match[0])))
      throw syntaxError(expression, offset + match.index, "unknown escape sequence");
  }
}
