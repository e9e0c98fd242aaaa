/** Finds the token at which an expression stops being CEL. */

import { place } from "./source.ts";

// The parser's own place is that of the alternative which it tried last: of `a ==` it names the operator, not the end. CEL
// is read from left to right with one token of foresight (google/cel-spec, doc/langdef.md, "Syntax"), so the first token
// that cannot follow is the mistake, as in cel-go.

export interface SyntaxFault {
  /** Of the token in the text; of what is missing at the end, behind the last token. */
  readonly offset: number;
  readonly reason: string;
}

interface Token {
  readonly kind: "operand" | "name" | "sign" | "bad";
  readonly text: string;
  readonly offset: number;
}

/** An open bracket. */
interface Open {
  readonly sign: "(" | "[" | "{" | "";
  readonly offset: number;
  /** True where commas separate elements, and where one may stand behind the last. */
  readonly commas: boolean;
  readonly trailing: boolean;
  /** True where it may be closed at once. */
  readonly empty: boolean;
  /** Conditions whose colon has not come. */
  conditions: number;
  /** In `{}`: the key was read, its colon was not. */
  wantsColon: boolean;
  readonly isMap: boolean;
}

const CLOSED_BY: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const KEYWORDS: ReadonlySet<string> = new Set(["in", "true", "false", "null"]);
const BINARY: ReadonlySet<string> = new Set("|| && == != <= >= < > + - * / %".split(" "));

const SPACE = String.raw`(?:[ \t\r\n\f]|//[^\n]*)*`;
const TOKEN = new RegExp(
  [
    String.raw`(?<text>(?:[rR][bB]?|[bB][rR])(?:"""[^]*?"""|'''[^]*?'''|"[^"\n]*"|'[^'\n]*')|[bB]?(?:"""(?:[^\\]|\\[^])*?"""|'''(?:[^\\]|\\[^])*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))`,
    String.raw`(?<number>0x[0-9a-fA-F]+u?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|\d+u?)`,
    String.raw`(?<name>[A-Za-z_]\w*)`,
    String.raw`(?<sign>\|\||&&|==|!=|<=|>=|[-!<>+*/%?:,.()[\]{}])`,
  ].join("|"),
  "y",
);

/** @returns undefined where each token can follow the one before: then something else is wrong. */
export function findSyntaxFault(text: string): SyntaxFault | undefined {
  const open: Open[] = [opened("", 0)];
  let wants: "operand" | "field" | "rest" = "operand";
  let before: Token | undefined;
  let afterComma = false;
  for (const token of tokens(text)) {
    const { kind, text: sign, offset } = token;
    const frame = open.at(-1) as Open;
    const fault = (expected: string): SyntaxFault => ({ offset, reason: reasonFor(token, expected) });
    if (kind === "bad") return fault("");
    const isKeyword = kind === "name" && KEYWORDS.has(sign);
    if (wants === "field") {
      if (isKeyword) return { offset, reason: `${sign} is a word of CEL and no field: write ['${sign}']` };
      if (kind !== "name") return fault("a field's name");
      wants = "rest";
    } else if (wants === "operand") {
      const closes = sign === CLOSED_BY[frame.sign] && kind === "sign";
      if (closes && (afterComma ? frame.trailing : frame.empty && before?.offset === frame.offset)) {
        open.pop();
        wants = "rest";
      } else if (kind === "operand" || (kind === "name" && sign !== "in")) wants = "rest";
      else if (sign === "(") open.push(opened(sign, offset));
      else if (sign === "[" || sign === "{")
        open.push(opened(sign, offset, { commas: true, trailing: true, empty: true }));
      else if (sign === ".") wants = "field";
      else if (sign !== "!" && sign !== "-") return fault("a value");
      afterComma = false;
    } else {
      const next = after(token, before, frame, open);
      if (next === undefined) return fault(expectedIn(frame));
      afterComma = sign === ",";
      wants = next;
    }
    before = token;
  }
  return atEnd(text, before, open, wants);
}

