/** What an evaluation costs, so that no expression and no event can hold the process up. */

import { type Cost, createCost } from "../../core/cost-budget.ts";
import { quoted } from "../../core/quoted.ts";
import { CelFailure } from "./values.ts";

/** Steps of a failure that another value outweighs: it is thrown and caught. */
export const FAILURE_STEPS = 60;

/** Characters or elements of one value. */
export const MAX_SIZE = 4_000_000;

/** The cost of an evaluation. Handed to every function: each charges for what it does with an event's data. */
export interface Work extends Cost {
  /** The patterns that this evaluation has compiled, by their text. */
  patterns(): Map<string, Pattern>;
}

/** A compiled pattern (see regex.ts). */
export interface Pattern {
  /** True when the pattern is found anywhere in the text. */
  test(work: Work, text: string): boolean;
  /** Go's Regexp.ReplaceAllString: each match replaced by the template, in which `$1`, `${1}` and `${name}` are groups. */
  replaceAll(work: Work, text: string, template: string): string;
}

/** @param cost the trigger's budget; without one, as much as a trigger has. */
export function createWork(cost: Cost = createCost()): Work {
  let patterns: Map<string, Pattern> | undefined;
  return {
    // Most evaluations have none: constant patterns are compiled with their expression.
    patterns() {
      patterns ??= new Map();
      return patterns;
    },
    charge: cost.charge,
  };
}

/** @throws CelFailure when a value of this size (characters, elements) is too large to be built. */
export function allowSize(size: number): void {
  if (size > MAX_SIZE)
    throw new CelFailure(`a value of size ${quoted(size)} exceeds the maximum of ${MAX_SIZE}`, true);
}
