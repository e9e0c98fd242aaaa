/** Decisions that were made late take the places of those that waited; what of a record that changes. */

import { type Decision, isWaiting, type LateDecision } from "../../core/decision.ts";
import { decideJobId } from "../../core/identity.ts";
import { workIdsOf } from "./record.ts";

export interface LateChange {
  readonly decisions: readonly Decision[];
  /** Ids of the jobs that the record does not hold yet. */
  readonly added: readonly string[];
  /** The id of the job that decides, once nothing waits for it any more; empty till then. */
  readonly settled: string;
}

/** @returns undefined where nothing changes: others were first, or nothing new was decided. */
export function lateChange(
  delivery: string,
  before: readonly Decision[],
  late: readonly LateDecision[],
): LateChange | undefined {
  const made = new Map(late.map(({ at, decision }) => [at, decision]));
  const decisions = before.map((old, at) => {
    const now = made.get(at);
    return now !== undefined && isWaiting(old) && !isWaiting(now) ? now : old;
  });
  if (decisions.every((decision, at) => decision === before[at])) return undefined;
  const known = new Set(workIdsOf(delivery, before));
  return {
    decisions,
    added: [...new Set(workIdsOf(delivery, decisions))].filter((id) => !known.has(id)),
    settled: decisions.some(isWaiting) ? "" : decideJobId(delivery),
  };
}
