/** Which params a template's field is written with, and what binds them: for words about a field that is refused. */

import { isJsonObject, type JsonValue, ownValue } from "../../../core/json.ts";
import type { FieldOrigin } from "../../../core/plan.ts";
import { variablesIn } from "../../../decide/render/index.ts";
import type { BoundParam, Template } from "../../index.ts";

/** Looks at the template only when it is asked. */
export function originOf({ spec }: Template, bound: readonly BoundParam[]): FieldOrigin {
  return (resource, path) => {
    const written = spec.resourcetemplates[resource];
    const own = textAt(written, path);
    const [root = "", last] = path;
    // A name that the template does not write is made of its generateName.
    const text = own || (last === "name" && path.length === 2 ? textAt(written, [root, "generateName"]) : "");
    return variablesIn(text).map((param) => ({
      param,
      value: bound.find(({ name }) => name === param)?.value,
    }));
  };
}

function textAt(from: JsonValue | undefined, path: readonly string[]): string {
  let value: JsonValue | undefined = from;
  for (const step of path) value = isJsonObject(value ?? null) ? ownValue(value as never, step) : undefined;
  return typeof value === "string" ? value : "";
}
