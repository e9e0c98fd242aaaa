/** A store: one place that holds both queue and ledger. */

import type { Ledger } from "./ledger.ts";
import type { Queue } from "./queue.ts";

export interface Store {
  /** For people: `embedded ./.sluice`, `redis redis://localhost:6379/0` (passwords masked). */
  readonly name: string;
  readonly ledger: Ledger;
  readonly queue: Queue;
  close(): Promise<void>;
}
