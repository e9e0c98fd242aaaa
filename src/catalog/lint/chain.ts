/** The interceptors of a trigger as the lint reads them: CEL expressions with their places, extensions that they set. */

import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import type { InterceptorSpec } from "../../core/tekton.ts";
import type { Node } from "../../decide/cel/index.ts";
import { children, parseExpression } from "../../decide/cel/index.ts";
import type { Path } from "../index.ts";

/** One CEL expression, with its place below the object that holds the chain. */
export interface Expression {
  readonly path: Path;
  /** The key of an overlay; undefined for a filter. */
  readonly overlay: string | undefined;
  readonly text: string;
  /** Undefined where it does not parse: compiling says so. */
  readonly root: Node | undefined;
}

/** The expressions of one interceptor; none where it is no `cel`. @param path of the interceptor. */
export function expressionsOf(spec: InterceptorSpec, path: Path): readonly Expression[] {
  if (!isBuiltIn(spec, "cel")) return [];
  const names = Object.keys(spec.params);
  const at = (name: string): Path => [...path, "params", names.indexOf(name), "value"];
  const found: Expression[] = [];
  const add = (text: JsonValue | undefined, where: Path, overlay?: string): void => {
    if (typeof text === "string" && text !== "")
      found.push({ path: where, overlay, text, root: rootOf(text) });
  };
  add(ownValue(spec.params, "filter"), at("filter"));
  for (const [index, { key, expression }] of overlaysOf(spec).entries())
    add(expression, [...at("overlays"), index, "expression"], String(key ?? ""));
  return found;
}

/** Top-level names of the extensions that an interceptor sets; undefined where nobody here can know. */
export function extensionsOf(spec: InterceptorSpec): readonly string[] | undefined {
  if (isBuiltIn(spec, "cel")) {
    const keys = overlaysOf(spec).map(({ key }) => String(key ?? ""));
    return keys.some((key) => /[\\#*?|@]/.test(key))
      ? undefined
      : keys.map((key) => key.split(".")[0] as string);
  }
  if (isBuiltIn(spec, "github"))
    return isJsonObject(ownValue(spec.params, "addChangedFiles") ?? null) ? ["changed_files"] : [];
  if (isBuiltIn(spec, "slack")) {
    const fields = ownValue(spec.params, "requestedFields");
    return Array.isArray(fields) ? fields.map(String) : [];
  }
  return ["gitlab", "bitbucket", "proof"].some((name) => isBuiltIn(spec, name)) ? [] : undefined;
}

export function overlaysOf({ params }: InterceptorSpec): readonly JsonObject[] {
  const overlays = ownValue(params, "overlays");
  return Array.isArray(overlays) ? (overlays as readonly JsonValue[]).filter(isJsonObject) : [];
}

/** Whether an entry names this built-in interceptor. */
export function isBuiltIn({ ref, webhook }: InterceptorSpec, name: string): boolean {
  return webhook === undefined && ref?.name === name && ref.kind === "ClusterInterceptor";
}

function rootOf(text: string): Node | undefined {
  try {
    return parseExpression(text).root;
  } catch {
    return undefined;
  }
}

/** All nodes of a tree. */
export function* nodesOf(root: Node): Generator<Node> {
  yield root;
  for (const child of children(root)) yield* nodesOf(child);
}
