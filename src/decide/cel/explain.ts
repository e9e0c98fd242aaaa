/** Explanations: the values of an expression's parts, for people who ask why it came out as it did. */

import { unparse } from "@bufbuild/cel";
import { SluiceError } from "../../core/errors.ts";
import { type HeaderMap, headersToJson, maskHeaders } from "../../core/headers.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { EventActivation } from "./activation.ts";
import type { Node } from "./ast.ts";
import { children } from "./ast.ts";
import type { CelProgram, SecretView } from "./program.ts";
import { SecretsNeeded } from "./program.ts";
import { toJson } from "./to-json.ts";
import type { Kind, Value } from "./values.ts";
import { CelFailure, isList, isMap, isTypeValue, kindOf } from "./values.ts";
import { createWork } from "./work.ts";

/** Parts shown, and characters of each value. */
const MAX_PARTS = 40;
const MAX_TEXT = 200;

/**
 * Evaluates an expression part by part. Costs many times an evaluation: for `sluice try` and the trace, not for every
 * event.
 *
 * @param secrets as for evaluating; a compareSecret whose Secret has not been read is shown as an error.
 * @returns `expression`, its `value` or `error`, and `parts`: of each selection, call and operator that stands outside
 *   macros its text (`part`), and `value` (as JSON, shortened) or `error`, and perhaps a `hint`. Sensitive headers are masked, and what is
 *   compared with a Secret is not shown at all.
 */
export function explain(program: CelProgram, activation: EventActivation, secrets: SecretView): JsonObject {
  const masked = { ...activation, header: headersToJson(maskHeaders(activation.header as HeaderMap)) };
  const show = (evaluate: (activation: EventActivation) => Value): JsonObject =>
    shown(() => {
      const value = evaluate(activation);
      // Comparisons are true or false of the real header; whatever could hold its text is made of the masked one.
      return typeof value === "boolean" ? value : evaluate(masked);
    });
  const kindFor = (node: Node): Kind | undefined => {
    try {
      return kindOf(node.kind === "const" ? node.value : program.part(node)(masked, secrets));
    } catch {
      return undefined;
    }
  };
  const parts = new Map<string, JsonObject>();
  for (const node of interesting(program.tree.root).slice(0, MAX_PARTS)) {
    const evaluate = program.part(node);
    parts.set(
      textOf(program, node),
      hinted(
        program,
        node,
        show((event) => evaluate(event, secrets)),
        kindFor,
      ),
    );
  }
  return {
    expression: program.expression,
    ...hinted(
      program,
      program.tree.root,
      show((event) => program.evaluate(event, secrets)),
      kindFor,
    ),
    parts: Array.from(parts, ([part, result]) => ({ part, ...result })),
  };
}

/** Parts whose values say something: ends of selections, calls, operators; nothing that needs a macro's variable. */
function interesting(root: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node, parent: Node | undefined): void => {
    const isSecretTarget =
      parent?.kind === "call" && parent.name === "compareSecret" && parent.target === node;
    if (isSecretTarget) return;
    for (const child of node.kind === "macro" ? [node.range] : children(node)) visit(child, node);
    const isLeaf = node.kind === "ident" || isConstant(node);
    // Of body.a.b only the whole is shown; a list that only parse.ts made of arguments is nobody's text.
    const isInner =
      parent !== undefined && isAccess(parent) && children(parent)[0] === node && isAccess(node);
    if (parent !== undefined && !isLeaf && !isInner && node.origin !== parent.origin) found.push(node);
  };
  visit(root, undefined);
  return found;
}

/** What is right as CEL has it, and hardly what was meant: `body.number == '5'`, `string(body.id)` of 12345678901. */
function hinted(
  program: CelProgram,
  node: Node,
  result: JsonObject,
  kindFor: (node: Node) => Kind | undefined,
): JsonObject {
  const { value } = result;
  if (node.kind === "call" && (node.name === "_==_" || node.name === "_!=_")) {
    const [left, right] = node.args as [Node, Node];
    const hint = unequal([textOf(program, left), kindFor(left)], [textOf(program, right), kindFor(right)]);
    return hint === undefined ? result : { ...result, hint };
  }
  if (node.kind !== "call" || node.name !== "string" || typeof value !== "string") return result;
  const [number] = node.args;
  if (number === undefined || !/^-?\d(\.\d+)?e\+\d+$/.test(value)) return result;
  return { ...result, hint: `string(int(${textOf(program, number)})) has all its digits` };
}

const CALLED: Partial<Record<Kind, string>> = {
  ...{ string: "a text", bool: "true or false", list: "a list", map: "an object" },
  ...{ double: "a number", int: "a number", uint: "a number" },
};

type Side = readonly [text: string, kind: Kind | undefined];

/** Two values of kinds that are never equal, whatever they hold; null is compared with anything. */
function unequal([one, a]: Side, [other, b]: Side): string | undefined {
  const [left, right] = [a && CALLED[a], b && CALLED[b]];
  if (left === undefined || right === undefined || left === right) return undefined;
  return `${one} is ${left} and ${other} ${right}: these are never equal`;
}

function isAccess(node: Node): boolean {
  return node.kind === "select" || (node.kind === "call" && node.name === "_[_]");
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
    if (error instanceof SluiceError) return { error: error.message };
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
    if (error instanceof CelFailure || error instanceof SluiceError) return `(${kindOf(value)})`;
    throw error;
  }
}
