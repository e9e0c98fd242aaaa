/** The tree of an expression: what the parser's protobuf messages say, in the shape that checker and compiler read. */

import type { parse } from "@bufbuild/cel";
import type { Value } from "./values.ts";

/** The parser's own node: kept to print sub-expressions. */
export type Origin = NonNullable<ReturnType<typeof parse>["expr"]>;

interface At {
  /** Offset in the expression's text; of an operator, where the operator stands. */
  readonly at: number;
  readonly origin: Origin;
}

export interface Const extends At {
  readonly kind: "const";
  readonly value: Value;
}

export interface Ident extends At {
  readonly kind: "ident";
  readonly name: string;
}

export interface Select extends At {
  readonly kind: "select";
  readonly operand: Node;
  readonly field: string;
  /** True inside has(…). */
  readonly test: boolean;
}

/** Operators are calls too, under cel-go's names: `_==_`, `@in`, `_[_]`, … */
export interface Call extends At {
  readonly kind: "call";
  readonly name: string;
  readonly target: Node | undefined;
  readonly args: readonly Node[];
}

export interface List extends At {
  readonly kind: "list";
  readonly items: readonly Node[];
}

export interface MapLiteral extends At {
  readonly kind: "map";
  readonly entries: readonly (readonly [Node, Node])[];
}

export type MacroName = "all" | "exists" | "exists_one" | "filter" | "map" | "sortBy";

/** `range.macro(variable, body)`; `map` may have a condition in front of its body. */
export interface Macro extends At {
  readonly kind: "macro";
  readonly macro: MacroName;
  readonly range: Node;
  readonly variable: string;
  readonly where: Node | undefined;
  readonly body: Node;
}

export type Node = Const | Ident | Select | Call | List | MapLiteral | Macro;

/** The nodes below one, in the order they are evaluated. */
export function children(node: Node): readonly Node[] {
  switch (node.kind) {
    case "const":
    case "ident":
      return [];
    case "select":
      return [node.operand];
    case "call":
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case "list":
      return node.items;
    case "map":
      return node.entries.flat();
    case "macro":
      return node.where === undefined ? [node.range, node.body] : [node.range, node.where, node.body];
  }
}

/** `a.b.c` of nested selections from a name; undefined for other nodes, and for more than `limit` selections. */
export function pathOf(node: Node, limit = 20): string | undefined {
  if (node.kind === "ident") return node.name;
  if (node.kind !== "select" || node.test || limit === 0) return undefined;
  const operand = pathOf(node.operand, limit - 1);
  return operand === undefined ? undefined : `${operand}.${node.field}`;
}
