/** Compiles a trigger that a listener fires: its chain, bindings and template, and the proofs that it demands. */

import type { ObjectName } from "../../../core/delivery.ts";
import type { SluiceError } from "../../../core/errors.ts";
import { asFault, fault, ownedBy } from "../../../core/errors.ts";
import type { ProofDemand } from "../../../core/interceptor.ts";
import { closedTo, type NamedCluster } from "../../../core/named-cluster.ts";
import type { ChainStep, TriggerPlan } from "../../../core/plan.ts";
import type { InterceptorSpec } from "../../../core/tekton.ts";
import { checkBindings, compileBindings } from "../../../decide/bind/index.ts";
import { compileTemplate, type RenderOptions } from "../../../decide/render/index.ts";
import { type Bindings, bindingsOf, type SelectedTrigger, templateOf } from "../../index.ts";
import {
  type ChainFindings,
  type ChainNeeds,
  compileChain,
  createChainFindings,
  nameOf as stepName,
} from "./chain.ts";
import { warningsOf } from "./ineffective.ts";
import { originOf } from "./origin.ts";
import { isDeclaredOpen, mayProve, proofsOf, proofUndeclared, provesSender, VERIFICATION } from "./proofs.ts";

export interface TriggerNeeds extends ChainNeeds {
  /** What becomes of triggers that demand no proof and do not say that this is meant. */
  readonly unverified: "refuse" | "allow";
  /** The clusters that a template may ask for, by name. */
  readonly clusters?: ReadonlyMap<string, Pick<NamedCluster, "namespaces">>;
  readonly render?: RenderOptions;
}

/** What a trigger stands behind. */
export interface Behind {
  /** Its group's, which an event passes first. */
  readonly chain: readonly ChainStep[];
  /** What is wrong with that one. */
  readonly found: ChainFindings;
  readonly listener: ObjectName;
  /** What its listener says of verification. */
  readonly verification: string | undefined;
  /** Lists of proofs, by what they demand. */
  readonly demands: Map<string, readonly ProofDemand[]>;
}

export interface Findings {
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}

const CLUSTER = "sluice.dev/cluster";

/** Compiles one trigger. One that cannot fire has a fault, and demands its proofs all the same. */
export function compileTrigger(
  trigger: SelectedTrigger,
  behind: Behind,
  needs: TriggerNeeds,
): Findings & { readonly plan: TriggerPlan } {
  const { spec, owner, path, namespace, name, key } = trigger;
  const { declarations } = needs;
  if (owner.fault !== undefined) return unreadable(trigger, owner.fault, behind);
  const place = { kind: owner.kind, object: owner, path };
  const found = createChainFindings();
  const { errors } = found;
  const inside = { ...needs, listenerNamespace: behind.listener.namespace };
  const chain = compileChain(spec.interceptors, place, namespace, inside, found);
  const bindings = bindingsOf(trigger, declarations);
  const template = templateOf(trigger, declarations);
  const missing = [...bindings.faults, ...("fault" in template ? [template.fault] : [])];
  const cluster = clusterOf(template, { listener: behind.listener, trigger }, needs, missing);
  const declared = "fault" in template ? [] : template.spec.params;
  const doubts = doubtsOf(bindings, declared, trigger, needs, errors);
  // The check above has said everything that compiling them could throw.
  const bindable = errors.length === 0;
  const bind = bindable ? compileBindings(bindings.params, declared) : undefined;
  const render = attempt(
    () => ("fault" in template ? undefined : compileTemplate(template, needs.render)),
    errors,
  );
  const whole = [...behind.chain, ...chain];
  const verification = owner.metadata.annotations[VERIFICATION] ?? behind.verification;
  const open = needs.unverified === "allow" || isDeclaredOpen(verification);
  const proves = provesSender(whole);
  const lost = [...behind.found.lost, ...found.lost];
  // What a lost step was to prove is not known, so that nothing that comes is taken for proved.
  const lostProof = !open && !proves && lost.some(mayProve);
  const ignored = [...behind.found.ineffective, ...found.ineffective];
  const undeclared =
    open || proves || lostProof ? undefined : proofUndeclared(trigger, declarations, ignored);
  // Without a step that cannot be compiled the chain would let through what it was written to stop.
  const broken = undeclared ?? behind.found.errors[0] ?? errors[0] ?? missing[0];
  const faultAt = undeclared === undefined ? brokenStep(lost[0], bindable && errors.length > 0) : undefined;
  const plan: TriggerPlan = {
    ...{ namespace, name, key, proofs: proofsOf(whole, behind.demands), chain },
    ...(name === "" && { shown: trigger.shown }),
    bind: bind ?? (() => new Map()),
    render: render ?? (() => []),
    ...(needs.render?.brokenResource === "none" && { whole: true }),
    ...("spec" in template && { origin: originOf(template, bindings.params) }),
    ...(spec.serviceAccountName && { serviceAccount: spec.serviceAccountName }),
    ...(cluster && { cluster }),
    ...(lostProof && { unreadable: true as const }),
    ...(broken && { fault: broken, ...(faultAt && { faultAt }) }),
  };
  const warnings = [...doubts, ...warningsOf(found.ineffective, { chain: whole, lost }), ...missing];
  const about = { listener: nameOf(behind.listener), trigger: `${namespace}/${key}` };
  const owned = (faults: readonly SluiceError[]) => faults.map((one) => ownedBy(about, one));
  return {
    plan,
    errors: owned(errors),
    warnings: owned(undeclared ? [...warnings, undeclared] : warnings),
  };
}

