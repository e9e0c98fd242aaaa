/** Names in objects of Tekton Pipelines that YAML reads as true, false or a number: the API server refuses those objects. */

import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import type { Path, Template } from "../index.ts";
import { formatPath } from "../index.ts";
import type { Finding } from "./finding.ts";

/** Fields under `spec` that are text wherever Tekton Pipelines has them; `name: n` is the usual accident. */
const TEXTS: ReadonlySet<string> = new Set(["name", "serviceAccountName", "claimName", "secretName"]);
/** What stands under these is anybody's own. */
const FREE: ReadonlySet<string> = new Set([
  "value",
  "default",
  "labels",
  "annotations",
  "nodeSelector",
  "spec",
]);

/** @returns one finding for each such field. */
export function checkTexts({ owner, path, spec }: Template): readonly Finding[] {
  return spec.resourcetemplates.flatMap((resource, index) => {
    if (!String(ownValue(resource, "apiVersion")).startsWith("tekton.dev/")) return [];
    const within = ownValue(resource as JsonObject, "spec");
    return within === undefined ? [] : look(within, ["resourcetemplates", index, "spec"]);
  });

  function look(value: JsonValue, at: Path): readonly Finding[] {
    if (Array.isArray(value))
      return (value as readonly JsonValue[]).flatMap((item, i) => look(item, [...at, i]));
    if (!isJsonObject(value)) return [];
    return Object.entries(value).flatMap(([key, content]): readonly Finding[] => {
      const place = [...at, key];
      if (TEXTS.has(key) && (typeof content === "boolean" || typeof content === "number")) {
        const values = { field: formatPath(place), value: String(content) };
        return [{ code: "SLUICE_NAME_NO_TEXT", values, owner, path: [...path, ...place] }];
      }
      return FREE.has(key) ? [] : look(content, place);
    });
  }
}
