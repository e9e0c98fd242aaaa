/** What a trigger makes of an event that its chain let pass: params, then objects, then the job that creates them. */

import type { Cost } from "../core/cost-budget.ts";
import type { Decision, TraceStep } from "../core/decision.ts";
import type { Delivery, Event, ObjectName } from "../core/delivery.ts";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault, withCure } from "../core/errors.ts";
import { MASK } from "../core/headers.ts";
import { createJobId } from "../core/identity.ts";
import type { CreateJob, KubernetesObject } from "../core/job.ts";
import type { JsonObject } from "../core/json.ts";
import type { BindPlan, ListenerPlan, Params, TriggerPlan } from "../core/plan.ts";
import { type RefusedObject, refusedObject } from "../core/refused-object.ts";

export interface FireOptions {
  /** The steps so far; those of binding and rendering are added. */
  readonly trace: TraceStep[];
  /** Names of headers whose values are masked: an object that would hold a mask is not made. */
  readonly hidden: readonly string[];
  /** Charged by bindings and template. */
  readonly cost: Cost;
}

/**
 * Fires a trigger.
 *
 * @returns a decision that matched, or failed where params or objects cannot be made; it never throws.
 */
export function fire(
  plan: ListenerPlan,
  trigger: TriggerPlan,
  delivery: Delivery,
  event: Event,
  { trace, hidden, cost }: FireOptions,
): Decision {
  const name: ObjectName = { namespace: trigger.namespace, name: trigger.name };
  let station: "bind" | "render" = "bind";
  try {
    if (trigger.fault !== undefined) throw trigger.fault;
    const params = trigger.bind(event, cost);
    trace.push({ station, name: "params", verdict: "pass", detail: shown(params, trigger.bind, plan) });
    station = "render";
    const context = { delivery: delivery.id, listener: nameOf(plan), trigger: name, key: trigger.key };
    let broken: SluiceError | undefined;
    const objects = trigger.render(params, context, cost, (error) => {
      broken = error;
    });
    if (hidden.length > 0) {
      const param = maskedParam(params, event, trigger.bind, plan.hides, (other) =>
        trigger.render(other, context, cost, () => undefined),
      );
      if (param !== undefined) throw fault("SLUICE_PARAM_MASKED", { param, headers: hidden.join(", ") });
    }
    const refused = refusedObject(objects, { params, origin: trigger.origin });
    // Those before it are created, as Tekton does; the worker then says the same of this one.
    if (refused?.index === 0 || (refused !== undefined && trigger.whole)) throw refused.error;
    const made = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    trace.push({ station, name: "template", verdict: "pass", detail: made });
    if (refused !== undefined) trace.push({ station, name: "template", ...errorOf(refused.error) });
    if (broken !== undefined) trace.push({ station, name: "template", ...errorOf(broken) });
    return {
      trigger: name,
      result: "matched",
      reason: creates(made, trigger, refused, broken),
      trace,
      job: {
        kind: "create",
        id: createJobId(delivery.id, { namespace: trigger.namespace, name: trigger.key }),
        delivery: delivery.id,
        listener: context.listener,
        trigger: name,
        ...(trigger.shown !== undefined && { shown: trigger.shown }),
        receivedAt: delivery.receivedAt,
        ...placeOf(plan, trigger),
        ...(delivery.replayOf !== undefined && { replayOf: delivery.replayOf }),
        objects,
        ...(broken && { broken: broken.message }),
      },
    };
  } catch (thrown) {
    const error: SluiceError = asFault(thrown);
    const known = thrown === trigger.fault ? trigger.faultAt : undefined;
    const at = known ?? { station, name: station === "bind" ? "params" : "template" };
    trace.push({ ...at, ...errorOf(error) });
    return { trigger: name, result: "failed", reason: withCure(error), code: error.code, trace };
  }
}

function errorOf(error: SluiceError): Pick<TraceStep, "verdict" | "reason"> {
  return { verdict: "error", reason: withCure(error) };
}

/** What comes of a match, in one line. */
function creates(
  made: readonly string[],
  { cluster }: TriggerPlan,
  refused: RefusedObject | undefined,
  broken: SluiceError | undefined,
): string {
  const where = cluster === undefined ? "" : ` in cluster ${cluster}`;
  const before = made.slice(0, refused?.index).join(", ");
  const failure = refused?.error ?? broken;
  return `creates ${before}${where}${failure === undefined ? "" : `, and then fails: ${failure.message}`}`;
}

/**
 * The first param that would put a mask into an object, in the place of a value that is not kept. A mask that the sender
 * wrote himself, as Markdown has it, is a text like any other, and so is what goes into no object.
 */
function maskedParam(
  params: Params,
  { payload: { text } }: Event,
  bind: BindPlan,
  hides: readonly string[] | undefined,
  render: (params: Params) => readonly KubernetesObject[],
): string | undefined {
  for (const [param, value] of params) {
    if (!value.includes(MASK) || (text.includes(MASK) && !holdsSecret(param, bind, hides))) continue;
    const other = new Map(params).set(param, value.replaceAll(MASK, "masked"));
    if (JSON.stringify(render(other)) !== JSON.stringify(render(params))) return param;
  }
  return undefined;
}

/** True for a param that may hold the value of a header that is sensitive by its name, or that a proof reads. */
function holdsSecret(
  param: string,
  { sensitive, headers }: BindPlan,
  hides: readonly string[] | undefined,
): boolean {
  if (sensitive?.has(param)) return true;
  return hides !== undefined && (headers?.get(param)?.some((name) => hides.includes(name)) ?? false);
}

/** Where a trigger's objects go, and as whom. */
function placeOf(
  { serviceAccount: listenerAccount }: ListenerPlan,
  { serviceAccount, cluster }: TriggerPlan,
): Pick<CreateJob, "serviceAccount" | "listenerAccount" | "cluster"> {
  return {
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(listenerAccount === undefined ? {} : { listenerAccount }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

/** Characters of a param that a trace keeps: the rest stands in the job, and in the sender's own log. */
const MAX_SHOWN = 1_024;

/** Params for a trace: sensitive headers' values masked, long ones cut. */
function shown(params: Params, bind: BindPlan, { hides }: Pick<ListenerPlan, "hides">): JsonObject {
  const texts = Array.from(params, ([name, value]): [string, string] => {
    if (holdsSecret(name, bind, hides)) return [name, MASK];
    return [name, value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value];
  });
  return Object.fromEntries(texts);
}

function nameOf({ namespace, name }: ObjectName): ObjectName {
  return { namespace, name };
}
