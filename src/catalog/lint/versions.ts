/** Objects of Tekton Pipelines in versions that it no longer serves. */

import { ownValue } from "../../core/json.ts";
import type { Template } from "../index.ts";
import type { Finding } from "./finding.ts";

/** Kinds of `tekton.dev/v1alpha1` that are gone; others, such as StepAction, are still served so. */
const GONE: ReadonlyMap<string, string> = new Map([
  ["PipelineRun", "tekton.dev/v1"],
  ["TaskRun", "tekton.dev/v1"],
  ["Pipeline", "tekton.dev/v1"],
  ["Task", "tekton.dev/v1"],
  ["Run", "tekton.dev/v1beta1 with kind: CustomRun"],
]);
/** Kinds that no version has any more. */
const REPLACED: ReadonlyMap<string, string> = new Map([
  ["PipelineResource", "params and workspaces"],
  ["Condition", "when expressions"],
  ["ClusterTask", "a resolver such as cluster or hub"],
]);

export function checkVersions({ owner, path, spec }: Template): readonly Finding[] {
  return spec.resourcetemplates.flatMap((resource, index): readonly Finding[] => {
    const kind = ownValue(resource, "kind");
    const apiVersion = ownValue(resource, "apiVersion");
    if (typeof kind !== "string" || typeof apiVersion !== "string" || !apiVersion.startsWith("tekton.dev/"))
      return [];
    const place = [...path, "resourcetemplates", index];
    const instead = apiVersion === "tekton.dev/v1alpha1" ? GONE.get(kind) : undefined;
    const replaced = REPLACED.get(kind);
    if (instead === undefined && replaced === undefined) return [];
    const cure = replaced === undefined ? `Write apiVersion: ${instead}.` : `Use ${replaced}.`;
    const values = { kind, apiVersion, cure };
    return [
      { code: "SLUICE_VERSION_GONE", values, owner, path: [...place, replaced ? "kind" : "apiVersion"] },
    ];
  });
}
