/** Text from bytes that need not be UTF-8: Go's strings hold any bytes, ours do not. */

import { isUtf8 } from "node:buffer";

/** A lone surrogate: text that holds it is no UTF-8, so that no result can be made of it. */
const NO_UTF8 = "\udfff";

/**
 * Bytes as text, with U+FFFD for each byte that is no UTF-8, as Go reads them; the last is {@link NO_UTF8}, so that
 * the text is told from one that really holds U+FFFD.
 */
export function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString();
  if (isUtf8(bytes)) return text;
  const at = text.lastIndexOf("\ufffd");
  return `${text.slice(0, at)}${NO_UTF8}${text.slice(at + 1)}`;
}
