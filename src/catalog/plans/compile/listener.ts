/** Compiles a declared listener into a plan: every expression, path and template is parsed here, once. */

import { createHash } from "node:crypto";
import type { SluiceError } from "../../../core/errors.ts";
import type { ProofDemand } from "../../../core/interceptor.ts";
import type { ChainStep, ListenerPlan, TriggerGroupPlan } from "../../../core/plan.ts";
import type { EventListener } from "../../../core/tekton.ts";
import { type SelectedGroup, type SelectionOptions, triggersOf } from "../../index.ts";
import { makeAnew, type Recall } from "../memo.ts";
import { readAnnotations } from "./annotations.ts";
import { compileChain, createChainFindings } from "./chain.ts";
import { warningsOf } from "./ineffective.ts";
import { isDeclaredOpen, tooManySecrets, VERIFICATION } from "./proofs.ts";
import { compileTrigger, type Findings, type TriggerNeeds } from "./trigger.ts";

export interface CompileNeeds extends TriggerNeeds {
  readonly selection?: SelectionOptions;
  /** What was made before of the same objects is taken as it is; default: nothing is remembered. */
  readonly recall?: Recall;
  /** Lists of proofs by what they demand: what is compiled later shares those of before. */
  readonly demands?: Map<string, readonly ProofDemand[]>;
}

export interface Compiled {
  readonly plan: ListenerPlan;
  /** Nobody can mean these: a file that has them does not come into force. */
  readonly errors: readonly SluiceError[];
  /** The rest works: references to what is not there (yet), triggers without proof, paths behind a default. */
  readonly warnings: readonly SluiceError[];
}

/** Compiles one listener. A trigger that cannot fire stays in the plan with its fault, and its decisions say so. */
export function compileListener(listener: EventListener, given: CompileNeeds): Compiled {
  const needs = { ...given, known: given.known ?? new Map(), demands: given.demands ?? new Map() };
  const { metadata, spec } = listener;
  const selection = triggersOf(listener, needs.declarations, needs.selection);
  const said = readAnnotations(listener, needs.declarations);
  const unusable = [selection.broken, listener.fault].filter((each) => each !== undefined);
  const broken = unusable[0] ?? said.fault;
  const groups = selection.groups.map((group) => compileGroup(group, listener, needs));
  const plans = groups.map(({ plan }) => plan);
  const remote = plans.some(({ chain, triggers }) => [{ chain }, ...triggers].some(leavesProcess));
  const proofs = plans.flatMap(({ triggers }) => triggers.flatMap((trigger) => trigger.proofs));
  const hides = [...new Set(proofs.flatMap((demand) => demand.hides ?? []))];
  const open = needs.unverified === "allow" || isDeclaredOpen(metadata.annotations[VERIFICATION]);
  const foreign = foreignTo(metadata.namespace, plans);
  const plan: ListenerPlan = {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid ?? uidOf(metadata),
    ...(spec.serviceAccountName && { serviceAccount: spec.serviceAccountName }),
    ...{ groups: plans, remote },
    ...(hides.length > 0 && { hides }),
    ...said.settings,
    ...(broken && { fault: broken }),
    ...(open && { open }),
    ...(foreign.length > 0 && { foreign }),
    ...(plans.some(({ triggers }) => triggers.some(({ shown }) => shown !== undefined)) && { unnamed: true }),
    ...(spec.cloudEventURI !== undefined && { cloudEventURI: spec.cloudEventURI }),
  };
  const many = tooManySecrets(plan);
  return {
    plan,
    errors: [...unusable, ...groups.flatMap(({ errors }) => errors), ...(said.fault ? [said.fault] : [])],
    warnings: [...selection.faults, ...groups.flatMap(({ warnings }) => warnings), ...(many ? [many] : [])],
  };
}

/** A group's chain, and the triggers behind it. */
function compileGroup(
  group: SelectedGroup,
  listener: EventListener,
  needs: CompileNeeds & Required<Pick<CompileNeeds, "demands">>,
): Findings & { readonly plan: TriggerGroupPlan } {
  const { recall = makeAnew, demands } = needs;
  const { namespace, name, annotations } = listener.metadata;
  // -1: the triggers outside of groups, which have nothing before them, whatever becomes of the listener.
  const index = listener.spec.triggerGroups.findIndex((one) => one.interceptors === group.interceptors);
  const place = `${namespace}/${name} ${index}`;
  const front = recall(place, index === -1 ? [] : [listener], needs.declarations, (declarations) => {
    const owner = { kind: "triggerGroup", object: listener, path: ["spec", "triggerGroups", index] };
    const found = createChainFindings();
    const inside = { ...needs, declarations, listenerNamespace: namespace };
    const chain = compileChain(group.interceptors, owner, namespace, inside, found);
    return { chain, found, warnings: warningsOf(found.ineffective) };
  });
  const verification = annotations[VERIFICATION];
  const behind = {
    ...{ chain: front.chain, found: front.found, demands, verification },
    listener: { namespace, name },
  };
  const triggers = group.triggers.map((trigger) => {
    const key = `${place} ${trigger.namespace}/${trigger.key}`;
    const inputs = [trigger.owner, trigger.spec, front.chain, verification];
    return recall(key, inputs, needs.declarations, (declarations) =>
      compileTrigger(trigger, behind, { ...needs, declarations }),
    );
  });
  return {
    plan: { name: group.name, chain: front.chain, triggers: triggers.map(({ plan }) => plan) },
    errors: [...front.found.errors, ...triggers.flatMap(({ errors }) => errors)],
    warnings: [...front.warnings, ...triggers.flatMap(({ warnings }) => warnings)],
  };
}

function foreignTo(home: string, groups: readonly TriggerGroupPlan[]): readonly string[] {
  const all = groups.flatMap(({ triggers }) => triggers.map(({ namespace }) => namespace));
  return [...new Set(all)].filter((namespace) => namespace !== home);
}

function leavesProcess({ chain }: { readonly chain: readonly ChainStep[] }): boolean {
  return chain.some(({ interceptor }) => interceptor.remote === true);
}

// Objects from files have no uid of an API server; one that stays the same serves the same purpose.
function uidOf({ namespace, name }: EventListener["metadata"]): string {
  return createHash("sha256").update(`EventListener/${namespace}/${name}`).digest("hex").slice(0, 32);
}
