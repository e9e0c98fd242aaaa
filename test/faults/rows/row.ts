/** What a row of the fault tests is: a trouble, told in one function, between a burst and the judge. */

import type { LoadResult } from "../../helpers/load.ts";
import type { Stage, StageStore } from "../stage.ts";

export interface Course {
  /** Every burst that was sent. */
  readonly sent: readonly LoadResult[];
  /** Measured on the way, for the table; names tell the unit. */
  readonly measured?: Readonly<Record<string, number>>;
  /** What went wrong on the way that the judge cannot see. */
  readonly faults?: readonly string[];
}

export interface Row {
  readonly number: number;
  readonly name: string;
  readonly store: StageStore;
  /** Further flags of every gateway. */
  readonly flags?: readonly string[];
  /** Why the row cannot be run here, where it cannot; it is then skipped, and says so. */
  lacks?(): string | undefined;
  /** Sends, makes trouble, mends it; what is left to do then, the gateways do by themselves. */
  run(stage: Stage): Promise<Course>;
}

/** A stretch of an outage: the length is the trouble itself, so there is no event to wait for. */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
