/** What steps of a path share: the values they pass on, how they stop, and how much work one path may make. */

import type { JsonValue } from "../core/json.ts";

/** A value on its way through a path. Integers that do not come from JSON (literals, bytes of a string) are bigint. */
export type Item = JsonValue | bigint;

/** A path can not go on. */
export class PathStop extends Error {
  override readonly name = "PathStop";
  /** How many values the step was left with: a filter that asks for existence takes any for a yes. */
  readonly left: number;

  constructor(reason: string, left: number) {
    super(reason);
    this.left = left;
  }
}

/** Values that one evaluation may look at. A bound, because `..a..b` multiplies what a sender nests. */
export const MAX_WORK = 1_000_000;

/** Characters that the text of a param may have. */
export const MAX_PARAM_LENGTH = 32 * 1024 * 1024;

/**
 * Characters that several results may have together: `$(body..a)` prints an event once for each level of its nesting,
 * and six kilobytes of it take half a second for each three megabytes. etcd takes no object of more than 1.5 MB anyway.
 */
export const MAX_RESULTS_LENGTH = 1024 * 1024;

/** Work still allowed. */
export interface Budget {
  left: number;
}

/** @throws PathStop when the budget is used up. */
export function spend(budget: Budget, amount: number): void {
  budget.left -= amount;
  if (budget.left < 0) throw new PathStop(`it looks at more than ${MAX_WORK} values`, 0);
}

/** A compiled step. @throws PathStop. */
export type Step = (input: readonly Item[], budget: Budget) => Item[];
