/** Kinds of Tekton Pipelines in resource templates that are spelled otherwise, or stand in another API group. */

import type { JsonObject } from "../../core/json.ts";
import { ownValue } from "../../core/json.ts";
import { nearest } from "../../core/nearest.ts";
import type { Template } from "../index.ts";
import type { Finding } from "./finding.ts";

const GROUP = "tekton.dev";
/** Versions of tekton.dev, and the kinds that each serves or served: those that are gone are told by themselves. */
const SERVED: ReadonlyMap<string, readonly string[]> = new Map([
  ["v1", ["PipelineRun", "TaskRun", "Pipeline", "Task"]],
  ["v1beta1", ["PipelineRun", "TaskRun", "Pipeline", "Task", "CustomRun", "StepAction", "ClusterTask"]],
  [
    "v1alpha1",
    [
      ...["StepAction", "VerificationPolicy", "Run", "PipelineRun", "TaskRun", "Pipeline", "Task"],
      ...["ClusterTask", "PipelineResource", "Condition"],
    ],
  ],
]);
/** Kinds that nobody else has. */
const OURS: ReadonlySet<string> = new Set(["PipelineRun", "TaskRun", "CustomRun"]);
const KINDS = [...new Set([...SERVED.values()].flat())];

/** What no API server can create, as far as this is known here. */
export function checkKinds({ owner, path, spec }: Template): readonly Finding[] {
  return spec.resourcetemplates.flatMap((resource, index): readonly Finding[] => {
    const found = wrongKind(resource);
    if (found === undefined) return [];
    const { field, ...values } = found;
    return [
      { code: "SLUICE_KIND_UNKNOWN", values, owner, path: [...path, "resourcetemplates", index, field] },
    ];
  });
}

function wrongKind(resource: JsonObject) {
  const kind = ownValue(resource, "kind");
  const apiVersion = ownValue(resource, "apiVersion");
  if (typeof kind !== "string" || typeof apiVersion !== "string" || /\$\(/.test(kind + apiVersion))
    return undefined;
  const [group = "", version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const about = { kind, apiVersion };
  const otherVersion = { ...about, field: "apiVersion", cure: `Write apiVersion: ${newest(kind)}.` };
  if (group !== GROUP) {
    const isMeant = group === "" || group.endsWith(GROUP) || nearest(group, [GROUP]) !== undefined;
    return OURS.has(kind) && isMeant ? otherVersion : undefined;
  }
  const served = SERVED.get(version ?? "");
  if (served?.includes(kind)) return undefined;
  if (KINDS.includes(kind)) return otherVersion;
  const meant = served && nearest(kind, served, 2);
  return meant === undefined ? undefined : { ...about, field: "kind", cure: `Write kind: ${meant}.` };
}

function newest(kind: string): string {
  const version = [...SERVED].find(([, kinds]) => kinds.includes(kind))?.[0] ?? "v1";
  return `${GROUP}/${version}`;
}
