/** Where a text stops being JSON, told without quoting it: V8's own words repeat up to twenty characters of a body. */

/** Longer texts are not walked for a position: what was refused must not cost more than what was taken. */
const MAX_WALKED = 1_000_000;

const END = "unexpected end of the text";

/**
 * Says what is wrong with a text that JSON.parse refused: its position and one character, nothing else of it.
 *
 * @param told the message of JSON.parse: many of V8's name a position.
 */
export function jsonProblem(text: string, told: string): string {
  if (/^Unexpected end|^Unterminated string/.test(told) || text.trim() === "") return END;
  const [, position] = / at position (\d+)/.exec(told) ?? [];
  if (text.startsWith("\ufeff"))
    return "it begins with a byte order mark (BOM, U+FEFF), which JSON does not allow";
  if (/^(?:\ufffd\ufffd|[^\0]?\0)/.test(text)) return "it is UTF-16 or UTF-32, and JSON is UTF-8 (RFC 8259)";
  const at = position === undefined ? walked(text) : Number(position);
  if (at === undefined) return "not valid JSON";
  return at >= text.length ? END : `unexpected ${signAt(text, at)} at ${placeOf(text, at)}`;
}

/** Line and column count from 1. */
function placeOf(text: string, at: number): string {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf("\n"); next !== -1 && next < at; next = text.indexOf("\n", next + 1)) {
    line++;
    start = next + 1;
  }
  return `line ${line}, column ${at - start + 1}`;
}

function signAt(text: string, at: number): string {
  const point = text.codePointAt(at) ?? 0;
  const sign = String.fromCodePoint(point);
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(sign)
    ? `'${sign}'`
    : `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * The place of a sign that stands where a value should: the only refusal of V8's that names no position.
 *
 * @returns undefined for texts that are too long to be walked.
 */
function walked(text: string): number | undefined {
  if (text.length > MAX_WALKED) return undefined;
  const token =
    /[ \t\n\r]*([{}[\],:]|"[^"\\]*(?:\\.[^"\\]*)*"|true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/sy;
  let wanted = true;
  let before = "";
  for (;;) {
    const start = token.lastIndex;
    const found = token.exec(text)?.[1];
    if (found === undefined) return start + (/^[ \t\n\r]*/.exec(text.slice(start))?.[0].length ?? 0);
    const closes = found === "," || found === ":" || found === "}" || (found === "]" && before !== "[");
    if (wanted && closes) return token.lastIndex - 1;
    wanted = found === "[" || found === "," || found === ":";
    before = found;
  }
}
