/** Declarations: the objects of one moment, found by kind, namespace and name. */

import type { SluiceError, SourcePosition } from "../core/errors.ts";
import { compareBytewise } from "../core/json.ts";
import type { Declarations, EventListener, TektonObject, Trigger, TriggerSpec } from "../core/tekton.ts";
import type { Path } from "./findings.ts";

/** Declarations that know where they were written. Those of a cluster do not. */
export interface LocatedDeclarations extends Declarations {
  /** Names of the objects of a kind in a namespace ("" for cluster-scoped kinds), for faults that name none of them. */
  names?(kind: Kind, namespace: string): readonly string[];
  /** Every object, in the order of namespaces and names. */
  readonly objects?: readonly TektonObject[];
  locate?(object: TektonObject, path: Path): SourcePosition | undefined;
  /** Why an object that is not found, or cannot be used, is not: it is broken, or nobody may see it. */
  fault?(kind: Kind, namespace: string, name: string): SluiceError | undefined;
}

type Kind = TektonObject["kind"];

/**
 * Indexes objects. Of two with the same kind, namespace and name the later one counts; whoever loads them refuses that.
 *
 * @param locate tells where an object's field was written, for faults found later.
 * @param faults of objects that cannot be used, by {@link keyOf}.
 */
export function createDeclarations(
  objects: Iterable<TektonObject>,
  locate?: (object: TektonObject, path: Path) => SourcePosition | undefined,
  faults?: ReadonlyMap<string, SluiceError>,
): LocatedDeclarations {
  const byKey = new Map<string, TektonObject>();
  for (const object of objects) byKey.set(keyOf(object.kind, object.metadata), object);
  const sorted = [...byKey.values()].sort((a, b) => compareBytewise(place(a), place(b)));
  const listeners = sorted.filter((object): object is EventListener => object.kind === "EventListener");
  const allTriggers = sorted.filter((object): object is Trigger => object.kind === "Trigger");
  const triggersByNamespace = Map.groupBy(allTriggers, (trigger) => trigger.metadata.namespace);
  return {
    listeners,
    find<K extends Kind>(kind: K, namespace: string, name: string) {
      return byKey.get(keyOf(kind, { namespace, name })) as Extract<TektonObject, { kind: K }> | undefined;
    },
    names: (kind, namespace) =>
      sorted
        .filter((object) => object.kind === kind && object.metadata.namespace === namespace)
        .map(({ metadata }) => metadata.name),
    triggers(namespaces) {
      if (namespaces === "*") return allTriggers;
      return namespaces.flatMap((namespace) => triggersByNamespace.get(namespace) ?? []);
    },
    objects: sorted,
    ...(locate === undefined ? {} : { locate }),
    ...(faults && { fault: (kind, namespace, name) => faults.get(keyOf(kind, { namespace, name })) }),
  };
}

/** The triggers that a listener holds itself, without those that it refers to. */
export function inlineTriggers({ triggers }: EventListener["spec"]): readonly TriggerSpec[] {
  return triggers.filter((trigger): trigger is TriggerSpec => !("triggerRef" in trigger));
}

/** All triggers that are declared: objects of their own, and those that listeners hold; each once. */
export function countTriggers(declarations: Declarations): number {
  const inline = declarations.listeners.flatMap(({ spec }) => inlineTriggers(spec));
  return declarations.triggers("*").length + inline.length;
}

/** One text for kind, namespace and name: no name holds a slash. */
export function keyOf(
  kind: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return `${kind}/${namespace}/${name}`;
}

function place({ metadata }: TektonObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
