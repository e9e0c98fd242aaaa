/** A time limit for storage that may be away: every wait ends, and every failure says that the store cannot be used. */

import { fault, SluiceError } from "../../core/errors.ts";
import { troubleOf } from "../../core/trouble.ts";

/**
 * Waits for storage, but not for ever. The work itself is not cancelled: it may still be done later, so it has to be
 * work that can be done twice.
 *
 * @param limitMs milliseconds until it is given up.
 * @throws SluiceError SLUICE_STORE_AWAY when the time is over; what the store threw, as the trouble that it is.
 */
export function orAway<T>(work: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(fault("SLUICE_STORE_AWAY", { reason: `no answer within ${limitMs} ms` })),
      limitMs,
    );
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(asAway(error));
      },
    );
  });
}

/** Anything thrown by a store's client as a store's trouble; our own faults stay as they are. */
export function asAway(error: unknown): SluiceError {
  return error instanceof SluiceError ? error : troubleOf(error);
}