/** What may come behind a whole operand. */
function after(
  { kind, text: sign, offset }: Token,
  before: Token | undefined,
  frame: Open,
  open: Open[],
): "operand" | "field" | "rest" | undefined {
  if (kind === "name") return sign === "in" ? "operand" : undefined;
  if (kind !== "sign") return undefined;
  const isName = before?.kind === "name" && !KEYWORDS.has(before.text);
  if (BINARY.has(sign)) return "operand";
  if (sign === ".") return "field";
  if (sign === "[" || (sign === "(" && isName) || (sign === "{" && isName)) {
    const isCall = sign === "(";
    open.push(opened(sign, offset, { commas: sign !== "[", empty: sign !== "[", trailing: !isCall }));
    return "operand";
  }
  if (sign === "?") {
    frame.conditions++;
    return "operand";
  }
  if (sign === ":" && frame.conditions > 0) {
    frame.conditions--;
    return "operand";
  }
  if (sign === ":" && frame.wantsColon) {
    frame.wantsColon = false;
    return "operand";
  }
  if (frame.conditions > 0 || frame.wantsColon) return undefined;
  if (sign === "," && frame.commas) {
    frame.wantsColon = frame.isMap;
    return "operand";
  }
  if (frame.sign === "" || sign !== CLOSED_BY[frame.sign]) return undefined;
  open.pop();
  return "rest";
}

function opened(sign: Open["sign"], offset: number, more: Partial<Open> = {}): Open {
  const isMap = sign === "{";
  return {
    ...{ sign, offset, commas: false, trailing: false, empty: false, conditions: 0 },
    ...{ isMap, wantsColon: isMap, ...more },
  };
}

function* tokens(text: string): Generator<Token> {
  const space = new RegExp(SPACE, "y");
  const token = new RegExp(TOKEN);
  for (let offset = 0; ; ) {
    space.lastIndex = offset;
    offset += space.exec(text)?.[0].length ?? 0;
    if (offset >= text.length) return;
    token.lastIndex = offset;
    const found = token.exec(text);
    const [whole = ""] = found ?? [];
    // An empty string with a third quote behind it begins a string of three quotes, which is not closed.
    const isOpen = /^[bBrR]*(?:""|'')$/.test(whole) && text[offset + whole.length] === whole.at(-1);
    if (found === null || isOpen) {
      yield { kind: "bad", text: String.fromCodePoint(text.codePointAt(offset) ?? 0), offset };
      return;
    }
    const { name, sign } = found.groups ?? {};
    const kind = name !== undefined ? "name" : sign !== undefined ? "sign" : "operand";
    yield { kind, text: found[0], offset };
    offset += found[0].length;
  }
}

function expectedIn(frame: Open): string {
  if (frame.conditions > 0) return "an operator or the ':' of the condition";
  if (frame.wantsColon) return "an operator or ':'";
  const ends = frame.sign === "" ? "the end" : `'${CLOSED_BY[frame.sign]}'`;
  return frame.commas ? `an operator, ',' or ${ends}` : `an operator or ${ends}`;
}

function reasonFor({ kind, text }: Token, expected: string): string {
  if (kind !== "bad") return `found ${shown(text)} where ${expected} is expected`;
  if (/^["'bBrR]/.test(text)) return `the string that begins here is not closed`;
  return `found ${/^[\p{Z}\p{C}]/u.test(text) ? codePoint(text) : text}, which is no sign of CEL`;
}

/** `U+00A0`: of what cannot be seen. */
function codePoint(text: string): string {
  return `U+${(text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Characters of a token that are repeated. */
const LONGEST = 40;

function shown(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function atEnd(
  text: string,
  last: Token | undefined,
  open: readonly Open[],
  wants: "operand" | "field" | "rest",
): SyntaxFault | undefined {
  const offset = last === undefined ? 0 : last.offset + last.text.length;
  const frame = open.at(-1) as Open;
  if (last === undefined) return { offset, reason: "the expression is empty" };
  if (wants === "rest" && frame.sign === "" && frame.conditions === 0) return undefined;
  const expected = wants === "rest" ? expectedIn(frame) : wants === "field" ? "a field's name" : "a value";
  const unclosed = frame.sign === "" ? "" : `; the '${frame.sign}' of ${place(text, frame.offset)} is open`;
  return { offset, reason: `it ends where ${expected} is expected${unclosed}` };
}
