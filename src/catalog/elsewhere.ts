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

/** How to correct a reference to something that stands elsewhere; undefined where nothing has its name. */
export function elsewhere(
  { kind, namespace, name }: Identity & { readonly kind: Kind },
  declarations: LocatedDeclarations,
): string | undefined {
  const same = (declarations.objects ?? []).filter(({ metadata }) => metadata.name === name);
  const other = BINDINGS[kind];
  if (other !== undefined && same.some((one) => one.kind === other))
    return kind === "TriggerBinding"
      ? `There is a ${other} ${name}: add kind: ${other} to the reference.`
      : `There is a ${other} ${name}: take kind: ${kind} out of the reference.`;
  const [moved] = same.filter((one) => one.kind === kind && one.metadata.namespace !== namespace);
  if (moved !== undefined)
    return `There is one in namespace ${moved.metadata.namespace}, and references stay in the namespace ${namespace}: put it there too, or everything into one namespace.`;
  const [mistaken] = same.filter(
    (one) => one.metadata.namespace === namespace && !(one.kind === "EventListener"),
  );
  return mistaken && `${name} is a ${mistaken.kind} here: name a ${kind}.`;
}
