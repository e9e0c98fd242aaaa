/** Parameters that have no effect: which, what was probably meant, and what that makes of the trigger. */

import type { SluiceError, SourcePosition } from "../../../core/errors.ts";
import { fault } from "../../../core/errors.ts";
import { nearest } from "../../../core/nearest.ts";
import type { ChainStep } from "../../../core/plan.ts";
import type { InterceptorSpec } from "../../../core/tekton.ts";
import type { Registry } from "../../../decide/intercept/index.ts";

/** A parameter that its interceptor ignores, as Tekton does. */
export interface Ineffective {
  readonly interceptor: string;
  /** With its path: `secretRef.key`. */
  readonly field: string;
  readonly reason: string;
}

/** The same with the object that holds it. */
export interface PlacedIneffective extends Ineffective {
  readonly object: string;
  /** The field's path in the object. */
  readonly path: string;
  readonly at: SourcePosition | undefined;
}

/** Those of one entry; none where another process answers for it. */
export function ineffectiveParams(
  { ref, params }: InterceptorSpec,
  registry: Registry,
): readonly Ineffective[] {
  if (ref?.kind !== "ClusterInterceptor" || !registry.has(ref.name)) return [];
  const { name: interceptor } = ref;
  return (registry.get(interceptor).unknown?.(params) ?? []).map(({ field, known }) => {
    const name = field.split(".").at(-1) ?? field;
    const longer = known.filter((one) => one.toLowerCase().endsWith(name.toLowerCase()));
    const meant = longer.length === 1 ? longer[0] : nearest(name, known);
    const owner = field.includes(".") ? undefined : ownerOf(name, registry);
    const hint =
      meant !== undefined
        ? `did you mean ${meant}?`
        : owner === undefined
          ? `known are ${known.join(", ")}`
          : `it is a parameter of ${owner}: add that interceptor`;
    return { interceptor, field, reason: `${field} is unknown and has no effect; ${hint}` };
  });
}

/** The one built-in that knows a parameter of this name. */
function ownerOf(param: string, registry: Registry): string | undefined {
  const [owner, ...others] = registry.names.filter((name) => {
    const { unknown } = registry.get(name);
    return unknown !== undefined && unknown({ [param]: null }).length === 0;
  });
  return others.length === 0 ? owner : undefined;
}

/**
 * A warning for each.
 *
 * @param passed all steps that an event passes before the trigger fires, and entries that cannot be compiled; absent
 *   where no trigger is known.
 */
export function warningsOf(
  found: readonly PlacedIneffective[],
  passed?: { readonly chain: readonly ChainStep[]; readonly lost: readonly InterceptorSpec[] },
): readonly SluiceError[] {
  // With a lost entry the trigger fires on nothing, and nobody knows whether that one was its filter.
  const fires = passed !== undefined && passed.lost.length === 0 && !passed.chain.some(isFilter);
  const sequel = fires ? "; this trigger has no filter and fires on everything" : "";
  return found.map(({ interceptor: name, field, reason, object, at }) => {
    const values = { name, reason: `${reason}${sequel}`, field, object };
    return fault("SLUICE_INTERCEPTOR_PARAMS", values, at && { at });
  });
}

function isFilter({ interceptor: { filters, remote } }: ChainStep): boolean {
  return filters === true || remote === true;
}
