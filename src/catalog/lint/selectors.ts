/** Selectors that no Trigger can satisfy, whatever its labels. */

import { amount } from "../../core/amount.ts";
import { nearest } from "../../core/nearest.ts";
import type { EventListener, LabelSelector, NamespaceSelector } from "../../core/tekton.ts";
import type { LocatedDeclarations, Path } from "../index.ts";
import { compileLabelSelector, formatPath, quoted, triggersOf } from "../index.ts";
import { ELSEWHERE } from "./alone.ts";
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

/** Label selectors that fit none of the Triggers that are there to be selected: mostly one word spelled in two ways. */
export function checkUnmatched(owner: EventListener, declarations: LocatedDeclarations): readonly Finding[] {
  const { spec, metadata } = owner;
  const check = (
    { labelSelector, namespaceSelector }: Pick<EventListener["spec"], "labelSelector" | "namespaceSelector">,
    path: Path,
  ): readonly Finding[] => {
    const names = namespaceSelector?.matchNames ?? [];
    const astray = wrongNamespace(names, declarations);
    if (astray !== undefined) {
      const at = [...path, "namespaceSelector", "matchNames"];
      const values = { selector: formatPath(path), count: amount(0, "Trigger"), ...astray };
      return [{ code: "SLUICE_SELECTOR_UNMATCHED", values, owner, path: at }];
    }
    if (labelSelector === undefined || contradictions(labelSelector).length > 0) return [];
    const compiled = compileLabelSelector(labelSelector);
    const everywhere = names.includes("") || (names.length === 1 && names[0] === "*");
    const namespaces = names.length === 0 ? [metadata.namespace] : names;
    const triggers = declarations.triggers(everywhere ? "*" : namespaces);
    const labels = triggers.map((trigger) => trigger.metadata.labels);
    if (triggers.length === 0 || "finding" in compiled || labels.some(compiled.matches)) return [];
    const values = {
      selector: formatPath(path),
      count: amount(triggers.length, "Trigger"),
      ...unmet(labelSelector, labels),
    };
    return [{ code: "SLUICE_SELECTOR_UNMATCHED", values, owner, path: [...path, "labelSelector"] }];
  };
  return [
    ...check(spec, ["spec"]),
    ...spec.triggerGroups.flatMap((group, i) =>
      check(group, ["spec", "triggerGroups", i, "triggerSelector"]),
    ),
  ];
}

/**
 * Namespaces of which none has a Trigger here, where one of them is misspelt, or where Triggers stand elsewhere that no
 * listener selects. Without such Triggers another repository may hold those that are meant.
 */
function wrongNamespace(names: readonly string[], declarations: LocatedDeclarations) {
  const there = [...new Set(declarations.triggers("*").map(({ metadata }) => metadata.namespace))];
  if (names.length === 0 || names.some((name) => name === "" || name === "*" || there.includes(name)))
    return undefined;
  const told = (name: string, where: readonly string[], meant?: string) => ({
    reason: `none stands in namespace ${name}; there are some in ${where.slice(0, SHOWN).join(", ")}`,
    hint: meantHint(meant),
  });
  for (const name of names) {
    const meant = nearest(name, there);
    if (meant !== undefined && !areSiblings(name, meant)) return told(quoted(name), there, meant);
  }
  const astray = unselectedIn(declarations);
  return astray.length === 0 ? undefined : told(names.slice(0, SHOWN).map(quoted).join(", "), astray);
}

/** Namespaces with Triggers that no listener selects. */
function unselectedIn(declarations: LocatedDeclarations): readonly string[] {
  const listeners = declarations.listeners.filter(({ metadata }) => metadata.name !== ELSEWHERE);
  const selected = new Set(
    listeners.flatMap((listener) =>
      triggersOf(listener, declarations).groups.flatMap(({ triggers }) => triggers.map(({ owner }) => owner)),
    ),
  );
  const left = declarations.triggers("*").filter((trigger) => !selected.has(trigger));
  return [...new Set(left.map(({ metadata }) => metadata.namespace))];
}

/** Names that a finding lists at most. */
const SHOWN = 5;

/** Names that differ on purpose: `team-a` and `team-b`, `dev` and `dev2`. */
function areSiblings(a: string, b: string): boolean {
  const letters = (name: string) => [...name].sort().join("");
  const words = (name: string) => name.replace(/[0-9]/g, "");
  return words(a) === words(b) || (a.length === b.length && letters(a) !== letters(b));
}

function meantHint(meant: string | undefined): string {
  return meant === undefined ? "" : ` (did you mean ${meant}?)`;
}

/** The first demand that no Trigger meets, and what was probably meant. */
function unmet({ matchLabels = {} }: LabelSelector, labels: readonly Readonly<Record<string, string>>[]) {
  for (const [key, value] of Object.entries(matchLabels)) {
    const having = labels.filter((one) => Object.hasOwn(one, key));
    const keys = [...new Set(labels.flatMap((one) => Object.keys(one)))];
    const values = [...new Set(having.map((one) => one[key] ?? ""))];
    if (having.length > 0 && values.includes(value)) continue;
    const meant = having.length === 0 ? nearest(key, keys) : nearest(value, values);
    const there = (having.length === 0 ? keys : values).slice(0, 5).map(quoted).join(", ") || "none";
    const reason =
      having.length === 0
        ? `none has the label ${quoted(key)}; labels there: ${there}`
        : `${quoted(key)} is ${quoted(value)} on none; values there: ${there}`;
    return { reason, hint: meantHint(meant) };
  }
  return { reason: "none has all the labels that it demands", hint: "" };
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
