/** What helps against a failed evaluation, by its cause. Made of the expression and of kinds alone: it quotes no event. */

import { unparse } from "@bufbuild/cel";
import { canonicalName } from "../../core/headers.ts";
import type { Call, Node, Select } from "./ast.ts";
import { pathOf } from "./ast.ts";
import { ofElement, ofField, ofMacro, ofNamed, ofValues, type Print } from "./cure-calls.ts";
import type { Tree } from "./parse.ts";
import type { CelFailure, Kind } from "./values.ts";

/** Characters of an expression's part that are repeated. */
const LONGEST = 120;

/** The cure of a failure; undefined where nothing is known. */
export function cureOf({ place }: CelFailure, { parsed }: Pick<Tree, "parsed">): string | undefined {
  if (place === undefined) return undefined;
  const node = place.node as Node;
  const { kinds } = place;
  const print = (part: Node | undefined): string => {
    const text = part === undefined ? "x" : (pathOf(part) ?? unparse({ ...parsed, expr: part.origin }));
    return text.length > LONGEST ? "x" : text;
  };
  if (place.wantsBool) return `It wants true or false: ${print(node)} == …`;
  if (node.kind === "select") return kinds === undefined ? ofKey(node) : ofField(node, kinds[0], print);
  if (node.kind === "macro") return ofMacro(node, kinds?.[0], print);
  if (node.kind !== "call") return undefined;
  if (node.name === "_[_]")
    return kinds === undefined ? ofIndex(node, print) : ofElement(node, kinds[0], print);
  return kinds === undefined ? ofValues(node, print) : ofOperands(node, kinds, print);
}

function ofKey(node: Select): string | undefined {
  const path = pathOf(node);
  if (pathOf(node.operand) === "header") return ofHeader(node.field);
  if (node.field === "length") return `The length is size(${pathOf(node.operand) ?? "x"}).`;
  return path && `has(${path}) asks whether it is there.`;
}

function ofIndex(node: Call, print: Print): string | undefined {
  const [container, key] = node.args;
  if (key?.kind !== "const" || typeof key.value !== "string") return undefined;
  if (container?.kind === "ident" && container.name === "header") return ofHeader(key.value);
  return `${print(key)} in ${print(container)} asks whether it is there.`;
}

function ofHeader(name: string): string {
  const canonical = canonicalName(name);
  const asks = `header.canonical('${name}') finds it in any spelling, and is '' without it`;
  return canonical === name ? `${asks}.` : `Go spells it '${canonical}'; ${asks}.`;
}

const ARITHMETIC: ReadonlyMap<string, string> = new Map([
  ["_+_", "+"],
  ["_-_", "-"],
  ["_*_", "*"],
  ["_/_", "/"],
  ["_%_", "%"],
]);

function ofOperands(node: Call, kinds: readonly Kind[], print: Print): string | undefined {
  const operands = node.target === undefined ? node.args : [node.target, ...node.args];
  const [first, second] = operands;
  const sign = ARITHMETIC.get(node.name);
  const nothing = kinds.indexOf("null_type");
  if (nothing !== -1) return `${print(operands[nothing])} is null: ${print(operands[nothing])} != null && …`;
  const named = ofNamed(node.name, operands, kinds, print);
  if (named !== undefined) return named;
  if (sign !== undefined) return ofArithmetic(sign, [first, second], kinds, print);
  if (node.name === "!_") return `! wants true or false: compare the value, ${print(first)} == …`;
  if (node.target === undefined) return undefined;
  if (kinds[0] === "list") return ofList(node, print);
  if (kinds[0] === "map")
    return `It is an object: take one of its fields, or its JSON text, ${print(first)}.marshalJSON().`;
  if (kinds[0] === "double")
    return `Numbers of JSON are doubles: string(int(${print(first)})).${node.name}(…)`;
  const index = kinds.indexOf("double", 1);
  return index === -1 ? undefined : `Numbers of JSON are doubles: int(${print(operands[index])}).`;
}

function ofArithmetic(
  sign: string,
  [left, right]: readonly [Node | undefined, Node | undefined],
  [a, b]: readonly (Kind | undefined)[],
  print: Print,
): string | undefined {
  const doubles = "Numbers of JSON are doubles";
  const whole = (part: Node | undefined, kind: Kind | undefined): string =>
    kind === "double" ? `int(${print(part)})` : print(part);
  const fraction = (part: Node | undefined, kind: Kind | undefined): string => {
    if (kind === "double") return print(part);
    return part?.kind === "const" ? `${print(part)}.0` : `double(${print(part)})`;
  };
  const text = (part: Node | undefined, kind: Kind | undefined): string => {
    if (kind === "string") return print(part);
    if (kind === "list") return `${print(part)}[0]`;
    if (kind === "map") return `${print(part)}.marshalJSON()`;
    return kind === "double" ? `string(int(${print(part)}))` : `string(${print(part)})`;
  };
  if (NUMBERS.has(a) && NUMBERS.has(b)) {
    const asInts = `${whole(left, a)} ${sign} ${whole(right, b)}`;
    if (sign === "%") return `${doubles}, and % wants whole numbers: ${asInts}.`;
    return `${doubles}: ${fraction(left, a)} ${sign} ${fraction(right, b)}, or ${asInts}.`;
  }
  if (sign !== "+" || (a !== "string" && b !== "string")) return undefined;
  const listed = a === "list" ? left : b === "list" ? right : undefined;
  const header = headerName(listed);
  if (header !== undefined)
    return `A header is a list of values: header.canonical('${header}') is the first, a text.`;
  const joined = `${text(left, a)} + ${text(right, b)}`;
  const numeral =
    a === "string" && NUMBERS.has(b) ? left : b === "string" && NUMBERS.has(a) ? right : undefined;
  const counted =
    numeral?.kind === "const" || numeral === undefined
      ? ""
      : ` A text that holds a number is int(${print(numeral)}).`;
  return listed === undefined
    ? `Only texts can be added to a text: ${joined}.${counted}`
    : `It is a list: take one element, ${joined}, or join(',') it.`;
}

const NUMBERS: ReadonlySet<Kind | undefined> = new Set<Kind>(["double", "int", "uint"]);

function ofList({ name, target, args }: Call, print: Print): string {
  const header = headerName(target);
  const call = `${name}(${args.map(print).join(", ")})`;
  if (header !== undefined)
    return `A header is a list of values: header.canonical('${header}').${call} asks the first.`;
  if (name === "contains") return `It is a list: ${print(args[0])} in ${print(target)}.`;
  return `It is a list: ${print(target)}[0].${call}, or ${print(target)}.exists(one, one.${call}).`;
}

/** The name in `header['X']` and `header.X`. */
function headerName(node: Node | undefined): string | undefined {
  if (node?.kind === "select" && pathOf(node.operand) === "header") return node.field;
  if (node?.kind !== "call" || node.name !== "_[_]") return undefined;
  const [container, key] = node.args;
  if (container?.kind !== "ident" || container.name !== "header") return undefined;
  return key?.kind === "const" && typeof key.value === "string" ? key.value : undefined;
}
