/** Where an object is that a reference does not find: of another kind, or in another namespace. */

import type { TektonObject } from "../core/tekton.ts";
import type { LocatedDeclarations } from "./declarations.ts";
import type { Identity } from "./faults.ts";

type Kind = TektonObject["kind"];

/** Kinds that one reference could mean when it names the wrong one. */
const BINDINGS: Readonly<Partial<Record<Kind, Kind>>> = {
  TriggerBinding: "ClusterTriggerBinding",
  ClusterTriggerBinding: "TriggerBinding",
};

/**
 * How to correct a reference to something that stands elsewhere; undefined where nothing has its name.
 *
 * @param owner the object that refers to it.
 */
export function elsewhere(
  { kind, namespace, name }: Identity & { readonly kind: Kind },
  declarations: LocatedDeclarations,
  owner?: TektonObject,
): string | undefined {
  const same = (declarations.objects ?? []).filter(({ metadata }) => metadata.name === name);
  const other = BINDINGS[kind];
  if (other !== undefined && same.some((one) => one.kind === other))
    return kind === "TriggerBinding"
      ? `There is a ${other} ${name}: add kind: ${other} to the reference.`
      : `There is a ${other} ${name}: take kind: ${kind} out of the reference.`;
  const moved = same.filter((one) => one.kind === kind && one.metadata.namespace !== namespace);
  const [first] = moved;
  if (first !== undefined) {
    const chosen = moved.find((one) => namesNoNamespace(one, declarations)) ?? first;
    return inOneNamespace(chosen, namespace, declarations, owner);
  }
  const mistaken = same.find((one) => one.metadata.namespace === namespace && one.kind !== "EventListener");
  return mistaken && `${name} is a ${mistaken.kind} here: name a ${kind}.`;
}

/** References stay in a namespace: which of the two objects has to move, where one of them names no namespace. */
function inOneNamespace(
  moved: TektonObject,
  namespace: string,
  declarations: LocatedDeclarations,
  owner: TektonObject | undefined,
): string {
  const at = declarations.locate?.(moved, []);
  const place = at === undefined ? "" : ` (${at.file}:${at.line})`;
  const there = moved.metadata.namespace;
  if (namesNoNamespace(moved, declarations))
    return `There is one that names no namespace${place}, which makes it ${there}: write metadata.namespace: ${namespace} there, or start with --namespace ${namespace}.`;
  if (owner !== undefined && namesNoNamespace(owner, declarations))
    return `There is one in namespace ${there}${place}, and ${owner.kind} ${owner.metadata.name} names none, which makes it ${namespace}: write metadata.namespace: ${there} there, or start with --namespace ${there}.`;
  return `There is one in namespace ${there}${place}, and references stay in the namespace ${namespace}: put it there too, or everything into one namespace.`;
}

/** True for an object of a file without metadata.namespace, which stands where files stand by default. */
function namesNoNamespace(object: TektonObject, { locate }: LocatedDeclarations): boolean {
  const written = locate?.(object, ["metadata", "namespace"]);
  // What is not there is placed where the object stands that would have it.
  const holder = locate?.(object, ["metadata"]);
  return written !== undefined && written.line === holder?.line && written.column === holder.column;
}
