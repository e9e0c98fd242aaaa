/** Fields in resource templates that Tekton Pipelines no longer has: the API server refuses them, or drops them. */

import type { JsonObject } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import type { Path } from "../index.ts";
import type { Finding } from "./finding.ts";
import type { Use } from "./use.ts";

const GROUP = "tekton.dev/";

interface Gone {
  readonly path: Path;
  readonly instead: string;
}

/** Looks at the objects that a trigger's template creates. */
export function checkGone({ template }: Use): readonly Finding[] {
  return (template?.spec.resourcetemplates ?? []).flatMap((resource, index) =>
    goneIn(resource).map(({ path, instead }) => ({
      code: "SLUICE_FORM_GONE",
      values: { instead },
      owner: (template as NonNullable<typeof template>).owner,
      path: [...(template as NonNullable<typeof template>).path, "resourcetemplates", index, ...path],
    })),
  );
}

function goneIn(resource: JsonObject): readonly Gone[] {
  const apiVersion = ownValue(resource, "apiVersion");
  const kind = ownValue(resource, "kind");
  if (typeof apiVersion !== "string" || !apiVersion.startsWith(GROUP) || typeof kind !== "string") return [];
  if (kind !== "PipelineRun" && kind !== "TaskRun") return [];
  const found: Gone[] = [];
  const spec = ownValue(resource, "spec");
  if (!isJsonObject(spec ?? null)) return found;
  for (const [field, instead] of Object.entries(FIELDS[kind]))
    if (Object.hasOwn(spec as JsonObject, field)) found.push({ path: ["spec", field], instead });
  if (kind !== "PipelineRun" || apiVersion !== "tekton.dev/v1") return found;
  for (const field of ["serviceAccountName", "podTemplate"])
    if (Object.hasOwn(spec as JsonObject, field))
      found.push({ path: ["spec", field], instead: `spec.${field} is now spec.taskRunTemplate.${field}` });
  return found;
}

const RESOURCES = "spec.resources went with PipelineResources: use params and workspaces";
const FIELDS = {
  PipelineRun: { resources: RESOURCES },
  TaskRun: {
    resources: RESOURCES,
    inputs: "spec.inputs is now spec.params and spec.workspaces",
    outputs: "spec.outputs went with PipelineResources: use results and workspaces",
  },
} as const;
