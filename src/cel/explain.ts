/** Explanations: the values of an expression's parts, for people who ask why it came out as it did. */

import { unparse } from "@bufbuild/cel";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { setOwn } from "../core/json.ts";
import type { Activation } from "./activation.ts";
import type { Node } from "./ast.ts";
import { children } from "./ast.ts";
import type { CelProgram, SecretView } from "./program.ts";
import { SecretsNeeded } from "./program.ts";
import { toJson } from "./to-json.ts";
import type { Value } from "./values.ts";
import { CelFailure, isList, isMap, isTypeValue, kindOf } from "./values.ts";
import { createWork } from "./work.ts";

/** Parts shown, and characters of each value. */
const MAX_PARTS = 40;
const MAX_TEXT = 200;

/**
 * Evaluates an expression part by part. Costs many times an evaluation: for `sluice try` and the trace, not for every
 * event.
 *
 * @param secrets as for evaluating; a compareSecret whose Secret is not known yet is shown as a failure.
 * @returns `expression`, `value` or `error`, and `parts`: the text of each selection, call and operator that stands
 *   outside macros, with its value as JSON (shortened) or what went wrong. Secrets are never shown: compareSecret's
 *   arguments are names.
 */
export function explain(program: CelProgram, activation: Activation, secrets: SecretView): JsonObject {
  const parts: Record<string, JsonValue> = {};
  for (const node of interesting(program.tree.root).slice(0, MAX_PARTS)) {
    const text = textOf(program, node);
    if (!Object.hasOwn(parts, text))
      setOwn(
        parts,
        text,
        shown(() => program.part(node)(activation, secrets)),
      );
  }
  const result = shown(() => program.evaluate(activation, secrets));
  const failed = typeof result === "object" && result !== null && "error" in result;
  return failed
    ? { expression: program.expression, error: (result as JsonObject)["error"] as string, parts }
    : { expression: program.expression, value: (result as JsonObject)["value"] as JsonValue, parts };
}

/** Parts whose values say something: not constants, not the whole, nothing that needs a macro's variable. */
function interesting(root: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    const inside = node.kind === "macro" ? [node.range] : children(node);
    for (const child of inside) visit(child);
    const isLeafName = node.kind === "ident" || node.kind === "const";
    const isLiteral = (node.kind === "list" || node.kind === "map") && isConstant(node);
    if (node !== root && !isLeafName && !isLiteral) found.push(node);
  };
  visit(root);
  // `body.a` inside `body.a.b` says nothing that the longer one does not, unless only the shorter one exists.
  return found;
}

function isConstant(node: Node): boolean {
  return (
    node.kind === "const" ||
    ((node.kind === "list" || node.kind === "map") && children(node).every(isConstant))
  );
}

function textOf(program: CelProgram, node: Node): string {
  const text = unparse({ ...program.tree.parsed, expr: node.origin });
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function shown(evaluate: () => Value): JsonObject {
  try {
    return { value: shortened(evaluate()) };
  } catch (error) {
    if (error instanceof CelFailure) return { error: error.reason };
    if (error instanceof SecretsNeeded) return { error: `Secret ${error.secret} has not been read` };
    throw error;
  }
}

function shortened(value: Value): JsonValue {
  if (isTypeValue(value)) return value.name;
  if (typeof value === "string" && value.length > MAX_TEXT) return `${value.slice(0, MAX_TEXT)}…`;
  if (isList(value) || isMap(value)) {
    const text = JSON.stringify(jsonOrKind(value));
    return text.length <= MAX_TEXT ? (JSON.parse(text) as JsonValue) : `${text.slice(0, MAX_TEXT)}…`;
  }
  return jsonOrKind(value);
}

function jsonOrKind(value: Value): JsonValue {
  try {
    return toJson(value, createWork());
  } catch (error) {
    if (error instanceof CelFailure) return `(${kindOf(value)})`;
    throw error;
  }
}
