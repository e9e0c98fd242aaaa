/** A store: one place that holds both queue and ledger. */

import type { Check } from "./check.ts";
import type { Ledger } from "./ledger.ts";
import type { Queue } from "./queue.ts";

export interface Store {
  /** For people: `embedded ./.sluice`, `redis redis://localhost:6379/0` (passwords masked). */
  readonly name: string;
  readonly ledger: Ledger;
  readonly queue: Queue;
  /** What the storage must hold to: whether it may forget, how full it is, what it costs to lose the machine. */
  checks?(): readonly Check[];
  /** Tells whoever finds the store taken where this process's admin port is; where nobody can find it taken, absent. */
  announce?(admin: string): void;
  close(): Promise<void>;
}
