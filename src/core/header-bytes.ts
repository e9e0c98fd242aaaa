/** Header values are bytes: node:http hands them over as Latin-1, one character a byte; everything of ours is text. */

import { type HeaderMap, headersFromPairs } from "./headers.ts";

const beyondAscii = /[\x80-\xff]/;

/** Runs of bytes that are UTF-8 (RFC 3629, §4) and not ASCII, else a single byte that is no part of any. */
const runs =
  /((?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+)|[\x80-\xff]/g;

/**
 * The text of a header value. Bytes that are no UTF-8 become U+FFFD each: that is what Go's encoding/json makes of them,
 * and Tekton hands every header to its interceptors and bindings as JSON.
 *
 * @param wire as node:http reads it: a character for each byte.
 */
export function headerText(wire: string): string {
  if (!beyondAscii.test(wire)) return wire;
  return wire.replace(runs, (_all, valid: string | undefined) =>
    valid === undefined ? "\ufffd" : Buffer.from(valid, "latin1").toString("utf8"),
  );
}

/** A header value for node:http and fetch, which write each character as a byte: the text's UTF-8. */
export function wireText(text: string): string {
  return isAscii.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const isAscii = /^[\x00-\x7f]*$/;

/** The headers of a request or an answer. @param rawHeaders flat pairs, as node:http has them. */
export function headersFromWire(rawHeaders: readonly string[]): HeaderMap {
  // Nearly all headers are ASCII: then nothing is copied.
  return headersFromPairs(rawHeaders.some(isBeyondAscii) ? rawHeaders.map(headerText) : rawHeaders);
}

function isBeyondAscii(text: string): boolean {
  return beyondAscii.test(text);
}
