/** What a listener's status says: whether it is served, whether its triggers can fire, and why not. */

import type { ListenerPlan } from "../../core/plan.ts";
import type { Condition } from "./listener.ts";
import { OURS } from "./listener.ts";

export interface Verdict {
  /** Whether deliveries are taken. */
  readonly available: boolean;
  /** Whether a trigger can fire. */
  readonly ready: boolean;
  /** One word, of the condition Ready; an error code where one says it. */
  readonly reason: string;
  readonly message: string;
}

/** Longest text of a condition: a status is read on a terminal. */
const MAX_MESSAGE = 1_000;

export function verdictOf(plan: ListenerPlan): Verdict {
  if (plan.fault !== undefined) {
    const { code, message } = plan.fault;
    return { available: false, ready: false, reason: code, message: cut(message) };
  }
  const triggers = plan.groups.flatMap((group) => group.triggers);
  const faults = triggers.flatMap(({ name, shown, fault, barred }) => {
    // What nobody could ask just now says nothing of the trigger.
    const why = barred?.retry === "soon" ? fault : (barred ?? fault);
    return why === undefined ? [] : [{ name: shown ?? name, fault: why }];
  });
  // Without triggers nobody says who may send: what comes is refused, unless that was spelled out.
  const served = {
    available: triggers.length > 0 || plan.open === true,
    ready: triggers.length > faults.length,
  };
  const [first] = faults;
  if (triggers.length === 0)
    return { ...served, reason: "NoTriggers", message: "no trigger is declared or selected" };
  if (first === undefined) return { ...served, reason: "Ready", message: "EventListener is ready" };
  const { code, message } = first.fault;
  const can = `${triggers.length - faults.length} of ${triggers.length} triggers can fire`;
  return { ...served, reason: code, message: cut(`${can}; ${first.name}: ${message}`) };
}

/**
 * The conditions that `kubectl get eventlisteners` and tkn show. Of those that stay as they were the time stays, too.
 *
 * @param service whether the listener's own Service exists; undefined where it is to have none.
 */
export function conditionsOf(
  { available, ready, reason, message }: Verdict,
  before: readonly Condition[],
  now: string,
  service?: { readonly exists: boolean; readonly message: string },
): readonly Condition[] {
  const stated: Omit<Condition, "lastTransitionTime">[] = [
    {
      type: "Available",
      status: statusOf(available),
      reason: `${available ? "Served" : "Refused"}${OURS}`,
      message: available ? "deliveries are taken" : message,
    },
    { type: "Ready", status: statusOf(ready), reason, message },
  ];
  if (service !== undefined) {
    const made = service.exists ? "ServiceExists" : "ServiceMissing";
    stated.push({
      type: "Service",
      status: statusOf(service.exists),
      reason: made,
      message: service.message,
    });
  }
  return stated.map((condition) => {
    const last = before.find(({ type }) => type === condition.type);
    const same = last?.status === condition.status && last.lastTransitionTime !== "";
    return { ...condition, lastTransitionTime: same ? last.lastTransitionTime : now };
  });
}

const statusOf = (holds: boolean): string => (holds ? "True" : "False");

function cut(text: string): string {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 1)}…` : text;
}
