/** Compiles a declared listener into a plan: every expression, path and template is parsed here, once. */

import { createHash } from "node:crypto";
import { checkBindings, compileBindings } from "./bind/index.ts";
import type { LocatedDeclarations } from "./catalog/declarations.ts";
import { objectInvalid } from "./catalog/index.ts";
import { bindingsOf, templateOf } from "./catalog/resolve.ts";
import { type SelectedTrigger, type SelectionOptions, triggersOf } from "./catalog/select.ts";
import { type ChainNeeds, compileChain } from "./chain.ts";
import type { SluiceError } from "./core/errors.ts";
import { asFault, fault } from "./core/errors.ts";
import type { ProofDemand } from "./core/interceptor.ts";
import type { ChainStep, ListenerPlan, OnDuplicate, TriggerGroupPlan, TriggerPlan } from "./core/plan.ts";
import type { EventListener } from "./core/tekton.ts";
import { compileTemplate, type RenderOptions } from "./render/index.ts";

export interface CompileNeeds extends ChainNeeds {
  readonly declarations: LocatedDeclarations;
  /** What becomes of triggers that demand no proof and do not say that this is meant. */
  readonly unverified: "refuse" | "allow";
  readonly selection?: SelectionOptions;
  /** Names of the clusters that a template may ask for. */
  readonly clusters?: ReadonlySet<string>;
  readonly render?: RenderOptions;
}

export interface Compiled {
  readonly plan: ListenerPlan;
  /** Nobody can mean these: a file that has them does not come into force. */
  readonly errors: readonly SluiceError[];
  /** The rest works: references to what is not there (yet), triggers without proof, paths behind a default. */
  readonly warnings: readonly SluiceError[];
}

const CLUSTER = "sluice.dev/cluster";
const VERIFICATION = "sluice.dev/verification";
const MAX_BODY = "sluice.dev/max-body-bytes";
const ON_DUPLICATE = "sluice.dev/on-duplicate";
const PAYLOAD_VALIDATION = "tekton.dev/payload-validation";

/** Compiles one listener. A trigger that cannot fire stays in the plan with its fault, and its decisions say so. */
export function compileListener(listener: EventListener, given: CompileNeeds): Compiled {
  const needs = { ...given, known: given.known ?? new Map() };
  const { namespace, name, annotations } = listener.metadata;
  const found: Findings = { errors: [], warnings: [] };
  const demands = new Map<string, readonly ProofDemand[]>();
  const selection = triggersOf(listener, needs.declarations, needs.selection);
  found.warnings.push(...selection.faults);
  if (selection.broken !== undefined) found.errors.push(selection.broken);
  const groups = selection.groups.map((group): TriggerGroupPlan => {
    const index = listener.spec.triggerGroups.findIndex(
      ({ interceptors }) => interceptors === group.interceptors,
    );
    const owner = { kind: "triggerGroup", object: listener, path: ["spec", "triggerGroups", index] };
    const errors: SluiceError[] = [];
    const chain = compileChain(group.interceptors, owner, namespace, needs, errors);
    found.errors.push(...errors);
    const behind = { chain, broken: errors[0], demands };
    const triggers = group.triggers.map((trigger) => compileTrigger(trigger, listener, behind, needs, found));
    return { name: group.name, chain, triggers };
  });
  const remote = groups.some(
    (group) => leaves(group.chain) || group.triggers.some((trigger) => leaves(trigger.chain)),
  );
  const limit = Number(annotations[MAX_BODY]);
  const onDuplicate = onDuplicateOf(listener, needs, found);
  const plan: ListenerPlan = {
    namespace,
    name,
    uid: listener.metadata.uid ?? uidOf(namespace, name),
    ...(listener.spec.serviceAccountName && { serviceAccount: listener.spec.serviceAccountName }),
    groups,
    payloadValidation: annotations[PAYLOAD_VALIDATION] !== "false",
    remote,
    ...(onDuplicate === undefined ? {} : { onDuplicate }),
    ...(selection.broken === undefined ? {} : { fault: selection.broken }),
    ...(listener.spec.cloudEventURI === undefined ? {} : { cloudEventURI: listener.spec.cloudEventURI }),
    ...(Number.isSafeInteger(limit) && limit > 0 ? { maxBodyBytes: limit } : {}),
  };
  return { plan, ...found };
}

/** What a trigger stands behind: its group's chain, and the lists of proofs that the listener's triggers share. */
interface Behind {
  readonly chain: readonly ChainStep[];
  readonly broken: SluiceError | undefined;
  readonly demands: Map<string, readonly ProofDemand[]>;
}

interface Findings {
  readonly errors: SluiceError[];
  readonly warnings: SluiceError[];
}

