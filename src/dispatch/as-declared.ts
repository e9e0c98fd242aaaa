/** Compares a job with what is declared now: as whom, and in which cluster, its trigger would create. */

import { fault, type SluiceError } from "../core/errors.ts";
import { createJobId } from "../core/identity.ts";
import type { CreateJob } from "../core/job.ts";
import type { ListenerPlan, Plans, TriggerPlan } from "../core/plan.ts";

/** The triggers of a listener by namespace and name; of unnamed ones there may be several. */
type Triggers = ReadonlyMap<string, readonly TriggerPlan[]>;

/**
 * Makes the comparison. A trigger that is declared no more, or cannot be read, has nothing to say.
 *
 * @returns takes a job; SLUICE_JOB_OUTDATED where accounts or cluster are others now: a job is never sent elsewhere
 *   than it was decided for, nor there any more once that was taken away.
 */
export function asDeclared(plans: Plans): (job: CreateJob) => SluiceError | undefined {
  // A listener has thousands of triggers at most, and its plan is replaced as a whole.
  const known = new WeakMap<ListenerPlan, Triggers>();

  function triggersOf(plan: ListenerPlan): Triggers {
    const found = known.get(plan);
    if (found !== undefined) return found;
    const all = plan.groups.flatMap(({ triggers }) => triggers);
    const made = Map.groupBy(all, ({ namespace, name }) => `${namespace}/${name}`);
    known.set(plan, made);
    return made;
  }

  return (job) => {
    const { listener, trigger } = job;
    const plan = plans.find(listener.namespace, listener.name);
    if (plan === undefined || plan.fault !== undefined) return undefined;
    const name = `${trigger.namespace}/${trigger.name}`;
    const named = triggersOf(plan).get(name) ?? [];
    const declared = named.length < 2 ? named[0] : named.find((one) => isOf(one, job));
    if (declared === undefined || declared.unreadable) return undefined;
    const [was, now] = [placeOf(job), placeOf({ ...declared, listenerAccount: plan.serviceAccount })];
    return was === now ? undefined : fault("SLUICE_JOB_OUTDATED", { trigger: name, was, now });
  };
}

const isOf = ({ namespace, key }: TriggerPlan, { id, delivery }: CreateJob): boolean =>
  createJobId(delivery, { namespace, name: key }) === id;

/** For people, and to compare. */
function placeOf(place: {
  readonly serviceAccount?: string | undefined;
  readonly listenerAccount?: string | undefined;
  readonly cluster?: string | undefined;
}): string {
  const { serviceAccount = "none", listenerAccount = "default", cluster = "the gateway's own" } = place;
  return `as account ${serviceAccount} of the trigger, ${listenerAccount} of the listener, in cluster ${cluster}`;
}
