/** Foreign text made fit for every driver, index and terminal: no control characters, whole code points, bounded. */

import { FIELD_CHARS } from "./limits.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const control = /[\u0000-\u001f\u007f]/g;

/**
 * Text as it may be stored in a searched field. Control characters become their pictures (NUL, which Postgres refuses,
 * becomes `␀`), lone surrogates U+FFFD; what is cut off leaves an ellipsis.
 *
 * @param limit longest result in UTF-16 units.
 */
export function clean(text: string, limit = FIELD_CHARS): string {
  const short = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return short.toWellFormed().replace(control, picture);
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
}
