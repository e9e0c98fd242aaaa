/** Triggers that one listener selects both by itself and through a group: they run twice, once past the group's interceptors. */

import type { EventListener } from "../../core/tekton.ts";
import type { LocatedDeclarations, SelectedTrigger, SelectionOptions } from "../index.ts";
import { triggersOf } from "../index.ts";
import type { Finding } from "./finding.ts";

const SHOWN = 3;

/** One finding for each group. Several groups that select one Trigger are often meant: their interceptors tell events apart. */
export function checkTwice(
  owner: EventListener,
  declarations: LocatedDeclarations,
  selection?: SelectionOptions,
): readonly Finding[] {
  const [alone, ...groups] = triggersOf(owner, declarations, selection).groups;
  const direct = new Map(alone?.triggers.map((trigger) => [trigger.spec, trigger]));
  return groups.flatMap((group): readonly Finding[] => {
    const twice = group.triggers.filter(({ spec }) => direct.has(spec));
    if (twice.length === 0) return [];
    const index = owner.spec.triggerGroups.findIndex((one) => one.interceptors === group.interceptors);
    const path = ["spec", "triggerGroups", index, "triggerSelector"];
    const ways = new Set(twice.map(({ spec }) => wayOf(direct.get(spec), owner)));
    const values = {
      triggers: listed(twice),
      group: group.name || `spec.triggerGroups[${index}]`,
      by: [...ways].join(" and "),
    };
    return [{ code: "SLUICE_TRIGGER_TWICE", values, owner, path }];
  });
}

function wayOf(trigger: SelectedTrigger | undefined, { spec }: EventListener): string {
  if (trigger?.source === "triggerRef") return "spec.triggers";
  const selectors = [
    spec.namespaceSelector && "spec.namespaceSelector",
    spec.labelSelector && "spec.labelSelector",
  ];
  return selectors.filter(Boolean).join(" with ");
}

function listed(triggers: readonly SelectedTrigger[]): string {
  const names = [...new Set(triggers.map(({ namespace, name }) => `${namespace}/${name}`))];
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return `${names.length === 1 ? "Trigger" : "Triggers"} ${names.slice(0, SHOWN).join(", ")}${more}`;
}
