/** Errors and warnings of a check for people: each error by itself, many warnings of one kind together. */

import { formatFault } from "../catalog/index.ts";
import type { SluiceError } from "../core/errors.ts";
import { type Console, clean } from "./console.ts";

/** Warnings of one kind that are shown each on a line of its own. */
const EACH = 4;
/** Of more, this many are shown. */
const EXAMPLES = 3;

/** @param all shows every warning. */
export function printFindings(
  console: Console,
  {
    errors,
    warnings,
  }: { readonly errors: readonly SluiceError[]; readonly warnings: readonly SluiceError[] },
  all: boolean,
): void {
  const { colors, out } = console;
  for (const error of errors) out(`${colors.red("error")}   ${clean(formatFault(error))}`);
  for (const [code, same] of Map.groupBy(warnings, (warning) => warning.code)) {
    const shown = all || same.length <= EACH ? same : same.slice(0, EXAMPLES);
    for (const warning of shown) out(`${colors.yellow("warning")} ${clean(formatFault(warning))}`);
    const left = same.length - shown.length;
    if (left > 0)
      out(`${colors.yellow("warning")} … and ${left} more of this kind (${code}); --all shows them`);
  }
}
