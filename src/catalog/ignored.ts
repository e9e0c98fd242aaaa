/** Fields of `metadata` that no API server knows: it drops them, and what they were to say goes unsaid. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import { isTriggersObject } from "./admit.ts";
import { formatIdentity, identityOf } from "./faults.ts";
import { formatPath } from "./findings.ts";
import { METADATA_FIELDS } from "./kinds/metadata.ts";
import type { Written } from "./objects.ts";
import type { Locate } from "./yaml.ts";

/** Fields that belong one level up. */
const OF_OBJECT: ReadonlySet<string> = new Set([
  ...["spec", "params", "triggers", "resourcetemplates", "interceptors", "bindings", "template", "data"],
]);

export interface IgnoredField {
  readonly field: string;
  /** What to write instead. */
  readonly hint: string;
}

/** The fields of an object's metadata that have no meaning. */
export function ignoredMetadata(object: JsonObject): readonly IgnoredField[] {
  const metadata = ownValue(object, "metadata");
  if (!isJsonObject(metadata ?? null)) return [];
  return Object.keys(metadata as JsonObject)
    .filter((field) => !METADATA_FIELDS.includes(field))
    .map((field) => ({ field, hint: hintFor(field) }));
}

function hintFor(field: string): string {
  if (field.includes("/")) return "Write it under metadata.annotations, or under metadata.labels.";
  if (OF_OBJECT.has(field.toLowerCase()))
    return field === "spec"
      ? "Indent spec as metadata is."
      : "It belongs under spec, which is indented as metadata is.";
  const meant = nearest(field, METADATA_FIELDS);
  return meant === undefined ? "Remove it, or write it where it belongs." : `Did you mean ${meant}?`;
}

/** A warning for each, in objects of Tekton Triggers. */
export function ignoredFields(
  documents: readonly Written[],
  defaultNamespace: string,
  locate: Locate,
): readonly SluiceError[] {
  return documents.flatMap(({ written, source }): readonly SluiceError[] => {
    if (!isTriggersObject(written)) return [];
    return ignoredMetadata(written).map(({ field: key, hint }) => {
      const path = ["metadata", key];
      const field = formatPath(path);
      const values = { field, hint, object: formatIdentity(identityOf(written, defaultNamespace)) };
      return fault("SLUICE_FIELD_IGNORED", values, { at: locate(source, path) });
    });
  });
}
