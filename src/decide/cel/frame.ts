/** What compiled expressions are: functions of a frame. */

import type { Context } from "./functions.ts";
import type { Value } from "./values.ts";

/** What one evaluation works with. */
export interface Frame extends Context {
  /** Variables by the slot that the compiler gave them: first the event's, then those of macros. */
  readonly slots: Value[];
}

/** @throws CelFailure when there is no value. */
export type Evaluate = (frame: Frame) => Value;

/** The slot of each name in scope. */
export type Slots = ReadonlyMap<string, number>;