/** @param lost the first entry of a chain that cannot be compiled. @param render true where only the template is wrong. */
function brokenStep(lost: InterceptorSpec | undefined, render: boolean): TriggerPlan["faultAt"] {
  if (lost !== undefined) return { station: "intercept", name: stepName(lost) };
  return render ? { station: "render", name: "template" } : undefined;
}

const nameOf = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;

/** A Trigger that the cluster holds and nobody can read: which proofs it demands is not known, so it trusts nobody. */
function unreadable({ namespace, name, key }: SelectedTrigger, cause: SluiceError, behind: Behind) {
  const plan: TriggerPlan = {
    ...{ namespace, name, key, proofs: proofsOf(behind.chain, behind.demands), chain: [] },
    ...{ bind: () => new Map(), render: () => [] },
    ...{ unreadable: true, fault: cause },
  };
  return { plan, errors: [cause], warnings: [] };
}

/**
 * What is doubtful in a trigger's bindings.
 *
 * @param declared the params of its template.
 * @param errors what is wrong in them is added here.
 */
function doubtsOf(
  { params }: Bindings,
  declared: Parameters<typeof checkBindings>[1],
  { shown }: SelectedTrigger,
  { declarations }: TriggerNeeds,
  errors: SluiceError[],
): readonly SluiceError[] {
  const doubts: SluiceError[] = [];
  for (const { error, severity, index } of checkBindings(params, declared)) {
    const bound = params[index];
    const at = bound && declarations.locate?.(bound.owner, bound.path);
    const placed = fault(error.code, { ...error.values, object: `trigger ${shown}` }, at && { at });
    (severity === "error" ? errors : doubts).push(placed);
  }
  return doubts;
}

/**
 * The cluster that a template asks for: by its annotation, or where it stands inline by its owner's. It is never
 * rendered, so no event has a say in it.
 *
 * @param missing told of a name that leads nowhere, and of a cluster that is not open to the trigger.
 */
function clusterOf(
  template: ReturnType<typeof templateOf>,
  whose: { readonly listener: ObjectName; readonly trigger: ObjectName },
  { clusters, declarations }: TriggerNeeds,
  missing: SluiceError[],
): string | undefined {
  if ("fault" in template) return undefined;
  const { owner } = template;
  const { kind, metadata } = owner;
  const name = metadata.annotations[CLUSTER];
  if (name === undefined) return undefined;
  const cluster = clusters?.get(name);
  const namespace = cluster && closedTo(cluster, whose);
  if (cluster !== undefined && namespace === undefined) return name;
  // The name is kept with the fault: nothing that overlooks the one sends objects to the gateway's own cluster.
  const at = declarations.locate?.(owner, ["metadata", "annotations", CLUSTER]);
  const from = `${kind} ${metadata.namespace}/${metadata.name}`;
  if (namespace !== undefined) {
    missing.push(fault("SLUICE_CLUSTER_CLOSED", { name, from, namespace }, at && { at }));
  } else {
    const known = [...(clusters?.keys() ?? [])].join(", ") || "none";
    missing.push(fault("SLUICE_CLUSTER_UNKNOWN", { name, from, known }, at && { at }));
  }
  return name;
}

function attempt<T>(make: () => T, faults: SluiceError[]): T | undefined {
  try {
    return make();
  } catch (thrown) {
    faults.push(asFault(thrown));
    return undefined;
  }
}
