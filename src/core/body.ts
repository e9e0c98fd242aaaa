/** Why a delivery that is known has no body to look at or to decide again. */

import type { SluiceError } from "./errors.ts";
import { fault } from "./errors.ts";
import type { DeliveryRecord } from "./ledger.ts";

/**
 * The fault for a delivery that the ledger does not load.
 *
 * @param known what the ledger knows of it all the same; undefined when nothing.
 * @returns SLUICE_DELIVERY_UNKNOWN, SLUICE_DELIVERY_DUPLICATE for one that came a second time,
 *   SLUICE_BODY_NOT_KEPT for an unproved one that no trigger accepted, SLUICE_BODY_DROPPED for an unproved dead letter
 *   whose body made room, or SLUICE_BODY_FORGOTTEN.
 */
export function bodyMissing(
  id: string,
  known:
    | Pick<DeliveryRecord, "digest" | "dropped" | "duplicateOf" | "outcome" | "proof" | "receivedAt">
    | undefined,
): SluiceError {
  if (known === undefined) return fault("SLUICE_DELIVERY_UNKNOWN", { id });
  const { digest, dropped, duplicateOf, outcome, proof, receivedAt } = known;
  if (duplicateOf !== undefined) return fault("SLUICE_DELIVERY_DUPLICATE", { id, first: duplicateOf });
  if (digest !== undefined && outcome === "filtered") return fault("SLUICE_BODY_NOT_KEPT", { id, digest });
  // Retention leaves the body of a dead letter in place.
  if (outcome === "dead" && dropped === undefined && proof === "none" && digest !== undefined)
    return fault("SLUICE_BODY_DROPPED", { id, digest });
  return fault("SLUICE_BODY_FORGOTTEN", { id, at: new Date(receivedAt).toISOString() });
}
