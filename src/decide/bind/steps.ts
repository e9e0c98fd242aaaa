/** What steps of a path share: the values they pass on, how they stop, and how much work one path may make. */

import type { Cost } from "../../core/cost-budget.ts";
import type { JsonValue } from "../../core/json.ts";

/** A value on its way through a path. Integers that do not come from JSON (literals, bytes of a string) are bigint. */
export type Item = JsonValue | bigint;

/** A path can not go on. Not an Error: filters stop at each element that lacks a key, and a stack trace costs more than they do. */
export class PathStop {
  readonly message: string;
  /** How many values the step was left with: a filter that asks for existence takes any for a yes. */
  readonly left: number;

  constructor(reason: string, left: number) {
    this.message = reason;
    this.left = left;
  }
}

/** Characters that the text of a param may have. */
export const MAX_PARAM_LENGTH = 32 * 1024 * 1024;

/**
 * Characters that several results may have together: `$(body..a)` prints an event once for each level of its nesting,
 * and six kilobytes of it take half a second for each three megabytes. etcd takes no object of more than 1.5 MB anyway.
 */
export const MAX_RESULTS_LENGTH = 1024 * 1024;

/** What looking at one value costs, in steps of the cost budget. */
export const VALUE_STEPS = 5;

/** A step that stops is thrown and caught. */
export const STOP_STEPS = 40;

/** A compiled step. @throws PathStop, and SluiceError SLUICE_COST_EXCEEDED: `..a..b` multiplies what a sender nests. */
export type Step = (input: readonly Item[], cost: Cost) => Item[];
