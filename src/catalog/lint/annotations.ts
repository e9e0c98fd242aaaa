/** Our annotations: misspelt ones and values without a meaning change nothing, and nobody would notice. */

import { nearest } from "../../core/nearest.ts";
import type { EventListener, Trigger, TriggerSpec, TriggerTemplate } from "../../core/tekton.ts";
import { inlineTriggers, type LocatedDeclarations } from "../index.ts";
import type { Finding } from "./finding.ts";

const OURS = "sluice.dev/";

type Owner = EventListener | Trigger | TriggerTemplate;

/** Annotation to what it may say (undefined: anything, here), and on which kinds it is read. */
const KNOWN: ReadonlyMap<
  string,
  { readonly values?: readonly string[]; readonly kinds: readonly Owner["kind"][] }
> = new Map([
  ["sluice.dev/cluster", { kinds: ["TriggerTemplate", "Trigger", "EventListener"] }],
  ["sluice.dev/typed-params", { kinds: ["TriggerTemplate"] }],
  ["sluice.dev/managed", { kinds: ["EventListener"] }],
  ["sluice.dev/verification", { values: ["none"], kinds: ["EventListener", "Trigger"] }],
  ["sluice.dev/max-body-bytes", { kinds: ["EventListener"] }],
  ["sluice.dev/webhook-origins", { kinds: ["EventListener"] }],
  ["sluice.dev/on-duplicate", { values: ["retry-failed", "ignore", "rerun"], kinds: ["EventListener"] }],
]);

/** Annotations under sluice.dev/ that no one reads where they stand, or whose value says nothing. */
export function checkAnnotations(declarations: LocatedDeclarations): readonly Finding[] {
  return annotated(declarations).flatMap((owner) =>
    Object.entries(owner.metadata.annotations).flatMap(([annotation, value]): readonly Finding[] => {
      if (!annotation.startsWith(OURS)) return [];
      const reason = doubt(owner, annotation, value);
      if (reason === undefined) return [];
      const path = ["metadata", "annotations", annotation];
      return [{ code: "SLUICE_ANNOTATION_IGNORED", values: { annotation, reason }, owner, path }];
    }),
  );
}

function doubt(owner: Owner, annotation: string, value: string) {
  const { kind } = owner;
  const known = KNOWN.get(annotation);
  if (known === undefined) {
    const meant = nearest(annotation, [...KNOWN.keys()]);
    return meant === undefined ? `known are ${[...KNOWN.keys()].join(", ")}` : `did you mean ${meant}?`;
  }
  if (!known.kinds.includes(kind)) return `it is read on kind ${known.kinds.join(" and ")}, not on ${kind}`;
  if (annotation === "sluice.dev/typed-params" && owner.kind === "TriggerTemplate")
    return undeclaredParam(owner, value);
  if (annotation === "sluice.dev/cluster" && !holdsTemplate(owner))
    return `it counts beside a template, and this ${kind} holds none; annotate the TriggerTemplate`;
  if (known.values === undefined || known.values.includes(value)) return undefined;
  return `${JSON.stringify(value.slice(0, 80))} says nothing; it may be ${known.values.join(", ")}`;
}

/** A name among those of typed params that the template does not declare. */
function undeclaredParam({ spec }: TriggerTemplate, value: string): string | undefined {
  const declared = spec.params.map(({ name }) => name);
  const names = value.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !declared.includes(name));
  if (unknown === undefined) return undefined;
  const meant = nearest(unknown, declared);
  const hint =
    meant === undefined ? `declared are ${declared.join(", ") || "none"}` : `did you mean ${meant}?`;
  return `the template declares no param ${JSON.stringify(unknown.slice(0, 80))}; ${hint}`;
}

/** Limits of bodies that are no whole number of bytes above 0: somebody believes to be protected. */
export function wrongLimits({ listeners }: Pick<LocatedDeclarations, "listeners">): readonly Finding[] {
  const annotation = "sluice.dev/max-body-bytes";
  return listeners.flatMap((owner): readonly Finding[] => {
    const value = owner.metadata.annotations[annotation];
    if (
      value === undefined ||
      (/^[0-9]+$/.test(value) && Number.isSafeInteger(Number(value)) && Number(value) > 0)
    )
      return [];
    const path = ["metadata", "annotations", annotation];
    const field = `metadata.annotations["${annotation}"]`;
    const reason = `must be a whole number of bytes above 0, is ${JSON.stringify(value.slice(0, 80))}`;
    return [{ code: "SLUICE_OBJECT_INVALID", values: { field, reason }, owner, path }];
  });
}

function annotated(declarations: LocatedDeclarations): readonly Owner[] {
  const { listeners } = declarations;
  const triggers = declarations.triggers("*");
  const templates = new Set<TriggerTemplate>();
  const look = (namespace: string, { template }: TriggerSpec): void => {
    const found =
      "ref" in template ? declarations.find("TriggerTemplate", namespace, template.ref) : undefined;
    if (found !== undefined) templates.add(found);
  };
  for (const { metadata, spec } of triggers) look(metadata.namespace, spec);
  for (const { metadata, spec } of listeners)
    for (const trigger of inlineTriggers(spec)) look(metadata.namespace, trigger);
  return [...listeners, ...triggers, ...templates];
}

/** True where a template stands in the object itself. */
function holdsTemplate(owner: Owner): boolean {
  if (owner.kind === "TriggerTemplate") return true;
  const triggers = owner.kind === "Trigger" ? [owner.spec] : inlineTriggers(owner.spec);
  return triggers.some(({ template }) => "spec" in template);
}
