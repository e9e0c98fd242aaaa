/** Selection: which triggers a listener fires, from its inline triggers, references, selectors and groups. */

import type { ObjectName } from "../core/delivery.ts";
import type { SluiceError } from "../core/errors.ts";
import type {
  EventListener,
  InterceptorSpec,
  LabelSelector,
  NamespaceSelector,
  Trigger,
  TriggerSpec,
} from "../core/tekton.ts";
import type { LocatedDeclarations } from "./declarations.ts";
import { elsewhere } from "./elsewhere.ts";
import type { Identity } from "./faults.ts";
import { objectInvalid, refMissing } from "./faults.ts";
import { formatPath, type Path } from "./findings.ts";
import { compileLabelSelector } from "./labels.ts";

/** A trigger that a listener fires. Its name may be "": Tekton lets inline triggers go without. */
export interface SelectedTrigger extends ObjectName {
  readonly spec: TriggerSpec;
  /** The object that holds the spec: the listener for inline triggers, else the Trigger. */
  readonly owner: EventListener | Trigger;
  /** Where the spec stands in its owner. */
  readonly path: Path;
  readonly source: "inline" | "triggerRef" | "selector";
  /**
   * Tells the listener's triggers apart where names do not: the name, or `name#2` and so on for further triggers
   * called so. One Trigger behind several groups keeps one key, unless duplicates run.
   */
  readonly key: string;
  /** For people: `namespace/key`; of an unnamed one its listener and place. */
  readonly shown: string;
}

export interface SelectedGroup {
  /** "" for the triggers that stand in no group. */
  readonly name: string;
  readonly interceptors: readonly InterceptorSpec[];
  readonly triggers: readonly SelectedTrigger[];
}

export interface Selection {
  readonly groups: readonly SelectedGroup[];
  /** References to nothing and selectors of groups that cannot be read: the rest of the listener still works. */
  readonly faults: readonly SluiceError[];
  /** The listener's own selector cannot be read: Tekton answers every event with 500. */
  readonly broken?: SluiceError;
}

export interface SelectionOptions {
  /** `once` (default): a trigger selected twice in one group runs once. `tekton`: it runs twice, as in Tekton. */
  readonly duplicates?: "once" | "tekton";
}

/**
 * Resolves what a listener fires, by the rules of Tekton's sink: selectors first, then `spec.triggers` in order, then
 * the groups. A triggerRef is looked up in the listener's namespace; a selector without namespaces stays in it.
 */
export function triggersOf(
  listener: EventListener,
  declarations: LocatedDeclarations,
  { duplicates = "once" }: SelectionOptions = {},
): Selection {
  const { spec } = listener;
  const faults: SluiceError[] = [];
  const keys = createKeys(duplicates);
  const selected = select(spec, ["spec"], listener, declarations);
  if ("fault" in selected) return { groups: [], faults: [], broken: selected.fault };
  const ungrouped = [...selected.triggers, ...listed(listener, declarations, faults)];
  const groups: SelectedGroup[] = [{ name: "", interceptors: [], triggers: keys.assign(ungrouped) }];
  for (const [index, group] of spec.triggerGroups.entries()) {
    const found = select(group, ["spec", "triggerGroups", index, "triggerSelector"], listener, declarations);
    if ("fault" in found) faults.push(found.fault);
    else
      groups.push({
        name: group.name,
        interceptors: group.interceptors,
        triggers: keys.assign(found.triggers),
      });
  }
  return { groups, faults };
}

type Candidate = Omit<SelectedTrigger, "key" | "shown">;

interface Selectors {
  readonly labelSelector?: LabelSelector;
  readonly namespaceSelector?: NamespaceSelector;
}

