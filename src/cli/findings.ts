/** Errors and warnings of a check for people, in the order of files and lines; many warnings of one kind are folded. */

import { formatFault } from "../catalog/index.ts";
import type { SluiceError } from "../core/errors.ts";
import { compareBytewise } from "../core/json.ts";
import { type Console, clean } from "./console.ts";

/** Warnings of one kind that are shown each on a line of its own. */
const EACH = 4;
/** Of more, this many are shown. */
const EXAMPLES = 3;

/** Findings in the order of files, lines and columns; those without a place come last. */
export function byPlace(found: readonly SluiceError[]): readonly SluiceError[] {
  return found.toSorted(({ at: a }, { at: b }) => {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    return compareBytewise(a.file, b.file) || a.line - b.line || a.column - b.column;
  });
}

/**
 * @param warnings of one kind the more telling ones first: those are the examples of many.
 * @param all shows every warning.
 */
export function printFindings(
  console: Console,
  {
    errors,
    warnings,
  }: { readonly errors: readonly SluiceError[]; readonly warnings: readonly SluiceError[] },
  all: boolean,
): void {
  const { colors, out } = console;
  for (const error of byPlace(errors)) out(`${colors.red("error")}   ${clean(formatFault(error))}`);
  const kinds = [...Map.groupBy(warnings, (warning) => warning.code)].map(([code, same]) => {
    const shown = all || same.length <= EACH ? same : same.slice(0, EXAMPLES);
    return { code, shown, left: same.length - shown.length };
  });
  for (const warning of byPlace(kinds.flatMap(({ shown }) => shown)))
    out(`${colors.yellow("warning")} ${clean(formatFault(warning))}`);
  for (const { code, left } of kinds)
    if (left > 0)
      out(`${colors.yellow("warning")} … and ${left} more of this kind (${code}); --all shows them`);
}
