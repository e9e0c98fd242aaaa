/** Trigger, and the bindings and template that it shares with a listener's inline triggers. */

import type { JsonObject } from "../../core/json.ts";
import type { BindingSpec, Metadata, TemplateSpecOrRef, TriggerSpec } from "../../core/tekton.ts";
import type { Findings, Path } from "../findings.ts";
import { quoted } from "../findings.ts";
import type { Shape, Shaped } from "../shape.ts";
import { anything, list, struct, text, textPointer } from "../shape.ts";
import { checkName } from "./metadata.ts";
import type { Version } from "./step.ts";
import { stepShape, toStep } from "./step.ts";
import { templateSpec, toTemplateSpec } from "./template.ts";

const binding = struct({ name: text, value: textPointer, ref: text, kind: text, apiversion: text }, [], {
  spec: "write its params here, as entries with name and value",
  template: "the template is a field of the trigger, beside bindings",
});
const template = struct({ ref: textPointer, apiversion: text, spec: templateSpec }, [], {
  name: "template.name is now template.ref",
});

/** Fields of a trigger, standing alone or inside a listener. */
export function triggerFields(version: Version) {
  return {
    bindings: list(binding),
    template,
    name: text,
    interceptors: list(stepShape(version)),
    serviceAccountName: text,
  };
}

const shapes = { v1beta1: triggerShape("v1beta1"), v1alpha1: triggerShape("v1alpha1") };

function triggerShape(version: Version) {
  return struct({ apiVersion: text, kind: text, metadata: anything, spec: struct(triggerFields(version)) });
}

type WrittenTrigger =
  ReturnType<typeof triggerFields> extends infer F
    ? { readonly [K in keyof F]?: F[K] extends Shape<infer T> ? T : never }
    : never;

/** Reads and validates a Trigger; undefined when its fields have the wrong shape. */
export function readTrigger(
  object: JsonObject,
  version: Version,
  metadata: Metadata,
  findings: Findings,
): TriggerSpec | undefined {
  const read = shapes[version](object, [], { findings, strict: true });
  if (read === undefined || findings.found.length > 0) return undefined;
  checkName(metadata, findings);
  const spec = read.spec ?? {};
  const interceptors = (spec.interceptors ?? []).map((step, index) =>
    toStep(step, version, ["spec", "interceptors", index], findings),
  );
  return toTriggerSpec(spec, interceptors, version, ["spec"], findings);
}

/** Validates bindings and template of what {@link triggerFields} read and gives the trigger its final form. */
export function toTriggerSpec(
  read: Omit<WrittenTrigger, "interceptors">,
  interceptors: TriggerSpec["interceptors"],
  version: Version,
  path: Path,
  findings: Findings,
): TriggerSpec {
  return {
    ...(read.name === undefined ? {} : { name: read.name }),
    ...(read.serviceAccountName === undefined ? {} : { serviceAccountName: read.serviceAccountName }),
    interceptors,
    bindings: toBindings(read.bindings, path, findings),
    template: toTemplate(read.template ?? {}, version, [...path, "template"], findings),
  };
}

/** Validates `bindings:`; an entry that is wrong is left out, so the result is of use only without findings. */
export function toBindings(
  read: WrittenTrigger["bindings"],
  path: Path,
  findings: Findings,
): readonly BindingSpec[] {
  const bindings: BindingSpec[] = [];
  for (const [index, entry] of (read ?? []).entries()) {
    const spec = toBinding(entry, [...path, "bindings", index], findings);
    if (spec !== undefined) bindings.push(spec);
  }
  return bindings;
}

function toBinding(
  read: Shaped<typeof binding> | undefined,
  path: Path,
  findings: Findings,
): BindingSpec | undefined {
  if (read === undefined) return refuse(path, "must be a binding, is null");
  const { ref, name, value, kind = "TriggerBinding" } = read;
  if (ref !== undefined) {
    if (name !== undefined) return refuse(path, "must have ref or name, has both");
    if (kind !== "TriggerBinding" && kind !== "ClusterTriggerBinding")
      return refuse([...path, "kind"], `must be TriggerBinding or ClusterTriggerBinding, is ${quoted(kind)}`);
    return { ref, kind };
  }
  if (name === undefined) return refuse(path, "must have a ref, or name and value");
  if (value === undefined) {
    const hint = `to name a TriggerBinding write ref: ${name}, which name: was once`;
    return refuse([...path, "value"], `is missing; ${hint}`);
  }
  return { name, value };

  function refuse(at: Path, reason: string): undefined {
    findings.add(at, reason);
  }
}

function toTemplate(
  read: Shaped<typeof template>,
  version: Version,
  path: Path,
  findings: Findings,
): TemplateSpecOrRef {
  const known = version === "v1alpha1" ? ["v1alpha1"] : ["v1alpha1", "v1beta1"];
  if (read.apiversion !== undefined && !known.includes(read.apiversion))
    findings.add([...path, "apiversion"], `must be ${known.join(" or ")}, is ${quoted(read.apiversion)}`);
  if (read.spec !== undefined && read.ref !== undefined)
    findings.add(path, "must have ref or spec, has both");
  else if (read.spec !== undefined) return { spec: toTemplateSpec(read.spec, [...path, "spec"], findings) };
  else if (read.ref === undefined) findings.add(path, "must have a ref or a spec");
  else if (read.ref === "") findings.add([...path, "ref"], "is empty: name a TriggerTemplate");
  return { ref: read.ref ?? "" };
}