function select(
  { labelSelector, namespaceSelector }: Selectors,
  path: Path,
  listener: EventListener,
  declarations: LocatedDeclarations,
): { readonly triggers: readonly Candidate[] } | { readonly fault: SluiceError } {
  const compiled = compileLabelSelector(labelSelector ?? {});
  if ("finding" in compiled) {
    const field = [...path, "labelSelector", ...compiled.finding.path];
    const at = declarations.locate?.(listener, field);
    return { fault: objectInvalid(identity(listener), field, compiled.finding.reason, at) };
  }
  const names = namespaceSelector?.matchNames ?? [];
  if (names.length === 0 && labelSelector === undefined) return { triggers: [] };
  const triggers = namespacesOf(names, listener).flatMap((namespaces) => declarations.triggers(namespaces));
  return {
    triggers: triggers
      .filter((trigger) => compiled.matches(trigger.metadata.labels))
      .map((trigger) => standing(trigger, "selector")),
  };
}

/** Only a lone "*" means all namespaces, but "" does too wherever it stands: that is how Tekton's lister reads it. */
function namespacesOf(
  names: readonly string[],
  listener: EventListener,
): readonly (readonly string[] | "*")[] {
  if (names.length === 0) return [[listener.metadata.namespace]];
  if (names.length === 1 && names[0] === "*") return ["*"];
  return names.map((name) => (name === "" ? "*" : [name]));
}

/** `spec.triggers`: inline ones as they stand, references resolved; a reference to nothing is a fault and no trigger. */
function listed(
  listener: EventListener,
  declarations: LocatedDeclarations,
  faults: SluiceError[],
): readonly Candidate[] {
  const { namespace } = listener.metadata;
  const triggers: Candidate[] = [];
  for (const [index, entry] of listener.spec.triggers.entries()) {
    const path = ["spec", "triggers", index];
    if (!("triggerRef" in entry)) {
      triggers.push({
        namespace,
        name: entry.name ?? "",
        spec: entry,
        owner: listener,
        path,
        source: "inline",
      });
      continue;
    }
    const trigger = declarations.find("Trigger", namespace, entry.triggerRef);
    if (trigger !== undefined) {
      triggers.push(standing(trigger, "triggerRef"));
      continue;
    }
    const field = [...path, "triggerRef"];
    const missing = { kind: "Trigger" as const, namespace, name: entry.triggerRef };
    const known = declarations.names?.("Trigger", namespace) ?? [];
    const at = declarations.locate?.(listener, field);
    const why = declarations.fault?.("Trigger", namespace, entry.triggerRef);
    const moved = elsewhere(missing, declarations, listener);
    faults.push(why ?? refMissing(missing, identity(listener), field, known, at, moved));
  }
  return triggers;
}

function standing(trigger: Trigger, source: "triggerRef" | "selector"): Candidate {
  const { namespace, name } = trigger.metadata;
  return { namespace, name, spec: trigger.spec, owner: trigger, path: ["spec"], source };
}

function createKeys(duplicates: "once" | "tekton") {
  const used = new Map<string, number>();
  const newKey = ({ namespace, name }: Candidate): string => {
    const times = (used.get(`${namespace}/${name}`) ?? 0) + 1;
    used.set(`${namespace}/${name}`, times);
    return times === 1 ? name : `${name}#${times}`;
  };
  return {
    /**
     * Gives the triggers of one group their keys, and drops those that stand in it already. Behind another group one has
     * a key of its own: that group may let it fire with other extensions, and two jobs must not share an id.
     */
    assign(candidates: readonly Candidate[]): readonly SelectedTrigger[] {
      const distinct = new Map(candidates.map((candidate) => [candidate.spec, candidate]));
      const chosen = duplicates === "tekton" ? candidates : [...distinct.values()];
      return chosen.map((candidate) => {
        const key = newKey(candidate);
        return { ...candidate, key, shown: shownAs(candidate, key) };
      });
    },
  };
}

function shownAs({ namespace, name, owner, path }: Candidate, key: string): string {
  if (name !== "") return `${namespace}/${key}`;
  return `${namespace}/${owner.metadata.name}: ${formatPath(path)} (unnamed)`;
}

function identity({ kind, metadata: { namespace, name } }: EventListener | Trigger): Identity {
  return { kind, namespace, name };
}
