/** Compiles the interceptors of a trigger or group: each entry finds its interceptor and builds its parameters in. */

import type { SluiceError, SourcePosition } from "../../../core/errors.ts";
import { asFault, fault } from "../../../core/errors.ts";
import type { CompiledInterceptor, HttpClient } from "../../../core/interceptor.ts";
import type { ChainStep } from "../../../core/plan.ts";
import type { Secrets } from "../../../core/secrets.ts";
import type { InterceptorSpec, TektonObject } from "../../../core/tekton.ts";
import type { Registry } from "../../../decide/intercept/index.ts";
import { compileRemote, compileWebhook } from "../../../decide/intercept/index.ts";
import type { LocatedDeclarations } from "../../declarations.ts";
import { ineffectiveParams, type PlacedIneffective } from "./ineffective.ts";
import { unknownInterceptor } from "./unknown.ts";

export interface ChainNeeds {
  readonly declarations: LocatedDeclarations;
  readonly registry: Registry;
  readonly secrets: Secrets;
  /** Absent offline: steps that would leave the process then stop. */
  readonly http?: HttpClient;
  /** Built-ins that were compiled before, by namespace, name and parameters: thousands of triggers share a few. */
  readonly known?: Map<string, CompiledInterceptor>;
  /** What becomes of parameters that a built-in does not know; default `warn`. */
  readonly unknownParams?: "warn" | "refuse";
  /** The listener's: where an Interceptor is looked for, whatever the trigger's namespace is. */
  readonly listenerNamespace?: string;
}

/** The object that holds the list, and where in it. */
export interface ChainOwner {
  readonly kind: string;
  readonly object: TektonObject;
  readonly path: readonly (string | number)[];
}

/** What is wrong with the entries of a chain. */
export interface ChainFindings {
  /** Of entries that cannot be compiled, each with its place. */
  readonly errors: SluiceError[];
  /** Parameters that no interceptor knows, where they are ignored. */
  readonly ineffective: PlacedIneffective[];
  /** The entries that cannot be compiled. */
  readonly lost: InterceptorSpec[];
}

export function createChainFindings(): ChainFindings {
  return { errors: [], ineffective: [], lost: [] };
}

/**
 * Compiles a chain.
 *
 * @param namespace of the trigger, or of the listener for a group's chain: where secrets and Services are looked for.
 * @param found what is wrong is added here; entries that cannot be compiled are not in the result.
 */
export function compileChain(
  specs: readonly InterceptorSpec[],
  owner: ChainOwner,
  namespace: string,
  needs: ChainNeeds,
  found: ChainFindings,
): readonly ChainStep[] {
  const steps: ChainStep[] = [];
  for (const [index, spec] of specs.entries()) {
    const path = [...owner.path, "interceptors", index];
    try {
      for (const one of ineffectiveParams(spec, needs.registry)) {
        const { interceptor: name, reason, field } = one;
        if (needs.unknownParams === "refuse")
          throw fault("SLUICE_INTERCEPTOR_PARAMS", { name, reason, field });
        const at = placeOf(field, spec, path, owner, needs);
        found.ineffective.push({ ...one, object: objectOf(owner), path: fieldOf(path, field), at });
      }
      steps.push({ name: nameOf(spec), interceptor: compileOne(spec, owner, namespace, needs) });
    } catch (thrown) {
      const { code, values, at: own } = asFault(thrown);
      const at = own ?? placeOf(values["field"], spec, path, owner, needs);
      const object = objectOf(owner);
      const place = { object, field: fieldOf(path, values["field"]) };
      found.errors.push(fault(code, { ...values, ...place }, at && { at }));
      found.lost.push(spec);
    }
  }
  return steps;
}

function compileOne(
  spec: InterceptorSpec,
  owner: ChainOwner,
  namespace: string,
  needs: ChainNeeds,
): CompiledInterceptor {
  const { registry, secrets, http, declarations } = needs;
  if (spec.webhook !== undefined) return compileWebhook(spec.webhook, namespace, http);
  const { name = "", kind = "ClusterInterceptor" } = spec.ref ?? {};
  const tools = { namespace, secrets, ...(http === undefined ? {} : { http }) };
  // Tekton ships ClusterInterceptors with the built-ins' names; ours answer in their place.
  if (kind === "ClusterInterceptor" && registry.has(name)) {
    const key = JSON.stringify([namespace, name, spec.params]);
    const compiled = needs.known?.get(key) ?? registry.get(name).compile(spec.params, tools);
    needs.known?.set(key, compiled);
    return compiled;
  }
  const type = kind === "ClusterInterceptor" ? kind : "Interceptor";
  const inside = kind === "ClusterInterceptor" ? "" : (needs.listenerNamespace ?? namespace);
  const declared = declarations.find<"ClusterInterceptor" | "Interceptor">(type, inside, name);
  if (declared === undefined) {
    const why = declarations.fault?.(type, inside, name);
    if (why !== undefined) throw why;
    throw unknownInterceptor(type, inside, name, needs);
  }
  const scope = owner.kind === "triggerGroup" ? "triggerGroups" : "triggers";
  const { spec: address, status } = declared;
  try {
    return compileRemote({
      ...{ name, spec: address, params: spec.params, scope },
      ...(status === undefined ? {} : { status }),
      ...(http === undefined ? {} : { http }),
    });
  } catch (thrown) {
    const { code, values } = asFault(thrown);
    const at = declarations.locate?.(declared, partsOf(values["field"]));
    throw fault(code, values, at && { at });
  }
}

/** A field as its parts; what it names may stand in no file, and is then looked for in its parent. */
function partsOf(field = ""): readonly string[] {
  return field === "" ? [] : field.split(".");
}

/** Where a parameter stands: in the list of them, or in v1alpha1 inline. */
function placeOf(
  field: string | undefined,
  { ref, params }: InterceptorSpec,
  path: readonly (string | number)[],
  { object }: ChainOwner,
  { declarations }: ChainNeeds,
): SourcePosition | undefined {
  const steps = (field ?? "").split(/[.[\]]+/).filter((one) => one !== "");
  const [param = "", ...inner] = steps.map((one) => (/^\d+$/.test(one) ? Number(one) : one));
  const at = Object.keys(params).indexOf(String(param));
  const listed = at === -1 ? steps : ["params", at, "value", ...inner];
  const places = [listed, [ref?.name ?? "", param, ...inner]].map((one) =>
    declarations.locate?.(object, [...path, ...one]),
  );
  // What stands deeper stands behind what holds it.
  return places.reduce((a, b) => (a !== undefined && b !== undefined && isBehind(b, a) ? b : (a ?? b)));
}

function isBehind(a: SourcePosition, b: SourcePosition): boolean {
  return a.line > b.line || (a.line === b.line && a.column > b.column);
}

/** As people know an entry: `cel`, `cel "only main"`, `webhook`. */
export function nameOf({ name, ref, webhook }: InterceptorSpec): string {
  const kind = ref?.name ?? (webhook === undefined ? "interceptor" : "webhook");
  return name === undefined || name === "" ? kind : `${kind} "${name}"`;
}

function objectOf({ object: { kind, metadata } }: ChainOwner): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function fieldOf(path: readonly (string | number)[], inner: string | undefined): string {
  const outer = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
  return `${outer.slice(1)}${inner === undefined || inner === "" ? "" : ` ${inner}`}`;
}
