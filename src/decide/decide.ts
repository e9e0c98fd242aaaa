/** The decision, on one page: what every trigger of a listener makes of one delivery, and why. Creates nothing. */

import { type Cost, type CostBudget, createCostBudget } from "../core/cost-budget.ts";
import { createCrowd } from "../core/crowd.ts";
import { type Decision, isWaiting, type TraceStep } from "../core/decision.ts";
import type { Delivery, Event, ObjectName, Payload } from "../core/delivery.ts";
import { payload } from "../core/delivery.ts";
import { fault, type SluiceError } from "../core/errors.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import type { ListenerPlan, TriggerGroupPlan, TriggerPlan } from "../core/plan.ts";
import type { DeliveryProofs } from "../verify/index.ts";
import { leavesProcess, unanswered, waitingFor } from "./deferred.ts";
import { fire } from "./fire.ts";
import { type ChainOptions, type ChainResult, type ChainStop, runChain } from "./intercept/chain.ts";
import type { Visit } from "./turns.ts";

/** Decisions in the order of the listener's triggers; `transient` says why some of them wait. */
export interface Decided {
  readonly decisions: readonly Decision[];
  readonly transient?: string;
}

export interface DecideOptions {
  /**
   * Names of headers whose values are masked: those of a stored delivery. An interceptor that says no and may have
   * wanted one of them fails the trigger, which a person will see, instead of filtering it; and so does an object that
   * would hold a mask.
   */
  readonly hidden?: readonly string[];
  /** Put the values behind each step into the trace: for `sluice try`, since it costs many times a decision. */
  readonly explain?: boolean;
  /** When it resolves, triggers whose chains have not answered wait, and nobody outside this process is asked any more. */
  readonly until?: Promise<unknown>;
  /** Milliseconds of work that a proved delivery may cost; {@link DEFAULT_DECIDE_BUDGET_MS} by default. */
  readonly budgetMs?: number;
  /** Shares the process with other deliveries; absent: this one goes on to its end. */
  readonly visit?: Visit;
}

/** Triggers of one delivery whose chains are under way at the same time. Tekton asks all of them at once. */
const ASKED_AT_ONCE = 16;

/**
 * Decides a delivery: for each trigger its proofs, the chain, the bindings, the template; the first step that says no
 * ends that trigger. Called by accept, by the worker, by replay and by `sluice try`. A trigger whose interceptor is slow
 * or away holds back no other.
 *
 * @param body the delivery's body, parsed at most once for all triggers.
 * @returns a decision for each trigger; it never throws for what an event or a trigger holds.
 */
