/** Open work of a delivery record: the jobs that the queue should hold for it, and what a redelivery decides again. */

import type { Delivery, ObjectName } from "../core/delivery.ts";
import { decidedAgainId } from "../core/identity.ts";
import { type CreateJob, decideJobFor, type Job } from "../core/job.ts";
import type { DeliveryRecord } from "../core/ledger.ts";
import type { ListenerPlan } from "../core/plan.ts";

/** The jobs that the queue should hold for a delivery: its pending ones, and the one that decides what is not decided. */
export function openJobs(record: DeliveryRecord): readonly Job[] {
  return record.decided ? openCreates(record) : [...openCreates(record), decideJobFor(record)];
}

export function openCreates({ jobs }: Pick<DeliveryRecord, "jobs">): readonly CreateJob[] {
  return jobs.flatMap(({ job, state }) => (state === "pending" ? job : []));
}

/** The first delivery, where this one decides again what had failed of it, and nothing else. */
export function decidesAgain({ id, replayOf }: Pick<Delivery, "id" | "replayOf">): string | undefined {
  return replayOf !== undefined && id === decidedAgainId(replayOf) ? replayOf : undefined;
}

/**
 * The plan with only those triggers whose decision failed. Unnamed triggers cannot be told apart once somebody has
 * moved them: where one of a name has fired, none of that name is asked again.
 *
 * @returns undefined where none is left.
 */
export function onlyFailed(
  plan: ListenerPlan,
  { decisions }: Pick<DeliveryRecord, "decisions">,
): ListenerPlan | undefined {
  const failed = new Set(decisions.filter(hasFailed).map(({ trigger }) => nameOf(trigger)));
  for (const { trigger, result } of decisions) if (result === "matched") failed.delete(nameOf(trigger));
  const groups = plan.groups
    .map((group) => ({ ...group, triggers: group.triggers.filter((trigger) => failed.has(nameOf(trigger))) }))
    .filter(({ triggers }) => triggers.length > 0);
  if (groups.length > 0) return { ...plan, groups };
  // A worker that finds no listener at all says so in its name: none of its triggers has been asked.
  return decisions.length === 1 && failed.has(nameOf(plan)) ? plan : undefined;
}

export const hasFailed = ({ result }: DeliveryRecord["decisions"][number]): boolean => result === "failed";
export const nameOf = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;
