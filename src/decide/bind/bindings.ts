/** Compiles the bindings of one trigger: an event goes in, the params of its template come out. */

import { type Cost, createCost } from "../../core/cost-budget.ts";
import type { Event } from "../../core/delivery.ts";
import { fault, reasonOf, SluiceError } from "../../core/errors.ts";
import type { BindPlan, Params } from "../../core/plan.ts";
import type { TemplateParam } from "../../core/tekton.ts";
import { cutValue } from "./expressions.ts";
import type { Path } from "./path.ts";
import { compilePath, ROOTS, unknownRoot } from "./path.ts";
import { SEARCHED_PER_STEP } from "./print.ts";
import { cureOfRoot, cureOfSyntax, misspelling } from "./spelling.ts";
import { MAX_PARAM_LENGTH } from "./steps.ts";
import type { EventView } from "./view.ts";
import { viewOf } from "./view.ts";

/** One param of a binding. */
export interface BoundParam {
  readonly name: string;
  /** Text with `$(…)` in it. */
  readonly value: string;
  /** Where it was declared, for people: `TriggerBinding github-pr-binding`. */
  readonly from: string;
}

/** What `sluice check` can say of a param before any event arrives. */
export interface BindingFault {
  readonly param: string;
  readonly from: string;
  /** Its position among the params that were checked, from 0. */
  readonly index: number;
  readonly error: SluiceError;
  /** A warning where the template's default covers the fault: the param then always has its default. */
  readonly severity: "error" | "warning";
}

type Expression = { readonly text: string } & ({ readonly path: Path } | { readonly error: SluiceError });

interface CompiledParam {
  readonly name: string;
  readonly value: string;
  readonly literals: readonly string[];
  readonly expressions: readonly Expression[];
  /** The template's default: stands for each expression that fails. */
  readonly fallback: string | undefined;
  /** A dollar sign stands outside of the expressions: replaced text may then spell new ones. */
  readonly risky: boolean;
}

/**
 * Compiles bindings (tektoncd/triggers pkg/template/event.go). Values of the event come out JSON-escaped, without
 * quotes around strings; static text and defaults come out as they were written. A path that can not be parsed fails
 * when it is needed, as a missing key does, so that a default covers it.
 *
 * @param params all params of the trigger's bindings, in order.
 * @param declared the template's params. Params that are not declared are bound all the same; declared ones with a
 *   default are always there.
 * @returns the plan; it throws SLUICE_PATH_MISSING, SLUICE_PATH_SYNTAX or SLUICE_BODY_NOT_JSON.
 * @throws SluiceError SLUICE_PARAM_DUPLICATE when two params have one name.
 */
export function compileBindings(params: readonly BoundParam[], declared: readonly TemplateParam[]): BindPlan {
  const [duplicate] = duplicates(params);
  if (duplicate !== undefined) throw duplicate.error;
  const defaults = defaultsOf(declared);
  const compiled = params.map((param) => compileParam(param, defaults.get(param.name)));
  const bind = (event: Event, cost: Cost = createCost()): Params => {
    const view = viewOf(event);
    const values = new Map(defaults);
    for (const param of compiled) values.set(param.name, resolve(param, view, cost));
    return values;
  };
  const sensitive = new Set(compiled.filter(isSensitiveParam).map(({ name }) => name));
  const headers = new Map(
    compiled.map((param) => [param.name, headersOf(param)] as const).filter(([, read]) => read.length > 0),
  );
  return Object.assign(bind, {
    ...(sensitive.size > 0 && { sensitive }),
    ...(headers.size > 0 && { headers }),
  });
}

function headersOf({ expressions }: CompiledParam): readonly string[] {
  return expressions.flatMap((expression) => ("path" in expression && expression.path.header) || []);
}

function isSensitiveParam({ expressions }: CompiledParam): boolean {
  return expressions.some((expression) => "path" in expression && expression.path.sensitive);
}

/**
 * Everything about bindings that can be known to be wrong without an event: duplicates, paths that can not be parsed,
 * paths that start from nothing an event has.
 */
export function checkBindings(
  params: readonly BoundParam[],
  declared: readonly TemplateParam[],
): readonly BindingFault[] {
  const defaults = defaultsOf(declared);
  const faults: BindingFault[] = duplicates(params);
  for (const [index, { name, value, from }] of params.entries()) {
    const severity = defaults.has(name) ? "warning" : "error";
    for (const expression of compileParam({ name, value, from }, undefined).expressions) {
      const error = "error" in expression ? expression.error : wrongRoot(expression);
      if (error !== undefined) faults.push({ param: name, from, index, error, severity });
      const doubt = error === undefined ? doubtful(expression) : undefined;
      if (doubt !== undefined) faults.push({ param: name, from, index, error: doubt, severity: "warning" });
    }
  }
  return faults;
}

