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
import { makeAnew, type Recall } from "./recall.ts";
import { compileTemplate, type RenderOptions } from "./render/index.ts";

export interface CompileNeeds extends ChainNeeds {
  readonly declarations: LocatedDeclarations;
  /** What becomes of triggers that demand no proof and do not say that this is meant. */
  readonly unverified: "refuse" | "allow";
  readonly selection?: SelectionOptions;
  /** Names of the clusters that a template may ask for. */
  readonly clusters?: ReadonlySet<string>;
  readonly render?: RenderOptions;
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
  const { recall = makeAnew, demands = new Map() } = needs;
  const selection = triggersOf(listener, needs.declarations, needs.selection);
  found.warnings.push(...selection.faults);
  if (selection.broken !== undefined) found.errors.push(selection.broken);
  if (listener.fault !== undefined) found.errors.push(listener.fault);
  const groups = selection.groups.map((group): TriggerGroupPlan => {
    const index = listener.spec.triggerGroups.findIndex(
      ({ interceptors }) => interceptors === group.interceptors,
    );
    const path = ["spec", "triggerGroups", index];
    const place = `${namespace}/${name} ${index}`;
    const { chain, errors } = recall(
      place,
      index === -1 ? [] : [listener],
      needs.declarations,
      (declarations) => {
        const owner = { kind: "triggerGroup", object: listener, path };
        const faults: SluiceError[] = [];
        const steps = compileChain(group.interceptors, owner, namespace, { ...needs, declarations }, faults);
        return { chain: steps, errors: faults };
      },
    );
    found.errors.push(...errors);
    const behind = { chain, broken: errors[0], demands };
    const declared = listener.metadata.annotations[VERIFICATION];
    const triggers = group.triggers.map((trigger) => {
      const key = `${place} ${trigger.namespace}/${trigger.key}`;
      const inputs = [trigger.owner, trigger.spec, chain, declared];
      const one = recall(key, inputs, needs.declarations, (declarations) =>
        compileTrigger(trigger, listener, behind, { ...needs, declarations }),
      );
      found.errors.push(...one.errors);
      found.warnings.push(...one.warnings);
      return one.plan;
    });
    return { name: group.name, chain, triggers };
  });
  const remote = groups.some(
    (group) => leaves(group.chain) || group.triggers.some((trigger) => leaves(trigger.chain)),
  );
  const limit = Number(annotations[MAX_BODY]);
  const onDuplicate = onDuplicateOf(listener, needs);
  if (typeof onDuplicate === "object") found.errors.push(onDuplicate);
  const broken =
    selection.broken ?? listener.fault ?? (typeof onDuplicate === "object" ? onDuplicate : undefined);
  const plan: ListenerPlan = {
    namespace,
    name,
    uid: listener.metadata.uid ?? uidOf(namespace, name),
    ...(listener.spec.serviceAccountName && { serviceAccount: listener.spec.serviceAccountName }),
    groups,
    payloadValidation: annotations[PAYLOAD_VALIDATION] !== "false",
    remote,
    ...(typeof onDuplicate === "string" ? { onDuplicate } : {}),
    ...(broken === undefined ? {} : { fault: broken }),
    ...(needs.unverified === "allow" || annotations[VERIFICATION] === "none" ? { open: true } : {}),
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
): Findings & { readonly plan: TriggerPlan } {
  const { spec, owner, path, namespace, name, key } = trigger;
  if (owner.fault !== undefined) return unreadable(trigger, owner.fault, group);
  const errors: SluiceError[] = [];
  const missing: SluiceError[] = [];
  const warnings: SluiceError[] = [];
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
    else warnings.push(placed);
  }
  // The check above has said everything that compiling them could throw.
  const bind = errors.length > 0 ? undefined : compileBindings(bindings.params, declared);
  const render = attempt(
    () => ("fault" in template ? undefined : compileTemplate(template, needs.render)),
    errors,
  );
  const proofs = proofsOf([...group.chain, ...chain], group);
  const undeclared = provesNothing(trigger, listener, [...group.chain, ...chain], needs)
    ? proofUndeclared(trigger, needs)
    : undefined;
  warnings.push(...missing, ...(undeclared === undefined ? [] : [undeclared]));
  // Without a step that cannot be compiled the chain would let through what it was written to stop.
  const broken = undeclared ?? group.broken ?? errors[0] ?? missing[0];
  const plan: TriggerPlan = {
    ...{ namespace, name, key, proofs, chain },
    bind: bind ?? (() => new Map()),
    render: render ?? (() => []),
    ...(spec.serviceAccountName && { serviceAccount: spec.serviceAccountName }),
    ...(cluster && { cluster }),
    ...(broken === undefined ? {} : { fault: broken }),
  };
  return { plan, errors, warnings };
}

/** A Trigger that the cluster holds and nobody can read: which proofs it demands is not known, so it trusts nobody. */
function unreadable({ namespace, name, key }: SelectedTrigger, cause: SluiceError, group: Behind) {
  const made = { bind: () => new Map(), render: () => [] };
  const proofs = proofsOf(group.chain, group);
  const plan: TriggerPlan = {
    namespace,
    name,
    key,
    proofs,
    chain: [],
    ...made,
    unreadable: true,
    fault: cause,
  };
  return { plan, errors: [cause], warnings: [] };
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
function proofsOf(chain: readonly ChainStep[], { demands: known }: Behind): readonly ProofDemand[] {
  const demands = chain.flatMap(({ interceptor }) => interceptor.proof ?? []);
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
): OnDuplicate | SluiceError | undefined {
  const { namespace, name, annotations } = listener.metadata;
  const word = annotations[ON_DUPLICATE];
  if (word === undefined) return undefined;
  const known = ON_DUPLICATES.find((policy) => policy === word);
  if (known !== undefined) return known;
  const path = ["metadata", "annotations", ON_DUPLICATE];
  const reason = `is ${JSON.stringify(word)}; expected ${ON_DUPLICATES.join(", ")}`;
  const at = declarations.locate?.(listener, path);
  return objectInvalid({ kind: "EventListener", namespace, name }, path, reason, at);
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
