/** What a gateway knows of its own answers: counted in its memory, which a store's loss does not touch. */

import type { Audit } from "./ledger.ts";

/** What the store was found to have lost. */
export interface Forgotten {
  readonly count: number;
  /** Ids of the first and the last of them, in the order in which they were acknowledged. */
  readonly first: string;
  readonly last: string;
  /** When that was found the last time, milliseconds since the epoch. */
  readonly at: number;
}

export interface Acknowledgement {
  /** The store that it works on, as people know it. */
  readonly store: string;
  /** Since when it counts: its start, milliseconds since the epoch. */
  readonly since: number;
  /** Deliveries that it answered with 202 since then, duplicates left out. */
  readonly count: number;
  /** The latest of them, which were looked for. */
  readonly looked: number;
  /** Absent while nothing was found to be lost. */
  readonly forgotten?: Forgotten;
}

/** An audit, with what the gateway that made it has acknowledged; absent where no gateway made it. */
export interface AuditReport extends Audit {
  readonly acknowledged?: Acknowledgement;
}

/** What was lost, in words. @param whose `this gateway`, or another. */
export function lostInWords({ count, first, last }: Forgotten, whose: string): string {
  return `${count} deliveries that ${whose} acknowledged are not in the ledger any more: from ${first} to ${last}`;
}
