/** The clauses of format strings, and what of them can be known to be wrong without an event. */

import type { Type } from "./types.ts";

/** `%%`, or a clause: `%d`, `%.2f`. Groups: the second percent sign, the precision, the clause. */
export const CLAUSES = /%(?:(%)|(?:\.([0-9]{1,4}))?([\s\S]?))/gu;

/** Digits after the point, as in cel-go. */
export const MAX_PRECISION = 100;

const WHOLE: readonly Type["kind"][] = ["int", "uint"];
const NUMBERS: readonly Type["kind"][] = [...WHOLE, "double"];

/** What a clause can print; undefined is anything. */
const TAKES: ReadonlyMap<string, readonly Type["kind"][] | undefined> = new Map([
  ["s", undefined],
  ["d", NUMBERS],
  ["f", NUMBERS],
  ["e", NUMBERS],
  ["b", [...WHOLE, "bool"]],
  ["o", WHOLE],
  ["x", [...WHOLE, "string", "bytes"]],
  ["X", [...WHOLE, "string", "bytes"]],
]);

/**
 * What cel-go's checker says of `'…'.format([…])` where both are written out.
 *
 * @param given the kinds of the arguments' types.
 * @returns undefined when nothing is wrong.
 */
export function formatFault(template: string, given: readonly Type["kind"][]): string | undefined {
  let next = 0;
  for (const [, percent, precision, clause = ""] of template.matchAll(CLAUSES)) {
    if (percent !== undefined) continue;
    if (!TAKES.has(clause)) return `format: unrecognized clause "${clause}"`;
    if (Number(precision ?? 0) > MAX_PRECISION)
      return `format: precision ${precision} exceeds ${MAX_PRECISION}`;
    const kind = given[next++];
    if (kind === undefined) return `format: index ${next - 1} out of range`;
    const takes = TAKES.get(clause);
    const fits = takes === undefined || takes.includes(kind) || kind === "dyn" || kind === "param";
    if (!fits) return `format: clause %${clause} cannot be used on ${kind}`;
  }
  return next < given.length ? `format: ${given.length} arguments for ${next} clauses` : undefined;
}
