/** A store: one place that holds both queue and ledger. */

import type { Archive } from "./backup.ts";
import type { Check } from "./check.ts";
import type { StoreClock } from "./clock.ts";
import type { Ledger } from "./ledger.ts";
import type { Queue } from "./queue.ts";
import type { RefusalLog } from "./refusal.ts";

/** How much a store holds, and how much it can hold; both in bytes. */
export interface Room {
  readonly used: number;
  readonly size: number;
  /** Others use it too, as a disk: then its size says little of what may be used. */
  readonly shared?: true;
}

/**
 * Makes a write that can be made twice. While the store is away for a moment (a restart, a failover, a freeze), the write
 * waits and is made again, in the order in which the writes were asked for.
 *
 * @throws what the last try threw, when the store is not back in time or when waiting does not help.
 */
export interface Hold {
  <T>(write: () => Promise<T>): Promise<T>;
  /** Writes that wait for the store now; absent where none ever does. */
  readonly waiting?: () => number;
}

export interface Store {
  /** For people: `embedded ./.sluice`, `redis redis://localhost:6379/0` (passwords masked). */
  readonly name: string;
  readonly ledger: Ledger & Archive & RefusalLog;
  readonly queue: Queue;
  /** For writes whose sender waits for the answer. */
  readonly hold: Hold;
  /** What everything goes by that is written with a time. */
  readonly clock: StoreClock;
  /** What the storage must hold to: whether it may forget, how full it is, what it costs to lose the machine. */
  checks?(): readonly Check[];
  /** How full it is; undefined, or absent, where nothing says how much it can hold. */
  room?(): Promise<Room | undefined>;
  /** Tells whoever finds the store taken where this process's admin port is; where nobody can find it taken, absent. */
  announce?(admin: string): void;
  close(): Promise<void>;
}
