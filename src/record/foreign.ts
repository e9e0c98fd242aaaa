/** Text of strangers in log lines: one line, no control or direction characters, not endless. */

import { withoutQuoted } from "../core/quoted.ts";

const LONGEST = 1_000;

/** Text that a stranger may have written: one line, no values of events, no control or direction characters, not endless. */
export function foreign(written: string): string {
  const text = withoutQuoted(written);
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return unseen.test(short) ? short.replace(allUnseen, "\ufffd") : short;
}

const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const allUnseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
