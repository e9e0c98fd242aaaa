/** Quoted strings of a path's filter, unquoted as Go's strconv does it, with either kind of quotes. */

const PLAIN: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};
/** Escapes that name a byte or a code point, with the number of their digits. */
const CODE = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y;

/**
 * Unquotes a string (k8s.io/client-go/util/jsonpath, UnquoteExtend).
 *
 * @param quoted the string with its quotes, double or single.
 * @throws SyntaxError when an escape is not one of Go's, or a quote stands inside unescaped.
 */
export function unquote(quoted: string): string {
  const quote = quoted[0];
  const inside = quoted.slice(1, -1);
  if (!inside.includes("\\")) return inside;
  const parts: Buffer[] = [];
  for (let i = 0; i < inside.length; i++) {
    if (inside[i] !== "\\") {
      const end = inside.indexOf("\\", i);
      const piece = inside.slice(i, end === -1 ? undefined : end);
      if (piece.includes(quote as string)) throw new SyntaxError(`a quote stands unescaped in ${quoted}`);
      parts.push(Buffer.from(piece));
      i += piece.length - 1;
      continue;
    }
    const sign = inside[++i] ?? "";
    const plain = sign === quote ? sign : Object.hasOwn(PLAIN, sign) ? PLAIN[sign] : undefined;
    if (plain !== undefined) {
      parts.push(Buffer.from(plain));
      continue;
    }
    CODE.lastIndex = i;
    const code = CODE.exec(inside);
    if (code === null) throw new SyntaxError(`\\${sign} is no escape in ${quoted}`);
    parts.push(encoded(code, quoted));
    i += code[0].length - 1;
  }
  // Bytes can be written one by one, so only the whole is text.
  return Buffer.concat(parts).toString("utf8");
}

function encoded(code: RegExpExecArray, quoted: string): Buffer {
  const [text, byte, unit, point, octal] = code;
  const value = octal === undefined ? Number.parseInt(text.slice(1), 16) : Number.parseInt(octal, 8);
  const isByte = byte !== undefined || octal !== undefined;
  const surrogate = (unit ?? point) !== undefined && value >= 0xd800 && value <= 0xdfff;
  if (value > (isByte ? 0xff : 0x10ffff) || surrogate)
    throw new SyntaxError(`\\${text} is no character in ${quoted}`);
  return isByte ? Buffer.from([value]) : Buffer.from(String.fromCodePoint(value));
}
