/** The port of time: all that compares a stored time with "now" goes by the store's clock, not by this machine's. */

import type { SluiceError } from "./errors.ts";

export interface StoreClock {
  /** Milliseconds since the epoch, whole, by the store's clock. A step of this machine's clock does not change it. */
  now(): number;
  /**
   * Whole milliseconds that the store's clock seems to have jumped ahead; 0 where it has not. Whether it was set wrong or
   * all gateways stood still that long is not known yet, so what is remembered for a time ages without them.
   */
  jumped(): number;
  /** Why nothing may be forgotten by it now; undefined where it may. */
  fault(): SluiceError | undefined;
}
