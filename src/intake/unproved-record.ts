/** What is stored of an unproved delivery: no more than its own size, its digest, and no body where no trigger accepted it. */

import { hash } from "node:crypto";
import type { Decision } from "../core/decision.ts";
import type { NewDelivery } from "../core/ledger.ts";
import { outcomeOf } from "../core/outcome.ts";

/** Bytes of decisions that are kept whatever the size of the request: some ten triggers with their traces. */
const DECISION_BYTES = 16 * 1_024;

/** The entry as it is to be stored, of a delivery that proved nothing. */
export function unprovedRecord(entry: NewDelivery): NewDelivery {
  const { decisions, delivery } = entry;
  const outcome = outcomeOf(decisions);
  if (decisions !== undefined && outcome === "filtered") {
    const kept = bounded(decisions, DECISION_BYTES + requestBytes(entry));
    return { ...entry, decisions: kept, digest: hash("sha256", delivery.body), keepsBody: false };
  }
  // Its body may go before its record does: filtered by a worker, or dead when room is needed.
  return { ...entry, digest: hash("sha256", delivery.body) };
}

/** About as many bytes as the store will hold of an entry, before compression. */
export function storedBytes(entry: NewDelivery): number {
  const { decisions, keepsBody } = entry;
  const body = keepsBody === false ? 0 : entry.delivery.body.length;
  if (decisions === undefined) return headBytes(entry) + body;
  return (
    headBytes(entry) + body + (outcomeOf(decisions) === "filtered" ? DECISION_BYTES : jobBytes(decisions))
  );
}

function requestBytes(entry: NewDelivery): number {
  return headBytes(entry) + entry.delivery.body.length;
}

function headBytes({ delivery: { url, headers } }: NewDelivery): number {
  return url.length + JSON.stringify(headers).length;
}

/** What fires is rendered into objects, which ledger and queue hold. */
function jobBytes(decisions: readonly Decision[]): number {
  return 2 * JSON.stringify(decisions).length;
}

/**
 * Decisions that all said no, as many as fit; of the others only their number. The first is always whole: it is what lists
 * show.
 *
 * @param limit bytes of JSON.
 */
function bounded(decisions: readonly Decision[], limit: number): readonly Decision[] {
  let size = 0;
  const kept = decisions.findIndex((decision) => {
    size += JSON.stringify(decision).length;
    return size > limit;
  });
  const first = decisions[0];
  if (kept === -1 || first === undefined) return decisions;
  const whole = decisions.slice(0, Math.max(1, kept));
  const left = decisions.length - whole.length;
  if (left === 0) return whole;
  const reason = `${left} more triggers said no; of unproved deliveries so many decisions are not kept`;
  const trigger = { namespace: first.trigger.namespace, name: `(${left} more)` };
  return [...whole, { trigger, result: "filtered", reason, trace: [] }];
}
