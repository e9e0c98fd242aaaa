/** From text to tree: the grammar is @bufbuild/cel's, what cel-go refuses beyond it is refused here. */

import { parse as parseCel } from "@bufbuild/cel";
import { reasonOf } from "../../core/errors.ts";
import type { MacroName, Node, Origin } from "./ast.ts";
import { cureOfSyntax } from "./cure-syntax.ts";
import type { Source } from "./source.ts";
import { CelSyntaxError, readSource, syntaxError } from "./source.ts";
import { findSyntaxFault } from "./syntax-place.ts";
import type { Value } from "./values.ts";
import { CelFailure, int, uint } from "./values.ts";

type Parsed = ReturnType<typeof parseCel>;
type CallOrigin = Extract<Origin["exprKind"], { case: "callExpr" }>["value"];
type FoldOrigin = Extract<Origin["exprKind"], { case: "comprehensionExpr" }>["value"];
type ConstOrigin = Extract<Origin["exprKind"], { case: "constExpr" }>["value"];

/** An expression's tree, and the parser's own result to print parts of it. */
export interface Tree {
  readonly root: Node;
  readonly parsed: Parsed;
}

/** cel-go's own name for what a macro gathers. */
const ACCUMULATOR = "__result__";

const BEYOND_INT = 2n ** 63n;

const HAS_CURE = "Write has(body.key); for a key in quotes 'key' in body.";

const SPACES: ReadonlySet<string> = new Set(" \t\r\n\f");

/** @throws CelSyntaxError when the text is no expression. */
export function parseExpression(expression: string): Tree {
  const source = readSource(expression);
  let parsed: Parsed;
  try {
    parsed = parseCel(source.text);
  } catch (error) {
    const fault = findSyntaxFault(source.text);
    const cure = cureOfSyntax(expression);
    if (fault !== undefined) throw syntaxError(expression, fault.offset, fault.reason, cure);
    throw new CelSyntaxError(parserReason(error), cure);
  }
  if (parsed.expr === undefined) throw syntaxError(expression, 0, "empty expression");
  return { root: createReader(expression, source, parsed)(parsed.expr), parsed };
}

