/** Parameters that no built-in interceptor knows: ignored when events come, as in Tekton, so `check` warns of them. */

import { misspeltParams } from "../../interceptors/index.ts";
import type { LocatedDeclarations } from "../catalog/declarations.ts";
import { fault, type SluiceError } from "../core/errors.ts";
import type { InterceptorSpec, TektonObject } from "../core/tekton.ts";

/** A warning for each parameter that is probably misspelt, with the place of its interceptor. */
export function misspelt(declarations: LocatedDeclarations): readonly SluiceError[] {
  const warnings: SluiceError[] = [];
  const look = (
    owner: TektonObject,
    path: readonly (string | number)[],
    specs: readonly InterceptorSpec[],
  ): void => {
    for (const [index, { ref, params }] of specs.entries()) {
      if (ref?.kind !== "ClusterInterceptor") continue;
      const at = declarations.locate?.(owner, [...path, "interceptors", index]);
      const { namespace, name } = owner.metadata;
      const object = `${owner.kind} ${namespace}/${name}`;
      for (const field of misspeltParams(ref.name, params)) {
        const values = {
          name: ref.name,
          reason: `it knows no parameter ${field}, and ignores it`,
          field,
          object,
        };
        warnings.push(fault("SLUICE_INTERCEPTOR_PARAMS", values, at && { at }));
      }
    }
  };
  for (const listener of declarations.listeners) {
    for (const [index, trigger] of listener.spec.triggers.entries()) {
      if ("interceptors" in trigger) look(listener, ["spec", "triggers", index], trigger.interceptors);
    }
    for (const [index, group] of listener.spec.triggerGroups.entries())
      look(listener, ["spec", "triggerGroups", index], group.interceptors);
  }
  for (const trigger of declarations.triggers("*")) look(trigger, ["spec"], trigger.spec.interceptors);
  return warnings;
}
