/** Params that miss each other: bound ones that no template takes, declared ones that nobody binds. */

import { nearest } from "../../core/nearest.ts";
import type { BoundParam } from "../index.ts";
import type { Finding } from "./finding.ts";
import type { Use } from "./use.ts";

/** Most of these are one name spelled in two ways. */
export function checkParams(uses: readonly Use[]): readonly Finding[] {
  return [...uses.flatMap(unbound), ...unused(uses)];
}

/** Params without value and default: their variables stay in the objects as they are written, as in Tekton. */
function unbound({ trigger, name, template, params, complete, used }: Use): readonly Finding[] {
  if (template === undefined || !complete) return [];
  const bound = params.map((param) => param.name);
  return template.spec.params
    .filter((param) => param.default === undefined && used.has(param.name) && !bound.includes(param.name))
    .map(({ name: param }): Finding => {
      const meant = nearest(
        param,
        bound.filter((other) => !takes(template.spec.params, used, other)),
      );
      const hint = meant === undefined ? "" : `; its bindings give ${meant}`;
      const path = [...trigger.path, ...(trigger.spec.bindings.length > 0 ? ["bindings"] : [])];
      return {
        code: "SLUICE_PARAM_UNBOUND",
        values: { param, trigger: name, hint },
        owner: trigger.owner,
        path,
      };
    });
}

/**
 * Bound params that no template takes. Bindings are shared between templates, so one taker among all triggers is
 * enough, and a template that is not there may be one.
 */
function unused(uses: readonly Use[]): readonly Finding[] {
  const takers = new Map<string, { readonly param: BoundParam; readonly uses: Use[] }>();
  for (const use of uses) {
    for (const param of use.params) {
      const { kind, metadata } = param.owner;
      const key = JSON.stringify([kind, metadata.namespace, metadata.name, param.path]);
      const known = takers.get(key);
      if (known === undefined) takers.set(key, { param, uses: [use] });
      else known.uses.push(use);
    }
  }
  return [...takers.values()].flatMap(({ param, uses: users }): readonly Finding[] => {
    const { name, owner, path } = param;
    if (users.some(({ template, used }) => template === undefined || takes(template.spec.params, used, name)))
      return [];
    const free = users.flatMap(({ template, params }) =>
      (template?.spec.params ?? [])
        .map((declared) => declared.name)
        .filter((one) => params.every((p) => p.name !== one)),
    );
    const meant = nearest(name, free);
    const hint = meant === undefined ? "" : `; it declares ${meant}`;
    const [{ name: trigger = "" } = {}, ...others] = users;
    const by = others.length === 0 ? `trigger ${trigger}` : `trigger ${trigger} and ${others.length} more`;
    return [{ code: "SLUICE_PARAM_UNUSED", values: { param: name, by, hint }, owner, path }];
  });
}

function takes(
  declared: readonly { readonly name: string }[],
  used: ReadonlySet<string>,
  name: string,
): boolean {
  return used.has(name) || declared.some((param) => param.name === name);
}
