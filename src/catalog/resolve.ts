/** References of one trigger: its bindings flattened to params, its template found. */

import type { SluiceError } from "../core/errors.ts";
import type {
  BindingSpec,
  ClusterTriggerBinding,
  ParamSpec,
  TektonObject,
  TriggerBinding,
  TriggerTemplateSpec,
} from "../core/tekton.ts";
import type { LocatedDeclarations } from "./declarations.ts";
import { elsewhere } from "./elsewhere.ts";
import { refMissing } from "./faults.ts";
import type { Path } from "./findings.ts";
import type { SelectedTrigger } from "./select.ts";

/** The object that holds something, and where in it. */
export interface Held {
  readonly owner: TektonObject;
  readonly path: Path;
}

/** A param with the place that it comes from. */
export interface BoundParam extends ParamSpec, Held {
  /** For people: `TriggerBinding github-pr`, `bindings[0]`. */
  readonly from: string;
}

export interface Bindings {
  /** In the order of the bindings; a name may come twice, which is for the one who compiles them to refuse. */
  readonly params: readonly BoundParam[];
  readonly faults: readonly SluiceError[];
}

/** A template's spec, with the place where it stands. */
export interface Template extends Held {
  readonly spec: TriggerTemplateSpec;
  /** Of the TriggerTemplate; an inline template has none. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What both functions need of a trigger; {@link SelectedTrigger} has it. */
export type Resolvable = Pick<SelectedTrigger, "namespace" | "spec" | "owner" | "path">;

/** Flattens a trigger's bindings. References are looked up in the trigger's namespace, cluster-wide ones anywhere. */
export function bindingsOf(trigger: Resolvable, declarations: LocatedDeclarations): Bindings {
  const params: BoundParam[] = [];
  const faults: SluiceError[] = [];
  for (const [index, binding] of trigger.spec.bindings.entries()) {
    if (!("ref" in binding)) {
      const { name, value } = binding;
      const { owner, path } = trigger;
      params.push({ name, value, from: `bindings[${index}]`, owner, path: [...path, "bindings", index] });
      continue;
    }
    const found = findBinding(binding, trigger.namespace, declarations);
    if (found === undefined)
      faults.push(missing(binding.kind, binding.ref, ["bindings", index, "ref"], trigger, declarations));
    for (const [position, { name, value }] of found?.spec.params.entries() ?? []) {
      const place = { owner: found as TektonObject, path: ["spec", "params", position] };
      params.push({ name, value, from: `${binding.kind} ${binding.ref}`, ...place });
    }
  }
  return { params, faults };
}

/** Finds a trigger's template, inline or by name in the trigger's namespace. */
export function templateOf(
  trigger: Resolvable,
  declarations: LocatedDeclarations,
): Template | { readonly fault: SluiceError } {
  const { template } = trigger.spec;
  if ("spec" in template) {
    const path = [...trigger.path, "template", "spec"];
    return { spec: template.spec, annotations: {}, owner: trigger.owner, path };
  }
  const found = declarations.find("TriggerTemplate", trigger.namespace, template.ref);
  if (found !== undefined) {
    return { spec: found.spec, annotations: found.metadata.annotations, owner: found, path: ["spec"] };
  }
  return { fault: missing("TriggerTemplate", template.ref, ["template", "ref"], trigger, declarations) };
}

function findBinding(
  { kind, ref }: Extract<BindingSpec, { readonly ref: string }>,
  namespace: string,
  declarations: LocatedDeclarations,
): TriggerBinding | ClusterTriggerBinding | undefined {
  return kind === "ClusterTriggerBinding"
    ? declarations.find(kind, "", ref)
    : declarations.find(kind, namespace, ref);
}

function missing(
  kind: TektonObject["kind"],
  name: string,
  field: Path,
  trigger: Resolvable,
  declarations: LocatedDeclarations,
): SluiceError {
  const { owner, path } = trigger;
  const namespace = kind === "ClusterTriggerBinding" ? "" : trigger.namespace;
  const known = declarations.fault?.(kind, namespace, name);
  if (known !== undefined) return known;
  const identity = { kind: owner.kind, namespace: owner.metadata.namespace, name: owner.metadata.name };
  const full = [...path, ...field];
  const others = declarations.names?.(kind, namespace) ?? [];
  const at = declarations.locate?.(owner, full);
  return refMissing(
    { kind, namespace, name },
    identity,
    full,
    others,
    at,
    elsewhere({ kind, namespace, name }, declarations, owner),
  );
}
