/** Triggers that wait: their interceptor could not be asked, so they are decided later, each for itself. */

import { type Decision, isWaiting, type TraceStep } from "../core/decision.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { ChainStep, ListenerPlan, TriggerGroupPlan, TriggerPlan } from "../core/plan.ts";

type Group = Pick<TriggerGroupPlan, "name" | "chain">;

interface Why {
  readonly reason: string;
  readonly code: ErrorCode;
  readonly trace: readonly TraceStep[];
}

/** The decision of a trigger that is asked again later. */
export function waitingFor(group: Group, trigger: TriggerPlan, why: Why): Decision {
  const { namespace, name } = trigger;
  return { trigger: { namespace, name }, result: "waiting", ...why, waits: keyOf(group, trigger) };
}

/** The same of one whose interceptors take longer than somebody waits. */
export function unanswered(group: Group, trigger: TriggerPlan, proof: readonly TraceStep[]): Decision {
  const asked = [...group.chain, ...trigger.chain].filter(isRemote).map(({ name }) => name);
  const name = asked.join(", ") || "interceptors";
  const reason = "no answer in time";
  const step: TraceStep = { station: "intercept", name, verdict: "error", reason };
  const code = "SLUICE_INTERCEPTOR_FAILED";
  return waitingFor(group, trigger, { reason: `${name}: ${reason}`, code, trace: [...proof, step] });
}

/** Whether some step of the chains leaves this process. */
export function leavesProcess(group: Group, trigger: TriggerPlan): boolean {
  return group.chain.some(isRemote) || trigger.chain.some(isRemote);
}

const isRemote = ({ interceptor }: ChainStep): boolean => interceptor.remote === true;

/** What is said of a waiting trigger that nobody asks any more. @param why why not. */
export function givenUp(decision: Decision, why: string): Decision {
  if (!isWaiting(decision)) return decision;
  const { waits: _, ...rest } = decision;
  return { ...rest, result: "failed", reason: `${rest.reason} (${why})` };
}

export interface StillWaiting {
  /** The plan with only those triggers that are to be asked. */
  readonly plan: ListenerPlan;
  /** Where the decisions of the delivery hold the place of each of them. */
  readonly places: readonly number[];
  /** Places of triggers that wait and that the plan does not hold any more. */
  readonly gone: readonly number[];
}

/**
 * The triggers of a plan that a delivery waits for. Triggers without a name of their own are told apart by their order,
 * so where there are more or fewer of one name than there were, nobody knows which of them has fired: none is asked.
 *
 * @param decisions empty where nobody has decided yet: then all are asked.
 */
export function stillWaiting(plan: ListenerPlan, decisions: readonly Omit<Decision, "job">[]): StillWaiting {
  if (decisions.length === 0) {
    const all = plan.groups.flatMap(({ triggers }) => triggers);
    return { plan, places: [...all.keys()], gone: [] };
  }
  const then = countBy(decisions.map(({ trigger }) => nameOf(trigger)));
  const now = countBy(plan.groups.flatMap(({ triggers }) => triggers.map(nameOf)));
  const open = new Map<string, number[]>();
  for (const [at, { waits, trigger }] of decisions.entries()) {
    if (waits === undefined || then.get(nameOf(trigger)) !== now.get(nameOf(trigger))) continue;
    open.set(waits, [...(open.get(waits) ?? []), at]);
  }
  const places: number[] = [];
  const groups = plan.groups.map((group) => ({
    ...group,
    triggers: group.triggers.filter((trigger) => {
      const at = open.get(keyOf(group, trigger))?.shift();
      if (at !== undefined) places.push(at);
      return at !== undefined;
    }),
  }));
  const found = new Set(places);
  const gone = [...decisions.keys()].filter((at) => decisions[at]?.waits !== undefined && !found.has(at));
  return { plan: { ...plan, groups: groups.filter(({ triggers }) => triggers.length > 0) }, places, gone };
}

// One Trigger may stand behind several groups, and has the same key in each.
function keyOf({ name }: Group, { namespace, key }: TriggerPlan): string {
  return `${name}/${namespace}/${key}`;
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function countBy(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
