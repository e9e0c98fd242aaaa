/** Triggers that a listener names more than once outside of its groups: Tekton runs them as often. */

import { amount } from "../../core/amount.ts";
import type { EventListener, TriggerSpec } from "../../core/tekton.ts";
import type { LocatedDeclarations, Path, SelectionOptions } from "../index.ts";
import { formatPath, triggersOf } from "../index.ts";
import type { Finding } from "./finding.ts";

/** One finding for each such Trigger, at the last place that names it. */
export function checkRepeated(
  owner: EventListener,
  declarations: LocatedDeclarations,
  selection: SelectionOptions = {},
): readonly Finding[] {
  const [alone] = triggersOf(owner, declarations, { duplicates: "tekton" }).groups;
  const times = Map.groupBy(alone?.triggers ?? [], ({ spec }) => spec);
  return [...times.values()].flatMap((same): readonly Finding[] => {
    const [{ namespace, name, spec } = { namespace: "", name: "", spec: undefined }] = same;
    if (same.length < 2 || spec === undefined) return [];
    const places = [...selectors(owner, same), ...references(owner, declarations, spec)];
    const runs =
      selection.duplicates === "tekton"
        ? `each event runs it ${amount(same.length, "time")}`
        : `Tekton runs it ${amount(same.length, "time")} for each event, this gateway once`;
    const by = places.map((path) => formatPath(path)).join(" and ");
    const values = { trigger: `Trigger ${namespace}/${name}`, times: amount(same.length, "time"), by, runs };
    return [{ code: "SLUICE_TRIGGER_REPEATED", values, owner, path: places.at(-1) ?? ["spec"] }];
  });
}

function selectors({ spec }: EventListener, same: readonly { readonly source: string }[]): readonly Path[] {
  if (!same.some(({ source }) => source === "selector")) return [];
  return (["namespaceSelector", "labelSelector"] as const)
    .filter((field) => spec[field] !== undefined)
    .map((field) => ["spec", field]);
}

function references(
  { spec: { triggers }, metadata: { namespace } }: EventListener,
  declarations: LocatedDeclarations,
  spec: TriggerSpec,
): readonly Path[] {
  return triggers.flatMap((entry, index): readonly Path[] => {
    if (!("triggerRef" in entry)) return [];
    const found = declarations.find("Trigger", namespace, entry.triggerRef);
    return found?.spec === spec ? [["spec", "triggers", index, "triggerRef"]] : [];
  });
}
