/** Text of an event, or of others who saw it, within a reason: marked, so that it can be left out where values may not be seen. */

/** Characters of one quotation. */
const LONGEST = 1_000;

/** What stands for a quotation that is left out. */
export const UNSEEN = "“…”";

/**
 * A text that may hold values of a body or a header, as part of a reason. Whatever is put into a reason and was written
 * neither by an operator nor by us goes through here: logs, lists and callers without the right `payload` leave it out.
 */
export function quoted(text: string | number | bigint): string {
  const all = String(text);
  const short = all.length > LONGEST ? `${all.slice(0, LONGEST)}…` : all;
  return `“${short.replace(/[“”]/g, '"')}”`;
}

/** A reason without what {@link quoted} put into it; also one that was cut in the middle of a quotation. */
export function withoutQuoted(reason: string): string {
  return reason.includes("“") ? reason.replace(/“[^”]*(?:”|$)/g, UNSEEN) : reason;
}