export async function decide(
  plan: ListenerPlan,
  delivery: Delivery,
  proofs: DeliveryProofs,
  body: Payload = payload(delivery.body.toString("utf8")),
  { hidden = [], explain = false, until, budgetMs, visit }: DecideOptions = {},
): Promise<Decided> {
  const budget = createCostBudget({ bytes: delivery.body.length, ...(budgetMs && { limitMs: budgetMs }) });
  if (proofs.scheme() !== "none") budget.prove();
  const pause = (): Promise<void> | undefined => {
    if (!budget.due()) return undefined;
    budget.turn();
    return visit?.pause(budget.spent());
  };
  const decisions: Decision[] = [];
  const crowd = createCrowd(ASKED_AT_ONCE, until);
  const question = { plan, delivery, body, hidden, explain, budget, pause };
  const recorded = proofs.recorded;
  // Asking every trigger's demands anew would cost more than most filters.
  const known = new Map<readonly ProofDemand[], Proved>();
  for (const group of plan.groups) {
    let shared: ChainResult | Promise<ChainResult> | undefined;
    for (const trigger of group.triggers) {
      if (trigger.barred !== undefined) {
        decisions.push(barredFrom(group, trigger, trigger.barred));
        continue;
      }
      const proof =
        undeclared(trigger) ?? known.get(trigger.proofs) ?? (await prove(trigger.proofs, proofs, known));
      if (!proof.holds) {
        decisions.push(stopped(trigger, proof.steps));
        continue;
      }
      if (trigger.proofs.length > 0) budget.prove();
      if (crowd.over() && leavesProcess(group, trigger)) {
        decisions.push(unanswered(group, trigger, proof.steps));
        continue;
      }
      // A group's chain is asked once, and not at all by senders that no trigger of the group trusts.
      shared ??= runChain(group.chain, eventFor(groupName(plan, group), delivery, body, recorded), {
        ...{ explain, pause, cost: budget.begin() },
      });
      const decision =
        shared instanceof Promise
          ? shared.then((passed) => answer(question, group, trigger, proof.steps, passed))
          : answer(question, group, trigger, proof.steps, shared);
      // Most triggers say no at once; waiting for each of thousands would cost more than asking it.
      if (!(decision instanceof Promise)) decisions.push(decision);
      else {
        const at = decisions.push(unanswered(group, trigger, proof.steps)) - 1;
        const arrive = (late: Decision): void => {
          decisions[at] = late;
        };
        await crowd.add(decision.then(arrive));
      }
      if (budget.due()) await pause();
    }
  }
  await crowd.done();
  visit?.leave(budget.spent());
  const transient = decisions.find(isWaiting)?.reason;
  if (plan.unnamed)
    return { decisions: withPlaces(plan, decisions), ...(transient !== undefined && { transient }) };
  // Who answers after the end must not change what was said.
  return transient === undefined ? { decisions } : { decisions: [...decisions], transient };
}

/** One decision stands for each trigger, in their order. */
function withPlaces({ groups }: ListenerPlan, decisions: readonly Decision[]): readonly Decision[] {
  const places = groups.flatMap(({ triggers }) => triggers.map(({ shown }) => shown));
  return decisions.map((decision, at) => {
    const shown = places[at];
    return shown === undefined ? decision : { ...decision, shown };
  });
}

interface Question {
  readonly plan: ListenerPlan;
  readonly delivery: Delivery;
  readonly body: Payload;
  readonly hidden: readonly string[];
  readonly explain: boolean;
  readonly budget: CostBudget;
  readonly pause: () => Promise<void> | undefined;
}

/** What a trigger makes of the event that its group's chain passes on; at once where its own chain answers at once. */
function answer(
  question: Question,
  group: TriggerGroupPlan,
  trigger: TriggerPlan,
  proof: readonly TraceStep[],
  shared: ChainResult,
): Decision | Promise<Decision> {
  const { body, explain, budget, pause } = question;
  const trace = [...proof, ...shared.trace];
  const cost = budget.begin();
  const asked = shared.stopped ? shared : ask(trigger, shared.event, body, { explain, trace, cost, pause });
  if (!(asked instanceof Promise)) return conclude(question, group, trigger, asked, trace, cost);
  return asked.then((chain) => conclude(question, group, trigger, chain, trace, cost));
}

/** As in Tekton, a group passes on headers and extensions; a body that it changed is lost. */
function ask(
  trigger: TriggerPlan,
  { id, url, headers, extensions, proofsRecorded }: Event,
  body: Payload,
  options: ChainOptions,
) {
  const event = { id, trigger, url, headers, payload: body, extensions };
  return runChain(trigger.chain, proofsRecorded ? { ...event, proofsRecorded } : event, options);
}

function conclude(
  { plan, delivery, hidden }: Question,
  group: TriggerGroupPlan,
  trigger: TriggerPlan,
  { event, stopped: stop }: ChainResult,
  trace: TraceStep[],
  cost: Cost,
): Decision {
  if (stop === undefined) return fire(plan, trigger, delivery, event, { trace, hidden, cost });
  if (!stop.transient) return inDoubt(trigger, trace, stop, hidden) ?? stopped(trigger, trace);
  const code = stop.fault ?? "SLUICE_INTERCEPTOR_FAILED";
  return waitingFor(group, trigger, { reason: `${stop.name}: ${stop.reason}`, code, trace });
}

