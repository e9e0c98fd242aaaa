/** The type checker: finds before any event what cel-go's checker finds, and which overloads a call can mean. */

import type { Call, Ident, Macro, Node, Select } from "./ast.ts";
import { pathOf } from "./ast.ts";
import { cureOfCall, cureOfFunction, cureOfIdent } from "./cure-syntax.ts";
import { formatFault } from "./format-clauses.ts";
import type { Library, Overload } from "./functions.ts";
import { CelSyntaxError, place } from "./source.ts";
import type { Type } from "./types.ts";
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  INT,
  listOf,
  mapTypeOf,
  NAMED_TYPES,
  NULL,
  param,
  printType,
  STRING,
  sameType,
  typeOf,
  UINT,
} from "./types.ts";
import type { Bindings } from "./unify.ts";
import { assignable, joined, resolved, substituted } from "./unify.ts";
import type { Kind } from "./values.ts";
import { kindOf } from "./values.ts";

/** What an expression may name. */
export interface Environment {
  readonly variables: ReadonlyMap<string, Type>;
  readonly library: Library;
}

export interface Checked {
  readonly type: Type;
  /** For each call: the overloads that its arguments' types leave possible. */
  readonly overloads: ReadonlyMap<Node, readonly Overload[]>;
  /** Calls whose target is only the first half of a name, as in `math.ceil(x)`. */
  readonly qualified: ReadonlySet<Node>;
  /** Names that are types: `int`, `google.protobuf.Timestamp`. */
  readonly typeNames: ReadonlyMap<Node, string>;
}

