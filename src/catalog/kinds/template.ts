/** TriggerTemplate: the objects that a trigger creates, and the params that stand in them. */

import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { Metadata, TemplateParam, TriggerTemplateSpec } from "../../core/tekton.ts";
import type { Findings, Path } from "../findings.ts";
import { quoted } from "../findings.ts";
import type { Shaped } from "../shape.ts";
import { anything, described, list, struct, text, textPointer } from "../shape.ts";
import { checkName } from "./metadata.ts";

/** `spec` of a TriggerTemplate; also what a trigger can hold inline. */
export const templateSpec = struct({
  params: list(
    struct({ name: text, description: text, default: textPointer }, [], {
      type: "params of a TriggerTemplate are always text; leave the type out, and give an array as JSON text",
      value: "its value comes from a binding; what it is without one is its default",
    }),
  ),
  resourcetemplates: list(anything),
});

const template = struct({
  apiVersion: text,
  kind: text,
  metadata: anything,
  spec: templateSpec,
  status: struct({}),
});

/** Reads and validates a TriggerTemplate; undefined when its fields have the wrong shape. */
export function readTemplate(
  object: JsonObject,
  metadata: Metadata,
  findings: Findings,
): TriggerTemplateSpec | undefined {
  const read = template(object, [], { findings, strict: true });
  if (read === undefined || findings.found.length > 0) return undefined;
  checkName(metadata, findings);
  return toTemplateSpec(read.spec ?? {}, ["spec"], findings);
}

/** Validates what `templateSpec` read and gives it its final form. */
export function toTemplateSpec(
  read: Shaped<typeof templateSpec>,
  path: Path,
  findings: Findings,
): TriggerTemplateSpec {
  const params = (read.params ?? []).map((param) => toParam(param ?? {}));
  const declared = new Set(params.map((param) => param.name));
  const resourcetemplates: JsonObject[] = [];
  const written = read.resourcetemplates ?? [];
  if (written.length === 0)
    findings.add([...path, "resourcetemplates"], "must hold at least one object to create");
  for (const [index, resource] of written.entries()) {
    const at = [...path, "resourcetemplates", index];
    checkResource(resource ?? null, at, findings);
    checkParams(resource ?? null, declared, at, findings);
    if (isJsonObject(resource)) resourcetemplates.push(resource);
  }
  return { params, resourcetemplates };
}

function toParam(read: {
  readonly name?: string;
  readonly description?: string;
  readonly default?: string;
}): TemplateParam {
  return { ...read, name: read.name ?? "" };
}

function checkResource(resource: JsonValue, path: Path, findings: Findings): void {
  if (!isJsonObject(resource)) {
    findings.add(path, `must be a Kubernetes object, is ${described(resource)}`);
    return;
  }
  for (const field of ["apiVersion", "kind"]) {
    const value = ownValue(resource, field);
    if (typeof value === "string" && value !== "") continue;
    const other = Object.keys(resource).find((key) => key.toLowerCase() === field.toLowerCase());
    const hint = value !== undefined || other === undefined ? "" : `; ${other} has to be spelled ${field}`;
    findings.add([...path, other ?? field], `is missing or not a string${hint}`);
  }
  const version = ownValue(resource, "apiVersion");
  if (typeof version === "string" && version.split("/").length > 2)
    findings.add([...path, "apiVersion"], `${quoted(version)} must be <group>/<version>`);
}

/** Params as Tekton looks for them: in the JSON text, so in keys too. */
function checkParams(
  resource: JsonValue,
  declared: ReadonlySet<string>,
  path: Path,
  findings: Findings,
): void {
  const undeclared = new Set<string>();
  for (const [, name = ""] of JSON.stringify(resource).matchAll(TEMPLATE_PARAM)) {
    if (!declared.has(name)) undeclared.add(name);
  }
  for (const name of undeclared) {
    const hint = didYouMean(name, [...declared]);
    findings.add(path, `uses $(tt.params.${name}), which ${formatDeclared(declared)}${hint}`);
  }
}

function formatDeclared(declared: ReadonlySet<string>): string {
  return declared.size === 0
    ? "the template does not declare under params"
    : `is not among the declared params: ${[...declared].slice(0, 12).join(", ")}`;
}

// Tekton's expression, with its unescaped dot: any sign may stand between tt and params.
const TEMPLATE_PARAM = /\$\(tt.params.([_a-zA-Z][_a-zA-Z0-9.-]*)\)/g;