interface Proved {
  readonly holds: boolean;
  readonly steps: readonly TraceStep[];
}

/** The first proof that does not hold ends it. @param known remembers the answer for triggers with the same demands. */
async function prove(
  demands: readonly ProofDemand[],
  proofs: DeliveryProofs,
  known: Map<readonly ProofDemand[], Proved>,
): Promise<Proved> {
  const steps: TraceStep[] = [];
  let holds = true;
  for (const demand of demands) {
    const proof = await proofs.check(demand);
    const name = shownDemand(demand);
    holds = proof.ok;
    if (proof.ok) steps.push({ station: "verify", name, verdict: "pass" });
    else steps.push({ station: "verify", name, verdict: "stop", reason: proof.reason });
    if (!holds) break;
  }
  const proved = { holds, steps };
  known.set(demands, proved);
  return proved;
}

function shownDemand({ scheme, secret, parameters = [] }: ProofDemand): string {
  if (secret !== undefined) return `${scheme} Secret ${secret.namespace}/${secret.name}`;
  return `${scheme} ${parameters[0] ?? ""}`;
}

/** What is said of a trigger that demands no proof and does not say that this is meant. */
function undeclared({ fault: broken }: TriggerPlan): Proved | undefined {
  if (broken?.code !== "SLUICE_PROOF_UNDECLARED") return undefined;
  const reason = `${broken.message}. ${broken.fix}`;
  const step = { station: "verify", name: "no proof", verdict: "stop", reason } as const;
  return { holds: false, steps: [step] };
}

/** A trigger that the listener may not use, or of which that is not known just now. */
function barredFrom(group: TriggerGroupPlan, trigger: TriggerPlan, barred: SluiceError): Decision {
  const { namespace, name } = trigger;
  const { code, message, fix } = barred;
  const reason = `${message}. ${fix}`;
  const step = { station: "verify", name: `namespace ${namespace}`, reason } as const;
  if (barred.retry === "soon")
    return waitingFor(group, trigger, { reason, code, trace: [{ ...step, verdict: "error" }] });
  const trace: TraceStep[] = [{ ...step, verdict: "stop" }];
  return { trigger: { namespace, name }, result: "failed", reason, code, trace };
}

function stopped(trigger: TriggerPlan, trace: readonly TraceStep[]): Decision {
  const last = trace.at(-1);
  const reason = last === undefined ? "stopped" : `${last.name}: ${last.reason ?? "stopped"}`;
  return { trigger: { namespace: trigger.namespace, name: trigger.name }, result: "filtered", reason, trace };
}

/** The failure of a trigger whose chain stopped for good without a no that counts; undefined for a plain no. */
function inDoubt(
  trigger: TriggerPlan,
  trace: readonly TraceStep[],
  { name, reason, fault: broken, readsHeaders }: ChainStop,
  hidden: readonly string[],
): Decision | undefined {
  const named = { namespace: trigger.namespace, name: trigger.name };
  // Nobody has said no.
  if (broken !== undefined) {
    return { trigger: named, result: "failed", reason: `${name}: ${reason}`, code: broken, trace };
  }
  if (!readsHeaders || hidden.length === 0) return undefined;
  const { message, code, fix } = fault("SLUICE_HEADERS_MASKED", { name, reason, headers: hidden.join(", ") });
  return { trigger: named, result: "failed", reason: `${message}. ${fix}`, code, trace };
}

function eventFor(trigger: ObjectName, delivery: Delivery, body: Payload, recorded: boolean): Event {
  const { id, url, headers } = delivery;
  const event = { id, trigger, url, headers, payload: body, extensions: {} };
  return recorded ? { ...event, proofsRecorded: true } : event;
}

// Tekton gives a group's interceptors the listener's namespace; the group's own name tells which chain is meant.
function groupName(plan: ListenerPlan, group: TriggerGroupPlan): ObjectName {
  return { namespace: plan.namespace, name: group.name };
}
