/** A resource template as a tree: the parts that never change are shared, the rest is built for each event. */

import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, MAX_JSON_DEPTH, setOwn } from "../../core/json.ts";
import type { Leaf, Scope } from "./leaf.ts";
import { compileLeaf } from "./leaf.ts";
import { compileTyped } from "./typed.ts";

/** Builds an object that depends on the event. @throws BrokenText. */
export type BuildObject = (scope: Scope) => JsonObject;
type Build = (scope: Scope) => JsonValue;

/**
 * Compiles a resource template.
 *
 * @param resource what stands under `resourcetemplates`; it must not change afterwards, results share parts of it.
 * @param escapeQuotes replace `"` by `\"` in values.
 * @param typed params whose values keep their type where they stand alone.
 * @returns the resource itself when nothing in it depends on the event.
 * @throws RangeError when it nests deeper than {@link MAX_JSON_DEPTH}.
 */
export function compileTree(
  resource: JsonObject,
  escapeQuotes: boolean,
  typed: ReadonlySet<string>,
): JsonObject | BuildObject {
  return object(resource, "", 1);

  function value(part: JsonValue, path: string, depth: number): JsonValue | Build {
    if (typeof part === "string") {
      const leaf = compileLeaf(part, path, escapeQuotes);
      return compileTyped(part, path, typed, leaf) ?? leaf;
    }
    if (typeof part !== "object" || part === null) return part;
    if (depth > MAX_JSON_DEPTH) throw new RangeError(`it nests deeper than ${MAX_JSON_DEPTH} levels`);
    return isJsonObject(part) ? object(part, path, depth) : list(part, path, depth);
  }

  function list(items: readonly JsonValue[], path: string, depth: number): JsonValue | Build {
    const parts = items.map((item, i) => value(item, `${path}[${i}]`, depth + 1));
    if (!parts.some(isBuild)) return items;
    return (scope) => parts.map((part) => (isBuild(part) ? part(scope) : part));
  }

  function object(fields: JsonObject, path: string, depth: number): JsonObject | BuildObject {
    const parts = Object.keys(fields).map((key) => {
      const place = path === "" ? key : `${path}.${key}`;
      return {
        key: compileLeaf(key, `the key ${place}`, escapeQuotes),
        value: value(fields[key] as JsonValue, place, depth + 1),
      };
    });
    if (!parts.some((part) => isBuild(part.key) || isBuild(part.value))) return fields;
    return (scope) => {
      const built: Record<string, JsonValue> = {};
      for (const part of parts) {
        const key = typeof part.key === "string" ? part.key : part.key(scope);
        const content = isBuild(part.value) ? part.value(scope) : part.value;
        if (key === "__proto__") setOwn(built, key, content);
        else built[key] = content;
      }
      return built;
    };
  }
}

function isBuild(part: JsonValue | Build | Leaf): part is Build {
  return typeof part === "function";
}
