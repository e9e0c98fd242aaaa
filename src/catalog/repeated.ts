/** Params that one list names twice: of interceptors and of templates. Only the last counts, and nobody sees which that is. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject, ownValue, valueAt } from "../core/json.ts";
import { isTriggersObject } from "./admit.ts";
import { formatIdentity, identityOf } from "./faults.ts";
import { formatPath, type Path, quoted } from "./findings.ts";
import type { Written } from "./objects.ts";
import type { Locate } from "./yaml.ts";

/** A warning for each name in objects of Tekton Triggers. */
export function repeatedParams(
  documents: readonly Written[],
  defaultNamespace: string,
  locate: Locate,
): readonly SluiceError[] {
  return documents.flatMap(({ written, source }): readonly SluiceError[] => {
    if (!isTriggersObject(written)) return [];
    return lists(written).flatMap(({ params, path }) =>
      repeated(params).map(({ name, index }) => {
        const at = [...path, index, "name"];
        const object = formatIdentity(identityOf(written, defaultNamespace));
        const values = { field: formatPath(at), name: quoted(name), object };
        return fault("SLUICE_PARAM_REPEATED", values, { at: locate(source, at) });
      }),
    );
  });
}

interface List {
  readonly params: readonly JsonValue[];
  readonly path: Path;
}

/** The lists `params` of interceptors and templates; bindings that name a param twice are refused when they are compiled. */
function lists(object: JsonObject): readonly List[] {
  const spec = ["spec"];
  if (ownValue(object, "kind") === "TriggerTemplate") return listAt(object, [...spec, "params"]);
  const groups = entriesAt(object, [...spec, "triggerGroups"]);
  const triggers = entriesAt(object, [...spec, "triggers"]);
  return [spec, ...groups, ...triggers].flatMap((path) => [
    ...entriesAt(object, [...path, "interceptors"]).flatMap((step) => listAt(object, [...step, "params"])),
    ...listAt(object, [...path, "template", "spec", "params"]),
  ]);
}

function listAt(object: JsonObject, path: Path): readonly List[] {
  const params = valueAt(object, path);
  return Array.isArray(params) ? [{ params: params as readonly JsonValue[], path }] : [];
}

function entriesAt(object: JsonObject, path: Path): readonly Path[] {
  const list = valueAt(object, path);
  return Array.isArray(list) ? list.map((_, index) => [...path, index]) : [];
}

function repeated(
  params: readonly JsonValue[],
): readonly { readonly name: string; readonly index: number }[] {
  const seen = new Set<string>();
  return params.flatMap((param, index) => {
    const name = isJsonObject(param) ? ownValue(param, "name") : undefined;
    if (typeof name !== "string") return [];
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew ? [] : [{ name, index }];
  });
}
