/** Programs: an expression compiled once, evaluated for every event. */

import { reasonOf } from "../../core/errors.ts";
import type { Secrets } from "../../core/secrets.ts";
import type { Activation } from "./activation.ts";
import type { Node } from "./ast.ts";
import { children, pathOf } from "./ast.ts";
import type { Checked, Environment } from "./check.ts";
import { check } from "./check.ts";
import { compile } from "./compile.ts";
import { cureOfPattern } from "./cure-pattern.ts";
import type { Evaluate, Frame } from "./frame.ts";
import type { Overload } from "./functions.ts";
import { ENVIRONMENT } from "./library.ts";
import type { Tree } from "./parse.ts";
import { parseExpression } from "./parse.ts";
import { compilePattern } from "./regex.ts";
import { CelSyntaxError, place } from "./source.ts";
import type { Type } from "./types.ts";
import { CelFailure, type Value } from "./values.ts";
import { createWork, type Pattern, type Work } from "./work.ts";

export interface CelProgram {
  readonly expression: string;
  /** What the checker knows of the result. */
  readonly type: Type;
  readonly tree: Tree;
  /**
   * @param secrets what compareSecret may look at, in the trigger's namespace.
   * @throws CelFailure when there is no value; SecretsNeeded when a Secret has to be read first.
   */
  evaluate(activation: Activation, secrets: SecretView, work?: Work): Value;
  /** The same program where these calls of the tree give true, whatever their operands are. */
  assuming(calls: readonly Node[]): CelProgram["evaluate"];
  /** Compiles a part of the tree that stands outside all macros, to see its value. */
  part(node: Node): (activation: Activation, secrets: SecretView) => Value;
}

/** Secrets of one namespace. */
export interface SecretView {
  readonly namespace: string;
  readonly secrets: Secrets;
}

/** Thrown through an evaluation that met a Secret which nobody has read yet: read it, then evaluate again. */
export class SecretsNeeded {
  readonly secret: string;

  constructor(secret: string) {
    this.secret = secret;
  }
}

/**
 * Compiles an expression.
 *
 * @param environment what it may name; Tekton's by default.
 * @throws CelSyntaxError when it does not parse, does not check, or holds a pattern that RE2 refuses.
 */
export function compileCel(expression: string, environment: Environment = ENVIRONMENT): CelProgram {
  try {
    const tree = parseExpression(expression);
    const checked = withPatterns(tree.root, check(tree.root, expression, environment), expression);
    const names = [...environment.variables.keys()];
    const slots = new Map(names.map((name, slot) => [name, slot]));
    const evaluate = compile(tree.root, checked, slots);
    return {
      expression,
      type: checked.type,
      tree,
      evaluate: (activation, secrets, work = createWork()) => run(evaluate, names, activation, secrets, work),
      assuming(calls) {
        const overloads = new Map(checked.overloads);
        for (const call of calls) {
          const known = overloads.get(call) ?? [];
          overloads.set(
            call,
            known.map((one) => ({ ...one, run: () => true })),
          );
        }
        const assumed = compile(tree.root, { ...checked, overloads }, slots);
        return (activation, secrets, work = createWork()) => run(assumed, names, activation, secrets, work);
      },
      part(node) {
        const part = compile(node, checked, slots);
        return (activation, secrets) => run(part, names, activation, secrets, createWork());
      },
    };
  } catch (error) {
    throw error instanceof RangeError ? new CelSyntaxError("1:1: nested too deep") : error;
  }
}

function run(
  evaluate: Evaluate,
  names: readonly string[],
  activation: Activation,
  view: SecretView,
  work: Work,
): Value {
  const frame: Frame = {
    work,
    secrets: {
      get(name) {
        const data = view.secrets.peek(view.namespace, name);
        if (data === undefined) throw new SecretsNeeded(name);
        return data;
      },
    },
    slots: names.map((name) => activation[name] as Value),
  };
  try {
    return evaluate(frame);
  } catch (error) {
    // The engine's own limits: the stack, the longest string, the longest array.
    if (error instanceof RangeError) throw new CelFailure(reasonOf(error), true);
    throw error;
  }
}

/**
 * Compiles the patterns that stand in an expression, which also finds those that RE2 refuses before any event does.
 *
 * @returns what was checked, where each call with such a pattern has overloads that hold it.
 */
function withPatterns(root: Node, checked: Checked, expression: string): Checked {
  const overloads = new Map(checked.overloads);
  const visit = (node: Node): void => {
    if (node.kind === "call" && (node.name === "matches" || node.name === "translate")) {
      const pattern = node.args[node.name === "matches" && node.target === undefined ? 1 : 0];
      if (pattern?.kind === "const" && typeof pattern.value === "string") {
        const matched = node.name === "matches" ? (node.target ?? node.args[0]) : undefined;
        const text = node.name === "matches" ? ((matched && pathOf(matched)) ?? "x") : undefined;
        const built = operatorsPattern(pattern.value, place(expression, pattern.at), text);
        const known = overloads.get(node) ?? [];
        overloads.set(node, known.map(node.name === "matches" ? matching(built) : translating(built)));
      }
    }
    children(node).forEach(visit);
  };
  visit(root);
  return { ...checked, overloads };
}

function operatorsPattern(source: string, where: string, text: string | undefined): Pattern {
  try {
    return compilePattern(source);
  } catch (error) {
    if (!(error instanceof CelFailure)) throw error;
    throw new CelSyntaxError(`${where}: ${error.reason}`, cureOfPattern(source, text));
  }
}

const matching =
  (pattern: Pattern) =>
  (candidate: Overload): Overload => ({
    ...candidate,
    run: ({ work }, text: string) => pattern.test(work, text),
  });

const translating =
  (pattern: Pattern) =>
  (candidate: Overload): Overload => ({
    ...candidate,
    run: ({ work }, text: string, _source: string, by: string) => pattern.replaceAll(work, text, by),
  });
