/** Why a delivery that is known has no body to look at or to decide again. */

import type { SluiceError } from "./errors.ts";
import { fault } from "./errors.ts";
import type { DeliverySummary } from "./ledger.ts";

/**
 * The fault for a delivery that the ledger does not load.
 *
 * @param known what the ledger knows of it all the same; undefined when nothing.
 * @returns SLUICE_DELIVERY_UNKNOWN, SLUICE_DELIVERY_DUPLICATE for one that came a second time, or SLUICE_BODY_FORGOTTEN.
 */
export function bodyMissing(
  id: string,
  known: Pick<DeliverySummary, "duplicateOf" | "receivedAt"> | undefined,
): SluiceError {
  if (known === undefined) return fault("SLUICE_DELIVERY_UNKNOWN", { id });
  const { duplicateOf, receivedAt } = known;
  if (duplicateOf !== undefined) return fault("SLUICE_DELIVERY_DUPLICATE", { id, first: duplicateOf });
  return fault("SLUICE_BODY_FORGOTTEN", { id, at: new Date(receivedAt).toISOString() });
}
