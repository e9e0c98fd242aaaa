/** A redelivery of what had failed: its dead jobs are tried again, its failed decisions made again; nothing else is. */

import type { Decision } from "../core/decision.ts";
import { decidedAgainId } from "../core/identity.ts";
import type { Job } from "../core/job.ts";
import type { Act, DeliveryRecord, Ledger } from "../core/ledger.ts";
import type { ListenerPlan, TriggerPlan } from "../core/plan.ts";
import { hasFailed, nameOf, onlyFailed, openJobs } from "../decide/index.ts";
import type { DeliveryProofs } from "../verify/index.ts";

export interface RedeliveryNeeds {
  readonly ledger: Pick<Ledger, "drop" | "find" | "reopen">;
  readonly clock: () => number;
  /** Hands work to the queue and never rejects: the ledger has it, so that what fails here is swept up. */
  readonly queued: (work: () => Promise<readonly Job[]>) => Promise<void>;
}

/** What a redelivery may try again. */
export interface Redelivered {
  /** Ids of the jobs whose triggers it passed. */
  readonly mayReopen: (record: DeliveryRecord) => ReadonlySet<string>;
  /** Who may decide again what failed: the triggers whose proofs it brings. Absent: nothing is decided again. */
  readonly plan?: ListenerPlan;
  readonly decideAs?: DecideAs;
}

/** Keeps the redelivered request as delivery `id`, a replay of `of`, with the decisions that `plan` makes of it. */
export type DecideAs = (id: string, of: string, plan: ListenerPlan) => Promise<unknown>;

/** Redeliveries that are followed: each time that what failed fails again, a decision stands behind the one before. */
const LONGEST_CHAIN = 100;

/**
 * Makes the function that tries again what is dead of a delivery, when its sender brings it a second time.
 *
 * - A dead job is reopened: the same job, the same names, its patience counted anew.
 * - A failed decision has no job and no names. It is made again as a delivery of its own, a replay of the first, for
 *   those triggers alone; its id is a function of the first one's, so of any number of redeliveries one is kept. When
 *   that fails too, the next redelivery makes it again behind it.
 * - A trigger that fired, or said no, is never asked again.
 *
 * A delivery whose failures others have taken over is dropped from the dead letters: replaying it by hand as well
 * would run things twice.
 *
 * @returns resolves when all is in the ledger. @throws SluiceError SLUICE_STORE_AWAY: then nothing was promised, and
 *   whoever asks again loses nothing.
 */
export function createRetryFailed({ ledger, clock, queued }: RedeliveryNeeds) {
  const underWay = new Map<string, Promise<void>>();

  async function retry(first: string, { mayReopen, plan, decideAs }: Redelivered): Promise<void> {
    let id = first;
    for (let length = 0; length < LONGEST_CHAIN; length++) {
      const record = await ledger.find(id);
      if (record?.outcome === "pending") await queued(async () => openJobs(record));
      if (record?.outcome !== "dead") return;
      const jobs = await ledger.reopen(id, clock(), mayReopen(record));
      if (jobs.length > 0) await queued(async () => jobs);
      const open = plan && onlyFailed(plan, record);
      if (open === undefined || decideAs === undefined) return;
      const next = decidedAgainId(id);
      if ((await ledger.find(next)) === undefined) return handOn(record, next, open, decideAs);
      id = next;
    }
  }

  async function handOn(
    record: DeliveryRecord,
    next: string,
    open: ListenerPlan,
    decideAs: DecideAs,
  ): Promise<void> {
    const { id, jobs } = record;
    await decideAs(next, id, open);
    if (jobs.some(({ state }) => state === "dead") || !coversFailed(open, record)) return;
    await ledger.drop(id, decidedAgain(id, next, clock()));
  }

  return (first: string, redelivered: Redelivered): Promise<void> => {
    // What an unproved one may try again is its own; proved ones with one id are of one sender.
    if (redelivered.decideAs === undefined) return retry(first, redelivered);
    const known = underWay.get(first);
    if (known !== undefined) return known;
    const work = retry(first, redelivered).finally(() => underWay.delete(first));
    underWay.set(first, work);
    return work;
  };
}

/** What is written where the failures of a delivery went over to another. */
export function decidedAgain(id: string, next: string, at: number): Act {
  return { at, verb: "drop", subject: id, actor: "sluice", reason: `decided again as ${next}`, by: next };
}

/** Whether all that had failed of a dead delivery has matched now, so that it needs nobody any more. */
export function replaces(
  decisions: readonly Decision[],
  { outcome, decisions: before, jobs, dropped }: DeliveryRecord,
): boolean {
  if (outcome !== "dead" || dropped !== undefined || jobs.some(({ state }) => state === "dead")) return false;
  const matched = new Set(decisions.flatMap(({ job, trigger }) => (job ? nameOf(trigger) : [])));
  return before.filter(hasFailed).every(({ trigger }) => matched.has(nameOf(trigger)));
}

/** Whether every failed decision is made again; one that a worker failed for want of a listener stands for all. */
function coversFailed(open: ListenerPlan, { decisions, listener }: DeliveryRecord): boolean {
  const asked = new Set(open.groups.flatMap(({ triggers }) => triggers.map(nameOf)));
  const failed = decisions.filter(hasFailed).map(({ trigger }) => nameOf(trigger));
  return failed.every((name) => asked.has(name) || name === nameOf(listener));
}

/** The plan with only those triggers whose every demand the request proves. */
export async function provedPart(plan: ListenerPlan, proofs: DeliveryProofs): Promise<ListenerPlan> {
  const holds = async ({ proofs: demands }: TriggerPlan): Promise<boolean> =>
    (await Promise.all(demands.map((demand) => proofs.check(demand)))).every(({ ok }) => ok);
  const groups = await Promise.all(
    plan.groups.map(async (group) => {
      const held = await Promise.all(group.triggers.map(holds));
      return { ...group, triggers: group.triggers.filter((_, i) => held[i]) };
    }),
  );
  return { ...plan, groups: groups.filter(({ triggers }) => triggers.length > 0) };
}
