/** Who claims an id: only a delivery that some trigger accepted, and of an unproved one trigger by trigger. */

import { type Decision, isWaiting } from "../core/decision.ts";
import { type Delivery, type ObjectName, type Payload, sameName } from "../core/delivery.ts";
import { restId, triggerOfJob } from "../core/identity.ts";
import type { DeliveryRecord, Ledger } from "../core/ledger.ts";
import { outcomeOf } from "../core/outcome.ts";
import type { ListenerPlan } from "../core/plan.ts";
import { wasProved } from "../core/proof.ts";
import { dedupeKey, signedKey } from "../core/provider.ts";

type Decisions = readonly Decision[];

/**
 * The key that a delivery of a sender would claim; undefined where its provider gives no stable id. The proof is part of
 * it, so that guessing a delivery id, or signing with yesterday's secret, cannot consume it.
 *
 * @param signed the id that the proof covers, where it covers one: then no id beside it counts.
 */
export function claimKey(
  { provider, proof }: Pick<DeliveryRecord, "provider" | "proof">,
  { headers }: Pick<Delivery, "headers">,
  body: Payload,
  signed?: string,
): string | undefined {
  const id = signed === undefined ? dedupeKey(provider, headers, body) : signedKey(signed);
  return id === undefined ? undefined : `${id} ${proof}`;
}

/**
 * Whether a delivery claims its id when it is stored. A proved one does unless every trigger said no. An unproved one does
 * only where some trigger accepted it: what still waits may be refused in the end.
 */
export function claimsNow(decisions: Decisions | undefined, proved: boolean): boolean {
  if (decisions === undefined) return proved;
  return proved ? outcomeOf(decisions) !== "filtered" : decisions.some(accepted);
}

/** The chain let it pass; whether params and objects could then be made is not the sender's doing. */
function accepted({ result, trace }: Decision): boolean {
  if (result === "matched") return true;
  const station = trace.at(-1)?.station;
  return result === "failed" && (station === "bind" || station === "render");
}

/** Whether a stored unproved delivery may still have to claim: of those that repeat others on purpose none does. */
export function claimsLate(
  { proof }: Pick<DeliveryRecord, "proof">,
  { id, replayOf }: Pick<Delivery, "id" | "replayOf">,
  plan: ListenerPlan | undefined,
): boolean {
  if (wasProved(proof) || plan?.onDuplicate === "rerun") return false;
  return replayOf === undefined || id === restId(replayOf);
}

/**
 * Ids of the dead jobs of `first` that a redelivery may reopen: those of triggers that it passed itself.
 *
 * @param decisions the redelivery's own; undefined while nobody has decided, which only a proved one may leave open.
 */
export function reopenable(
  { jobs }: Pick<DeliveryRecord, "jobs">,
  decisions: Decisions | undefined,
  proved: boolean,
): ReadonlySet<string> {
  const passes = (trigger: ObjectName, job: string): boolean => {
    if (decisions === undefined) return proved;
    return decisions.some((decision) => {
      if (decision.job !== undefined) return triggerOfJob(decision.job.id) === triggerOfJob(job);
      return proved && decision.result !== "filtered" && sameName(decision.trigger, trigger);
    });
  };
  return new Set(jobs.flatMap(({ job }) => (passes(job.trigger, job.id) ? job.id : [])));
}

/**
 * The plan with only those triggers that accept an unproved delivery, or may yet, and did not accept the one with its id
 * that came first: nothing says that both are of one sender, so each trigger's claim is its own.
 *
 * @returns undefined where none is left.
 */
export function restOf(
  plan: ListenerPlan,
  decisions: Decisions,
  first: Pick<DeliveryRecord, "decisions" | "jobs">,
): ListenerPlan | undefined {
  const fired = firedBy(first);
  let at = 0;
  const groups = plan.groups
    .map((group) => ({
      ...group,
      triggers: group.triggers.filter((trigger) => {
        const decision = decisions[at++];
        if (decision?.job !== undefined) return !fired.has(triggerOfJob(decision.job.id));
        const known = first.decisions.find((other) => sameName(other.trigger, trigger));
        return decision !== undefined && isWaiting(decision) && known?.result !== "matched";
      }),
    }))
    .filter(({ triggers }) => triggers.length > 0);
  return groups.length === 0 ? undefined : { ...plan, groups };
}

export interface ClaimNeeds {
  readonly ledger: Pick<Ledger, "claim" | "find">;
}

/**
 * Makes the function that claims an id for decisions of a stored unproved delivery, trigger by trigger, before they are
 * written. The triggers' own claims are made first: who then holds the id keeps at least one of them, so that its claim
 * never becomes void. Doing it twice comes out the same.
 *
 * @returns the decisions; those that another delivery has taken are filtered and say so.
 */
export function createClaims({ ledger }: ClaimNeeds) {
  return async (
    delivery: Pick<Delivery, "id" | "listener">,
    key: string,
    decisions: Decisions,
  ): Promise<Decisions> => {
    const own: Decision[] = [];
    for (const decision of decisions) {
      const { job } = decision;
      const holder =
        job === undefined
          ? delivery.id
          : await ledger.claim(delivery, `${key} trigger ${triggerOfJob(job.id)}`);
      own.push(holder === delivery.id ? decision : takenBy(holder, decision));
    }
    if (!own.some(({ job }) => job !== undefined)) return own;
    const first = await ledger.claim(delivery, key);
    if (first === delivery.id) return own;
    const record = await ledger.find(first);
    const fired = record && firedBy(record);
    // Nobody knows any more what a forgotten one fired.
    return own.map((decision) => {
      const { job } = decision;
      const free = job === undefined || fired?.has(triggerOfJob(job.id)) === false;
      return free ? decision : takenBy(first, decision);
    });
  };
}

function firedBy({ jobs }: Pick<DeliveryRecord, "jobs">): ReadonlySet<string> {
  return new Set(jobs.map(({ job }) => triggerOfJob(job.id)));
}

function takenBy(first: string, { trigger, trace }: Decision): Decision {
  return { trigger, result: "filtered", reason: `the same as ${first}, which came first`, trace };
}