/** @throws CelSyntaxError for what can never be evaluated: undeclared names, types that fit no overload. */
export function check(root: Node, expression: string, environment: Environment): Checked {
  const { library, variables } = environment;
  const overloads = new Map<Node, readonly Overload[]>();
  const qualified = new Set<Node>();
  const typeNames = new Map<Node, string>();
  const types = new Map<Node, Type>();
  const bindings: Bindings = new Map();
  let fresh = 0;
  // cel-go takes numbers of different types for comparable from the first macro that it meets to the end.
  let metMacro = false;

  const refuse = (at: number, reason: string, cure?: string): never => {
    throw new CelSyntaxError(`${place(expression, at)}: ${reason}`, cure);
  };

  const visit = (node: Node, scope: ReadonlyMap<string, Type>): Type => {
    const type = typeOfNode(node, scope);
    types.set(node, type);
    return type;
  };

  const typeOfNode = (node: Node, scope: ReadonlyMap<string, Type>): Type => {
    switch (node.kind) {
      case "const":
        return CONSTANTS[kindOf(node.value)] ?? DYN;
      case "ident":
        return (
          scope.get(node.name) ??
          variables.get(node.name) ??
          typeNamed(node, scope) ??
          refuse(
            node.at,
            `undeclared reference to '${node.name}'`,
            cureOfIdent(node.name, expression, node.at, [...scope.keys(), ...variables.keys()]),
          )
        );
      case "list":
        return listOf(elementType(node.items, scope));
      case "map": {
        const keys = elementType(
          node.entries.map((entry) => entry[0]),
          scope,
        );
        return mapTypeOf(
          keys,
          elementType(
            node.entries.map((entry) => entry[1]),
            scope,
          ),
        );
      }
      case "select":
        return selectType(node, scope);
      case "macro":
        return macroType(node, scope);
      case "call":
        return callType(node, scope);
    }
  };

  const typeNamed = (node: Ident | Select, scope: ReadonlyMap<string, Type>): Type | undefined => {
    const path = pathOf(node);
    const root = path?.split(".", 1)[0];
    if (path === undefined || root === undefined || scope.has(root) || variables.has(root)) return undefined;
    const type = FUNCTIONS_ONLY.has(path) ? undefined : NAMED_TYPES.get(path);
    if (type === undefined) return undefined;
    typeNames.set(node, path);
    return typeOf(type);
  };

  const elementType = (items: readonly Node[], scope: ReadonlyMap<string, Type>): Type => {
    const [first, ...rest] = items.map((item) => visit(item, scope));
    if (first === undefined) return param(`E${fresh++}`);
    return rest.reduce(
      (all, type) => joined(substituted(all, bindings), substituted(type, bindings), bindings),
      first,
    );
  };

  const selectType = (node: Select, scope: ReadonlyMap<string, Type>): Type => {
    const named = typeNamed(node, scope);
    if (named !== undefined) return named;
    const operand = substituted(visit(node.operand, scope), bindings);
    if (operand.kind === "map") return node.test ? BOOL : (operand.args[1] as Type);
    if (operand.kind === "dyn" || operand.kind === "param") return node.test ? BOOL : DYN;
    return refuse(node.at, `type '${printType(operand)}' does not support field selection`);
  };

  const macroType = (node: Macro, scope: ReadonlyMap<string, Type>): Type => {
    const range = substituted(visit(node.range, scope), bindings);
    const item = itemType(range);
    if (item === undefined) {
      return refuse(
        node.range.at,
        `expression of type '${printType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      );
    }
    metMacro = true;
    const inner = new Map(scope).set(node.variable, item);
    if (node.where !== undefined) expectBool(node.where, inner);
    switch (node.macro) {
      case "all":
      case "exists":
      case "exists_one":
        expectBool(node.body, inner);
        return BOOL;
      case "filter":
        expectBool(node.body, inner);
        return listOf(item);
      case "map":
        return listOf(visit(node.body, inner));
      case "sortBy": {
        const key = resolved(visit(node.body, inner), bindings);
        if (!SORTABLE.has(key.kind)) refuse(node.at, `'${printType(key)}' cannot be sorted by`);
        if (range.kind === "map") refuse(node.at, "found no matching overload for 'sortBy' applied to a map");
        return listOf(item);
      }
    }
  };

  const expectBool = (node: Node, scope: ReadonlyMap<string, Type>): void => {
    const type = visit(node, scope);
    if (!assignable(type, BOOL, bindings)) {
      refuse(node.at, `expected type 'bool' but found '${printType(resolved(type, bindings))}'`);
    }
  };

  const callType = (node: Call, scope: ReadonlyMap<string, Type>): Type => {
    if (node.name === "_&&_" || node.name === "_||_") {
      for (const arg of node.args) expectBool(arg, scope);
      return BOOL;
    }
    const prefix = node.target === undefined ? undefined : pathOf(node.target);
    const fullName = prefix === undefined ? undefined : `${prefix}.${node.name}`;
    const isQualified = fullName !== undefined && library.has(fullName);
    if (isQualified) qualified.add(node);
    const operands = node.target === undefined || isQualified ? node.args : [node.target, ...node.args];
    const given = operands.map((operand) => visit(operand, scope));
    const name = isQualified ? fullName : node.name;
    const known = library.get(name) ?? undeclared(node);
    const type = choose(node, name, known, given, node.target !== undefined && !isQualified);
    if (name === "format") checkFormat(node);
    return type;
  };

  const undeclared = ({ at, name, target, args }: Call): never => {
    const on = target ?? args[0];
    const cure = cureOfFunction(name, on && pathOf(on), library.keys());
    return refuse(at, `undeclared reference to '${name}'`, cure);
  };

  const checkFormat = ({ at, target, args: [list] }: Call): void => {
    if (target?.kind !== "const" || typeof target.value !== "string" || list?.kind !== "list") return;
    const given = list.items.map((item) => resolved(types.get(item) ?? DYN, bindings).kind);
    const reason = formatFault(target.value, given);
    if (reason !== undefined) refuse(at, reason);
  };

  const choose = (
    node: Call,
    name: string,
    known: readonly Overload[],
    given: readonly Type[],
    method: boolean,
  ): Type => {
    const callable = known.filter(
      (candidate) => candidate.method === method && candidate.params.length === given.length,
    );
    const isUnknown = given.some((type) => substituted(type, bindings).kind === "param");
    const fitting: Overload[] = [];
    let result: Type | undefined;
    for (const candidate of callable) {
      if (candidate.behindMacros && !metMacro) continue;
      const call = `#${fresh++}`;
      const params = candidate.params.map((type) => renamed(type, call));
      const before = new Map(bindings);
      if (given.every((type, i) => assignable(type, params[i] as Type, bindings))) {
        fitting.push(candidate);
        const type = substituted(renamed(candidate.result, call), bindings);
        result = result === undefined || sameType(result, type) ? type : DYN;
      } else {
        bindings.clear();
        for (const [key, type] of before) bindings.set(key, type);
      }
    }
    overloads.set(node, isUnknown && callable.every(({ byValue }) => byValue) ? callable : fitting);
    if (result !== undefined) return result;
    const printed = given.map((type) => printType(resolved(type, bindings)));
    const target = method ? `${printed.shift()}.` : "";
    return refuse(
      node.at,
      `found no matching overload for '${name}' applied to '${target}(${printed.join(", ")})'`,
      cureOfCall(name, known),
    );
  };

  const type = visit(root, new Map());
  return { type: resolved(type, bindings), overloads, qualified, typeNames };
}

const CONSTANTS: Partial<Record<Kind, Type>> = {
  null_type: NULL,
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
};

/** Names of types that are no values: dyn is none, and those of timestamps and durations are protobuf's. */
const FUNCTIONS_ONLY: ReadonlySet<string> = new Set(["dyn", "timestamp", "duration"]);

/** What `sort` and `sortBy` can order; dyn is found out at run time. */
const SORTABLE: ReadonlySet<Type["kind"]> = new Set([
  "dyn",
  "int",
  "uint",
  "double",
  "bool",
  "duration",
  "timestamp",
  "string",
  "bytes",
  // It may stand for a timestamp; where something is to be sorted, that is found out.
  "null",
]);

function itemType(range: Type): Type | undefined {
  if (range.kind === "list" || range.kind === "map") return range.args[0];
  return range.kind === "dyn" || range.kind === "param" ? DYN : undefined;
}

/** Gives one call's type parameters names of their own. */
function renamed(type: Type, suffix: string): Type {
  if (type.kind === "param") return param(`${type.name}${suffix}`);
  return type.args.length === 0 ? type : { ...type, args: type.args.map((arg) => renamed(arg, suffix)) };
}
