/** Text of the event that chooses a namespace: whoever sends it says where an object is created. */

import type { JsonObject } from "../../core/json.ts";
import { objectAt, textAt } from "../../core/json.ts";
import { variablesIn } from "../../decide/render/index.ts";
import type { Finding } from "./finding.ts";
import { foreignSource } from "./scripts.ts";
import type { Use } from "./use.ts";

/** Params that carry text of the event into `metadata.namespace` of a created object. */
export function checkNamespaces(uses: readonly Use[]): readonly Finding[] {
  return uses.flatMap(namespacesOf);
}

function namespacesOf({ name: trigger, template, params }: Use): readonly Finding[] {
  if (template === undefined) return [];
  const { owner, path, spec } = template;
  return spec.resourcetemplates.flatMap((resource, index) => {
    const place = ["resourcetemplates", index, "metadata", "namespace"];
    const used = variablesIn(textAt(objectAt(resource as JsonObject, "metadata"), "namespace"));
    return params
      .filter(({ name }) => used.includes(name))
      .flatMap((param): readonly Finding[] => {
        const source = foreignSource(param);
        if (source === undefined) return [];
        const values = { trigger, param: param.name, source };
        return [{ code: "SLUICE_NAMESPACE_FROM_EVENT", values, owner, path: [...path, ...place] }];
      });
  });
}
