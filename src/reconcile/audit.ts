/** The audit of a store: the ledger's own count, and whether the queue holds all that the ledger calls pending. */

import { type Acknowledgement, type AuditReport, lostInWords } from "../core/acknowledged.ts";
import { decideJobFor } from "../core/job.ts";
import type { Store } from "../core/store.ts";

const BATCH = 1_000;
/** Deliveries of one page of pending work. */
const PAGE = 500;

export interface AuditNeeds extends Pick<Store, "ledger" | "queue"> {
  /**
   * Sweeps all that is due, in a process that sweeps anyway. Resolves with the moment before which a delivery was
   * received to be due, milliseconds since the epoch.
   */
  readonly sweep?: () => Promise<number>;
  /** What this process has acknowledged and looked for, in a gateway. */
  readonly acknowledged?: () => Promise<Acknowledgement>;
}

/**
 * Proves the conservation law from the records, then looks for each pending job in the queue. A job that ends while
 * the audit runs is asked for again before it counts as missing.
 *
 * A crash between ledger and queue leaves pending jobs that the queue does not hold, and sweeps are there to bring them:
 * such jobs are named as `unqueued`, and break no law. Lost is a job that sweeps cannot see, and one that was due and
 * that `sweep` did not bring.
 */
export async function auditStore({ acknowledged, ...needs }: AuditNeeds): Promise<AuditReport> {
  const found = await auditRecords(needs);
  if (acknowledged === undefined) return found;
  const known = await acknowledged();
  const { forgotten } = known;
  const lost =
    forgotten === undefined
      ? []
      : [`${lostInWords(forgotten, "this gateway")}, found at ${new Date(forgotten.at).toISOString()}`];
  return { ...found, violations: [...found.violations, ...lost], acknowledged: known };
}

async function auditRecords({ ledger, queue, sweep }: AuditNeeds): Promise<AuditReport> {
  const first = await ledger.audit();
  const missing = new Set(await notHeld(first.pendingJobs));
  if (missing.size === 0) return { ...first, unqueued: [] };
  const due = (await sweep?.()) ?? 0;
  const second = await ledger.audit();
  const left = await notHeld(second.pendingJobs.filter((id) => missing.has(id)));
  const seen = await asSweepsSee(new Set(left));
  const lost = [
    ...(await stillPending(left.filter((id) => !seen.has(id)))).map((id) => [id, "no sweep can see it"]),
    ...left.filter((id) => (seen.get(id) ?? due) < due).map((id) => [id, "a sweep did not bring it there"]),
  ];
  const words = lost.map(
    ([id, why]) => `job ${id} is pending in the ledger, and the queue does not hold it: ${why}`,
  );
  const unqueued = left.filter((id) => (seen.get(id) ?? -1) >= due);
  return { ...second, violations: [...second.violations, ...words], unqueued };

  async function notHeld(ids: readonly string[]): Promise<string[]> {
    const lost: string[] = [];
    for (let from = 0; from < ids.length; from += BATCH) {
      const batch = ids.slice(from, from + BATCH);
      const held = await queue.holds(batch);
      lost.push(...batch.filter((id) => !held.has(id)));
    }
    return lost;
  }

  /** Those of some jobs that sweeps can see, and when their deliveries were received. */
  async function asSweepsSee(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    let cursor: string | undefined;
    while (found.size < ids.size) {
      const page = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
      const { undecided, jobs, next } = await ledger.pending(Number.MAX_SAFE_INTEGER, page);
      for (const { id, receivedAt } of [...undecided.map(decideJobFor), ...jobs])
        if (ids.has(id)) found.set(id, receivedAt);
      if (next === undefined) break;
      cursor = next;
    }
    return found;
  }

  /** Without those that have come to an end meanwhile, which nobody sees either. */
  async function stillPending(ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0) return [];
    const pending = new Set((await ledger.audit()).pendingJobs);
    return ids.filter((id) => pending.has(id));
  }
}
