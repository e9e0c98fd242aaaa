/** The audit of a store: the ledger's own count, and whether the queue holds all that the ledger calls pending. */

import type { Audit } from "./core/ledger.ts";
import type { Store } from "./core/store.ts";

const BATCH = 1_000;

/**
 * Proves the conservation law from the records, then looks for each pending job in the queue. A job that ends while
 * the audit runs is asked for again before it counts as lost.
 */
export async function auditStore({ ledger, queue }: Pick<Store, "ledger" | "queue">): Promise<Audit> {
  const first = await ledger.audit();
  const missing = new Set(await notHeld(first.pendingJobs));
  if (missing.size === 0) return first;
  const second = await ledger.audit();
  const lost = await notHeld(second.pendingJobs.filter((id) => missing.has(id)));
  const words = lost.map((id) => `job ${id} is pending in the ledger, and the queue does not hold it`);
  return { ...second, violations: [...second.violations, ...words] };

  async function notHeld(ids: readonly string[]): Promise<string[]> {
    const lost: string[] = [];
    for (let from = 0; from < ids.length; from += BATCH) {
      const batch = ids.slice(from, from + BATCH);
      const held = await queue.holds(batch);
      lost.push(...batch.filter((id) => !held.has(id)));
    }
    return lost;
  }
}