function compileTrigger(
  trigger: SelectedTrigger,
  listener: EventListener,
  group: Behind,
  needs: CompileNeeds,
  found: Findings,
): TriggerPlan {
  const { spec, owner, path, namespace, name, key } = trigger;
  const errors: SluiceError[] = [];
  const missing: SluiceError[] = [];
  const chain = compileChain(
    spec.interceptors,
    { kind: owner.kind, object: owner, path },
    namespace,
    needs,
    errors,
  );
  const bindings = bindingsOf(trigger, needs.declarations);
  missing.push(...bindings.faults);
  const template = templateOf(trigger, needs.declarations);
  if ("fault" in template) missing.push(template.fault);
  const cluster = clusterOf(template, needs, missing);
  const declared = "fault" in template ? [] : template.spec.params;
  for (const { error, severity, index } of checkBindings(bindings.params, declared)) {
    const bound = bindings.params[index];
    const place = bound && needs.declarations.locate?.(bound.owner, bound.path);
    const placed = fault(error.code, { ...error.values, object: label(trigger) }, place && { at: place });
    if (severity === "error") errors.push(placed);
    else found.warnings.push(placed);
  }
  // The check above has said everything that compiling them could throw.
  const bind = errors.length > 0 ? undefined : compileBindings(bindings.params, declared);
  const render = attempt(
    () => ("fault" in template ? undefined : compileTemplate(template, needs.render)),
    errors,
  );
  const proofs = shared(
    group.demands,
    [...group.chain, ...chain].flatMap(({ interceptor }) => interceptor.proof ?? []),
  );
  const undeclared = provesNothing(trigger, listener, [...group.chain, ...chain], needs)
    ? proofUndeclared(trigger, needs)
    : undefined;
  found.errors.push(...errors);
  found.warnings.push(...missing, ...(undeclared === undefined ? [] : [undeclared]));
  // Without a step that cannot be compiled the chain would let through what it was written to stop.
  const broken = undeclared ?? group.broken ?? errors[0] ?? missing[0];
  return {
    namespace,
    name,
    key,
    proofs,
    chain,
    bind: bind ?? (() => new Map()),
    render: render ?? (() => []),
    ...(spec.serviceAccountName && { serviceAccount: spec.serviceAccountName }),
    ...(cluster && { cluster }),
    ...(broken === undefined ? {} : { fault: broken }),
  };
}

/**
 * The cluster that a template asks for: by its annotation, or where it stands inline by its owner's. It is never
 * rendered, so no event has a say in it.
 */
function clusterOf(
  template: ReturnType<typeof templateOf>,
  { clusters, declarations }: CompileNeeds,
  missing: SluiceError[],
): string | undefined {
  if ("fault" in template) return undefined;
  const { owner } = template;
  const { kind, metadata } = owner;
  const name = metadata.annotations[CLUSTER];
  if (name !== undefined && !clusters?.has(name)) {
    const at = declarations.locate?.(owner, ["metadata", "annotations", CLUSTER]);
    const from = `${kind} ${metadata.namespace}/${metadata.name}`;
    const known = [...(clusters ?? [])].join(", ") || "none";
    missing.push(fault("SLUICE_CLUSTER_UNKNOWN", { name, from, known }, at && { at }));
  }
  return name;
}

/** One list for all triggers with the same demands, so that an event has it checked once. */
function shared(known: Map<string, readonly ProofDemand[]>, demands: readonly ProofDemand[]) {
  const key = JSON.stringify(demands);
  const same = known.get(key) ?? demands;
  known.set(key, same);
  return same;
}

const ON_DUPLICATES: readonly OnDuplicate[] = ["retry-failed", "ignore", "rerun"];

/** A word that nobody knows must not fall back to another policy: runs would be made, or not made, unasked. */
function onDuplicateOf(
  listener: EventListener,
  { declarations }: CompileNeeds,
  found: Findings,
): OnDuplicate | undefined {
  const { namespace, name, annotations } = listener.metadata;
  const word = annotations[ON_DUPLICATE];
  if (word === undefined) return undefined;
  const known = ON_DUPLICATES.find((policy) => policy === word);
  if (known === undefined) {
    const path = ["metadata", "annotations", ON_DUPLICATE];
    const reason = `is ${JSON.stringify(word)}; expected ${ON_DUPLICATES.join(", ")}`;
    const at = declarations.locate?.(listener, path);
    found.errors.push(objectInvalid({ kind: "EventListener", namespace, name }, path, reason, at));
  }
  return known;
}

/** True when nothing in the chain can tell a stranger from the sender, and nobody wrote that this is meant. */
function provesNothing(
  { owner }: SelectedTrigger,
  listener: EventListener,
  chain: readonly ChainStep[],
  { unverified }: CompileNeeds,
): boolean {
  if (unverified === "allow") return false;
  const declared = owner.metadata.annotations[VERIFICATION] ?? listener.metadata.annotations[VERIFICATION];
  if (declared === "none") return false;
  return !chain.some(
    ({ interceptor: { proof, provesSender, comparesSecret } }) =>
      proof !== undefined || provesSender || comparesSecret,
  );
}

function proofUndeclared(trigger: SelectedTrigger, { declarations }: CompileNeeds): SluiceError {
  const at = declarations.locate?.(trigger.owner, trigger.path);
  return fault("SLUICE_PROOF_UNDECLARED", { trigger: `${trigger.namespace}/${trigger.key}` }, at && { at });
}

function label({ namespace, key }: SelectedTrigger): string {
  return `trigger ${namespace}/${key}`;
}

function leaves(chain: readonly ChainStep[]): boolean {
  return chain.some(({ interceptor }) => interceptor.remote === true);
}

function attempt<T>(make: () => T, faults: SluiceError[]): T | undefined {
  try {
    return make();
  } catch (thrown) {
    faults.push(asFault(thrown));
    return undefined;
  }
}

// Objects from files have no uid of an API server; one that stays the same serves the same purpose.
function uidOf(namespace: string, name: string): string {
  return createHash("sha256").update(`EventListener/${namespace}/${name}`).digest("hex").slice(0, 32);
}
