/** The work that one evaluation may do, so that no expression and no event can hold the process up. */

import { quoted } from "../core/quoted.ts";
import { CelFailure } from "./values.ts";

/** Steps of one evaluation: at most about half a second. A step is one turn of a loop or some 50 ns of anything else. */
export const MAX_STEPS = 4_000_000;

/** Characters or elements of one value. */
export const MAX_SIZE = 4_000_000;

/** Counts down. Handed to every function, so that whoever loops over an event's data pays for it. */
export interface Work {
  /** @throws CelFailure when the budget is spent. */
  charge(steps: number): void;
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

/** @param steps the budget. */
export function createWork(steps: number = MAX_STEPS): Work {
  let left = steps;
  let patterns: Map<string, Pattern> | undefined;
  return {
    // Most evaluations have none: constant patterns are compiled with their expression.
    patterns() {
      patterns ??= new Map();
      return patterns;
    },
    charge(steps) {
      left -= steps;
      if (left < 0) throw new CelFailure("the evaluation takes too many steps", true);
    },
  };
}

/** @throws CelFailure when a value of this size (characters, elements) is too large to be built. */
export function allowSize(size: number): void {
  if (size > MAX_SIZE)
    throw new CelFailure(`a value of size ${quoted(size)} exceeds the maximum of ${MAX_SIZE}`, true);
}