function createReader(expression: string, source: Source, parsed: Parsed): (expr: Origin) => Node {
  const positions = parsed.sourceInfo?.positions ?? {};
  const macroCalls = parsed.sourceInfo?.macroCalls ?? {};
  // The parser counts the space in front of an operator to it.
  const offsetOf = (id: bigint): number => {
    let offset = positions[String(id)] ?? 0;
    while (SPACES.has(source.text[offset] ?? "")) offset++;
    return offset;
  };

  const read = (origin: Origin): Node => {
    const at = offsetOf(origin.id);
    const { exprKind } = origin;
    switch (exprKind.case) {
      case "constExpr":
        return { kind: "const", at, origin, value: constant(exprKind.value, at) };
      case "identExpr":
        return { kind: "ident", at, origin, name: exprKind.value.name };
      case "listExpr":
        return { kind: "list", at, origin, items: exprKind.value.elements.map(read) };
      case "structExpr": {
        if (exprKind.value.messageName !== "") {
          throw syntaxError(expression, at, `undeclared reference to '${exprKind.value.messageName}'`);
        }
        const entries = exprKind.value.entries.map((entry): readonly [Node, Node] => {
          const key = entry.keyKind.case === "mapKey" ? entry.keyKind.value : undefined;
          return [read(given(key)), read(given(entry.value))];
        });
        return { kind: "map", at, origin, entries };
      }
      case "selectExpr": {
        const select = exprKind.value;
        // has() moves a selection to its own place; the call it was read from still knows where the dot stood.
        const dot = select.testOnly ? macroCalls[String(origin.id)] : undefined;
        const call = dot?.exprKind.case === "callExpr" ? dot.exprKind.value.args[0] : undefined;
        const quoted = source.quoted.get(call === undefined ? at : offsetOf(call.id));
        const field = quoted ?? select.field;
        // The parser's tree is ours alone; whoever prints from it shall see the name.
        if (quoted !== undefined) select.field = `\`${quoted}\``;
        return {
          kind: "select",
          at,
          origin,
          operand: read(given(select.operand)),
          field,
          test: select.testOnly,
        };
      }
      case "callExpr":
        return readCall(origin, exprKind.value, at);
      case "comprehensionExpr":
        return readMacro(origin, exprKind.value, at);
      default:
        throw syntaxError(expression, at, "not an expression");
    }
  };

  const readCall = (origin: Origin, call: CallOrigin, at: number): Node => {
    const name = call.function;
    if (name === "has" && call.target === undefined && call.args.length === 1) {
      throw syntaxError(
        expression,
        at,
        "invalid argument to has() macro: expected a field selection",
        HAS_CURE,
      );
    }
    const math = /^(greatest|least)$/.test(name) && isIdent(call.target, "math");
    if (math) {
      if (call.args.length === 0) throw syntaxError(expression, at, `math.${name}() requires arguments`);
      const [only] = call.args;
      if (call.args.length === 1 && only !== undefined && isEmptyList(only)) {
        throw syntaxError(expression, at, `math.${name}() invalid single argument value`);
      }
      const items = call.args.map(read);
      const list: Node = { kind: "list", at, origin, items };
      const arg = items.length === 1 ? (items[0] as Node) : list;
      return { kind: "call", at, origin, name: `math.@${name}`, target: undefined, args: [arg] };
    }
    const [variable, body] = call.args;
    if (name === "sortBy" && call.target !== undefined && call.args.length === 2) {
      if (variable?.exprKind.case !== "identExpr") {
        throw syntaxError(expression, at, "sortBy(): the first argument must be a simple name");
      }
      return {
        kind: "macro",
        macro: "sortBy",
        at,
        origin,
        range: read(call.target),
        variable: variable.exprKind.value.name,
        where: undefined,
        body: read(given(body)),
      };
    }
    const lowest = name === "-_" ? lowestInt(call.args[0], at) : undefined;
    if (lowest !== undefined) return { kind: "const", at, origin, value: lowest };
    const target = call.target === undefined ? undefined : read(call.target);
    return { kind: "call", at, origin, name, target, args: call.args.map(read) };
  };

  // The least int has no positive: with a space behind the minus the parser does not see that they belong together.
  const lowestInt = (arg: Origin | undefined, at: number): bigint | undefined => {
    const value = arg?.exprKind.case === "constExpr" ? arg.exprKind.value.constantKind.value : undefined;
    if (arg === undefined || value !== BEYOND_INT) return undefined;
    return source.text.slice(at + 1, offsetOf(arg.id)).trim() === "" ? -BEYOND_INT : undefined;
  };

  const readMacro = (origin: Origin, fold: FoldOrigin, at: number): Node => {
    const call = macroCalls[String(origin.id)]?.exprKind;
    const name = call?.case === "callExpr" ? call.value.function : "";
    // The parser knows a macro that cel-go has only with a library which Tekton does not load.
    if (name === "existsOne") throw syntaxError(expression, at, "undeclared reference to 'existsOne'");
    if (fold.iterVar === ACCUMULATOR) {
      throw syntaxError(expression, at, "iteration variable overwrites accumulator variable");
    }
    const [body, where] = macroParts(name as MacroName, given(fold.loopStep));
    return {
      kind: "macro",
      macro: name as MacroName,
      at,
      origin,
      range: read(given(fold.iterRange)),
      variable: fold.iterVar,
      where: where === undefined ? undefined : read(where),
      body: read(body),
    };
  };

  const constant = (value: ConstOrigin, at: number): Value => {
    const { constantKind } = value;
    try {
      switch (constantKind.case) {
        case "nullValue":
          return null;
        case "int64Value":
          return int(constantKind.value);
        case "uint64Value":
          return uint(constantKind.value);
        case "doubleValue":
          if (!Number.isFinite(constantKind.value)) throw new CelFailure("double out of range");
          return constantKind.value;
        case "boolValue":
        case "stringValue":
        case "bytesValue":
          return constantKind.value;
      }
    } catch (error) {
      if (error instanceof CelFailure) throw syntaxError(expression, at, error.reason);
      throw error;
    }
    throw syntaxError(expression, at, "not a constant");
  };

  return read;
}

/** What the user wrote inside a macro, dug out of the loop that the parser made of it. */
function macroParts(macro: MacroName, step: Origin): readonly [body: Origin, where?: Origin] {
  const [first, second] = argsOf(step);
  switch (macro) {
    case "all":
    case "exists":
      return [given(second)];
    case "filter":
    case "exists_one":
      return [given(first)];
    default: {
      const conditional = step.exprKind.case === "callExpr" && step.exprKind.value.function === "_?_:_";
      const [, list] = conditional ? argsOf(given(second)) : [first, second];
      const body = list?.exprKind.case === "listExpr" ? list.exprKind.value.elements[0] : undefined;
      return conditional ? [given(body), given(first)] : [given(body)];
    }
  }
}

function argsOf(expr: Origin): readonly Origin[] {
  return expr.exprKind.case === "callExpr" ? expr.exprKind.value.args : [];
}

function isIdent(expr: Origin | undefined, name: string): boolean {
  return expr?.exprKind.case === "identExpr" && expr.exprKind.value.name === name;
}

function isEmptyList(expr: Origin): boolean {
  return expr.exprKind.case === "listExpr" && expr.exprKind.value.elements.length === 0;
}

function given(expr: Origin | undefined): Origin {
  if (expr === undefined) throw new CelSyntaxError("incomplete expression");
  return expr;
}

function parserReason(error: unknown): string {
  if (error instanceof RangeError && error.message.includes("call stack")) return "nested too deep";
  return reasonOf(error).replace(/^<input>:/, "");
}
