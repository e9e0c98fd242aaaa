/** Which triggers of other namespaces a listener may use: those that its service account may see, as Tekton's sink must. */

import { createCrowd } from "../../../core/crowd.ts";
import { within } from "../../../core/deadline.ts";
import type { ObjectName } from "../../../core/delivery.ts";
import { asFault, fault, type SluiceError } from "../../../core/errors.ts";
import type { ListenerPlan, TriggerPlan, VisiblePlan } from "../../../core/plan.ts";
import { grantCommand, isAccountName, type Reviews, seeingTriggers } from "../../../kubernetes/index.ts";

export interface Visibility {
  readonly visible: VisiblePlan;
  /** What was refused when it was last asked, for readiness. */
  refused(): readonly SluiceError[];
}

/** Milliseconds for which the last answer counts while the API server gives none. */
const STALE_MS = 300_000;
/** Milliseconds that a delivery waits for an answer where an older one is known. */
const PATIENCE_MS = 1_000;
/** Questions of one plan at a time: a selector may name every namespace of a cluster. */
const ASKED_AT_ONCE = 16;
const MAX_ANSWERS = 4_000;

type Verdict = SluiceError | undefined;
interface Answer {
  readonly verdict: Verdict;
  readonly at: number;
  /** Whether the API server gave no answer when it was asked again. */
  readonly away?: true;
}

/**
 * Triggers whose namespace the listener's account may not see are barred: neither their proofs nor their chain are
 * asked, so none of their Secrets and tokens is used.
 *
 * @param clock milliseconds, never going back.
 */
export function createVisibility(reviews: Reviews, clock = (): number => performance.now()): Visibility {
  const answers = new Map<string, Answer>();
  /** The plan made last for a plan, and of which verdicts. */
  const made = new WeakMap<ListenerPlan, { readonly key: string; readonly plan: ListenerPlan }>();

  /** Never rejects. */
  async function review(plan: ListenerPlan, account: ObjectName, namespace: string, key: string) {
    try {
      if (!isAccountName(account.name) || !(await reviews.may(account, seeingTriggers(namespace))))
        return keep(key, forbidden(plan, account, namespace));
      return keep(key, undefined);
    } catch (thrown) {
      const error = asFault(thrown);
      // We may not ask: nothing was shown, and nothing is used.
      if (error.retry !== "soon") return keep(key, error);
      const last = lastOf(key);
      if (last === undefined)
        return fault("SLUICE_TRIGGER_UNSEEN", { listener: nameOf(plan), namespace, reason: error.message });
      answers.set(key, { ...last, away: true });
      return last.verdict;
    }
  }

  function ask(plan: ListenerPlan, namespace: string): Verdict | Promise<Verdict> {
    const account = { namespace: plan.namespace, name: plan.serviceAccount ?? "default" };
    const key = JSON.stringify([account, namespace]);
    const last = lastOf(key);
    const asked = review(plan, account, namespace, key);
    if (last === undefined) return asked;
    // While it is away no delivery waits for the deadline of a question, and while it hangs one waits a little.
    if (last.away === true) return last.verdict;
    return within(asked, PATIENCE_MS, () => {
      if (answers.get(key) === last) answers.set(key, { ...last, away: true });
      return last.verdict;
    });
  }

  function lastOf(key: string): Answer | undefined {
    const last = answers.get(key);
    return last !== undefined && clock() < last.at + STALE_MS ? last : undefined;
  }

  function keep(key: string, verdict: Verdict): Verdict {
    answers.delete(key);
    if (answers.size >= MAX_ANSWERS) answers.delete(answers.keys().next().value ?? "");
    answers.set(key, { verdict, at: clock() });
    return verdict;
  }

  async function look(plan: ListenerPlan, foreign: readonly string[]): Promise<ListenerPlan> {
    const verdicts = new Map<string, SluiceError>();
    const crowd = createCrowd(ASKED_AT_ONCE);
    for (const namespace of foreign) {
      const asked = Promise.resolve(ask(plan, namespace));
      await crowd.add(
        asked.then((verdict) => {
          if (verdict !== undefined) verdicts.set(namespace, verdict);
        }),
      );
    }
    await crowd.done();
    if (verdicts.size === 0) return plan;
    const key = JSON.stringify(foreign.map((namespace) => verdicts.get(namespace)?.message));
    const before = made.get(plan);
    if (before?.key === key) return before.plan;
    const without = barring(plan, verdicts);
    made.set(plan, { key, plan: without });
    return without;
  }

  return {
    visible: (plan) => (plan.foreign === undefined ? plan : look(plan, plan.foreign)),
    refused: () => [...answers.keys()].flatMap((key) => lastOf(key)?.verdict ?? []),
  };
}

/** The plan with every trigger of a refused namespace barred. */
function barring(plan: ListenerPlan, verdicts: ReadonlyMap<string, SluiceError>): ListenerPlan {
  const bar = (trigger: TriggerPlan): TriggerPlan => {
    const barred = trigger.namespace === plan.namespace ? undefined : verdicts.get(trigger.namespace);
    return barred === undefined ? trigger : { ...trigger, barred };
  };
  const groups = plan.groups.map((group) => ({ ...group, triggers: group.triggers.map(bar) }));
  return { ...plan, groups };
}

function forbidden(plan: ListenerPlan, account: ObjectName, namespace: string): SluiceError {
  const { verb, group, resource } = seeingTriggers(namespace);
  return fault("SLUICE_TRIGGER_FORBIDDEN", {
    listener: nameOf(plan),
    account: `service account ${account.namespace}/${account.name}`,
    namespace,
    grant: grantCommand({ verb, resource: `${resource}.${group}`, namespace, account }),
  });
}

function nameOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