function wrongRoot({ text, path }: Expression & { path: Path }): SluiceError | undefined {
  if (path.root === undefined || ROOTS.has(path.root)) return undefined;
  const cure = cureOfRoot(path.root, text, ROOTS);
  return fault("SLUICE_PATH_SYNTAX", { path: text, reason: unknownRoot(path.root), ...(cure && { cure }) });
}

/** A path that is read otherwise than it looks; it may be meant so. */
function doubtful({ text }: Expression): SluiceError | undefined {
  const found = misspelling(text);
  return found && fault("SLUICE_PATH_DOUBTFUL", { path: text, ...found });
}

function duplicates(params: readonly BoundParam[]): BindingFault[] {
  const seen = new Set<string>();
  const faults: BindingFault[] = [];
  for (const [index, { name, from }] of params.entries()) {
    if (seen.has(name)) {
      const error = fault("SLUICE_PARAM_DUPLICATE", { param: name });
      faults.push({ param: name, from, index, error, severity: "error" });
    }
    seen.add(name);
  }
  return faults;
}

function defaultsOf(declared: readonly TemplateParam[]): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>();
  for (const param of declared) {
    if (param.default !== undefined) defaults.set(param.name, param.default);
  }
  return defaults;
}

function compileParam({ name, value }: BoundParam, fallback: string | undefined): CompiledParam {
  const { literals, paths } = cutValue(value);
  const expressions = paths.map(compileExpression);
  return { name, value, literals, expressions, fallback, risky: literals.some(hasDollar) };
}

function compileExpression(text: string): Expression {
  try {
    return { text, path: compilePath(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const cure = cureOfSyntax(text);
    const values = { path: text, reason: reasonOf(error), ...(cure && { cure }) };
    return { text, error: fault("SLUICE_PATH_SYNTAX", values, { cause: error }) };
  }
}

function resolve(param: CompiledParam, view: EventView, cost: Cost): string {
  const { expressions, literals } = param;
  const values = expressions.map((expression) => read(expression, param, view, cost));
  cost.charge(1 + expressions.length);
  // Where no other dollar sign stands, joining gives what the reference's search and replace gives.
  if (values.length <= 1 || !(param.risky || values.some(hasDollar))) {
    let text = literals[0] as string;
    for (let i = 0; i < values.length; i++) text += (values[i] as string) + (literals[i + 1] as string);
    if (text.length > MAX_PARAM_LENGTH) throw tooLong(param);
    return text;
  }
  return replaceInTurn(param, values, cost);
}

const hasDollar = (text: string): boolean => text.includes("$");

function read(expression: Expression, param: CompiledParam, view: EventView, cost: Cost): string {
  const result = "path" in expression ? expression.path.read(view, cost) : expression.error;
  if (typeof result === "string") return result;
  if (param.fallback !== undefined) return param.fallback;
  if (result instanceof SluiceError) throw result;
  const cure = "path" in expression ? expression.path.hint?.(view) : undefined;
  throw fault("SLUICE_PATH_MISSING", { param: param.name, reason: result.reason, ...(cure && { cure }) });
}

/**
 * The reference replaces one expression after the other in the growing text: a value that spells a later expression of
 * the same param is replaced, too. It learns nothing that the param does not hold anyway, so this is kept, with a limit.
 */
function replaceInTurn(param: CompiledParam, values: readonly string[], cost: Cost): string {
  let text = param.value;
  for (let i = 0; i < values.length; i++) {
    const original = `$(${param.expressions[i]?.text})`;
    const value = values[i] as string;
    cost.charge(1 + text.length / SEARCHED_PER_STEP);
    const pieces = text.split(original);
    cost.charge(pieces.length * (2 + value.length / SEARCHED_PER_STEP));
    const length = text.length + (pieces.length - 1) * (value.length - original.length);
    if (length > MAX_PARAM_LENGTH) throw tooLong(param);
    text = pieces.join(value);
  }
  return text;
}

function tooLong({ name }: CompiledParam): SluiceError {
  return fault("SLUICE_PATH_MISSING", {
    param: name,
    reason: `it would grow beyond ${MAX_PARAM_LENGTH} characters`,
  });
}
