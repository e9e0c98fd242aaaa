/** Kustomizations among the files: which files are patches of them, and which of them change what they list. */

import { basename, dirname, join } from "node:path";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import type { SourceDocument } from "./yaml.ts";

const NAMES = new Set(["kustomization.yaml", "kustomization.yml", "kustomization"]);

/** Fields that make something else of the listed files, or bring files that are not listed. */
const CHANGES = [
  ...["patches", "patchesStrategicMerge", "patchesJson6902", "namePrefix", "nameSuffix", "namespace"],
  ...["commonLabels", "labels", "commonAnnotations", "images", "replacements", "vars", "replicas"],
  ...["configMapGenerator", "secretGenerator", "generators", "transformers", "components", "helmCharts"],
] as const;

export interface Kustomize {
  /** Path of a kustomization to the fields that change what it lists; those without any are left out. */
  readonly changing: ReadonlyMap<string, readonly string[]>;
  /** Path of a file that is a patch to the kustomization that says so. */
  readonly patches: ReadonlyMap<string, string>;
}

/** Looks at the kustomizations among some documents. */
export function readKustomize(documents: readonly SourceDocument[]): Kustomize {
  const changing = new Map<string, readonly string[]>();
  const patches = new Map<string, string>();
  for (const { file, value } of documents) {
    if (!NAMES.has(basename(file.path).toLowerCase()) || !isJsonObject(value)) continue;
    const used = CHANGES.filter((field) => Object.hasOwn(value, field));
    if (used.length > 0) changing.set(file.path, used);
    for (const named of patchesOf(value)) patches.set(join(dirname(file.path), named), file.path);
  }
  return { changing, patches };
}

function patchesOf(kustomization: JsonObject): readonly string[] {
  const entries = (field: string): readonly JsonValue[] => {
    const value = ownValue(kustomization, field);
    return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  };
  const paths = ["patches", "patchesJson6902"].flatMap(entries).map((entry) => {
    return isJsonObject(entry) ? ownValue(entry, "path") : entry;
  });
  return [...paths, ...entries("patchesStrategicMerge")].filter(
    // A strategic merge patch may stand there itself.
    (path): path is string => typeof path === "string" && !path.includes("\n"),
  );
}
