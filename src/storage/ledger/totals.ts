/** The totals that a ledger keeps beside its outcomes, by name; and what of some deliveries retention cannot have forgotten. */

import type { ObjectName } from "../../core/delivery.ts";

/** The time of arrival up to which retention may have forgotten deliveries, milliseconds. */
export const PRUNED = "pruned";

/** The bytes of a listener's unproved deliveries. */
export function unprovedTotal({ namespace, name }: ObjectName): string {
  return `bytes unproved ${namespace}/${name}`;
}

/** The first 48 bits of a UUIDv7: of a delivery that is decided again the time of the first, so never later than it came. */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Those that retention cannot have forgotten. @param pruned milliseconds since the epoch. */
export const notPruned = (ids: readonly string[], pruned: number): readonly string[] =>
  ids.filter((id) => timeOf(id) > pruned);
