/** Selectors that no Trigger can satisfy, whatever its labels. */

import type { Path } from "../catalog/index.ts";
import { quoted } from "../catalog/index.ts";
import type { EventListener, LabelSelector, NamespaceSelector } from "../core/tekton.ts";
import type { Finding } from "./finding.ts";

/** Contradictions in a listener's selectors and those of its groups. */
export function checkSelectors(owner: EventListener): readonly Finding[] {
  const { spec } = owner;
  const found = (path: Path, reason: string): Finding => ({
    code: "SLUICE_SELECTOR_EMPTY",
    values: { reason },
    owner,
    path,
  });
  const check = (
    {
      labelSelector,
      namespaceSelector,
    }: { readonly labelSelector?: LabelSelector; readonly namespaceSelector?: NamespaceSelector },
    path: Path,
  ): readonly Finding[] => [
    ...contradictions(labelSelector ?? {}).map((reason) => found([...path, "labelSelector"], reason)),
    ...notAll(namespaceSelector).map((reason) => found([...path, "namespaceSelector", "matchNames"], reason)),
  ];
  return [
    ...check(spec, ["spec"]),
    ...spec.triggerGroups.flatMap((group, i) =>
      check(group, ["spec", "triggerGroups", i, "triggerSelector"]),
    ),
  ];
}

function contradictions({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly string[] {
  const demands = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: "In", values: [value] })),
    ...matchExpressions,
  ];
  return [...Map.groupBy(demands, ({ key }) => key)].flatMap(([key, same]) =>
    satisfiable(same) ? [] : [`what it demands of label ${quoted(key)} contradicts itself`],
  );
}

/** Whether one label, present or not, can meet all demands on it. */
function satisfiable(demands: NonNullable<LabelSelector["matchExpressions"]>): boolean {
  const said = (operator: string) => demands.filter((demand) => demand.operator === operator);
  const excluded = new Set(said("NotIn").flatMap(({ values = [] }) => values));
  const [first, ...others] = said("In").map(({ values = [] }) => values);
  if (first === undefined) return said("DoesNotExist").length === 0 || said("Exists").length === 0;
  if (said("DoesNotExist").length > 0) return false;
  return first.some((value) => !excluded.has(value) && others.every((values) => values.includes(value)));
}

/** Beside other names "*" is the name of a namespace, and none can be called so. */
function notAll({ matchNames = [] }: NamespaceSelector = {}): readonly string[] {
  const lost = matchNames.length > 1 && matchNames.includes("*");
  return lost ? ['"*" means all namespaces only where it stands alone'] : [];
}
