/** What `&&` and `||`, `all` and `exists` have in common: one value decides, and what fails beside it does no harm. */

import type { Frame } from "./frame.ts";
import type { Value } from "./values.ts";
import { CelFailure } from "./values.ts";
import { FAILURE_STEPS } from "./work.ts";

/**
 * Tests items in their order until one is `decisive`.
 *
 * @param decisive false for `&&` and `all`, true for `||` and `exists`.
 * @param test is given the frame, so that no function has to be made for it in each evaluation.
 * @param nodes of the items in the tree, where each has its own.
 * @throws CelFailure the first one, when nothing decides; at once when it is final.
 */
export function decides<T>(
  frame: Frame,
  items: readonly T[],
  decisive: boolean,
  test: (frame: Frame, item: T) => Value,
  nodes?: readonly object[],
): boolean {
  let failure: CelFailure | undefined;
  for (const item of items) {
    try {
      const value = test(frame, item);
      if (value === decisive) return decisive;
      if (typeof value !== "boolean") {
        const node = nodes?.[items.indexOf(item)];
        failure ??= new CelFailure("no such overload", false, node && { node, wantsBool: true });
      }
    } catch (error) {
      if (!(error instanceof CelFailure) || error.final) throw error;
      frame.work.charge(FAILURE_STEPS);
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !decisive;
}
