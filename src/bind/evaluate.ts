/** Evaluates paths with the semantics of Kubernetes' JSONPath: nodes become closures, once. */

import type { JsonValue } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import { compare } from "./compare.ts";
import type { Budget, Item, Step } from "./steps.ts";
import { PathStop, spend } from "./steps.ts";
import type { PathNode } from "./syntax.ts";

/** One step made of a list of nodes: each takes what the one before it gave. */
export function compileSteps(nodes: readonly PathNode[]): Step {
  const steps = nodes.map(compileStep);
  return (input, budget) => {
    let values = input as Item[];
    for (const step of steps) values = step(values, budget);
    return values;
  };
}

function compileStep(node: PathNode): Step {
  switch (node.kind) {
    case "field":
      return (input, budget) => field(input, node.name, budget);
    case "index":
      return (input) => index(input, node.at);
    case "slice":
      return (input, budget) => slice(input, node, budget);
    case "wildcard":
      return (input, budget) => input.flatMap((value) => children(value, budget));
    case "descend":
      return descend;
    case "union": {
      const branches = node.branches.map(compileSteps);
      return (input, budget) => union(input, branches, budget);
    }
    case "filter":
      return filter(node);
    case "literal": {
      const { value } = node;
      return typeof value === "string" ? () => [value] : (input) => input.map(() => value);
    }
    case "word":
      return (input) => {
        throw new PathStop(`${node.word} is no value (strings want quotes)`, input.length);
      };
  }
}

function union(input: readonly Item[], branches: readonly Step[], budget: Budget): Item[] {
  try {
    return branches.flatMap((branch) => branch(input, budget));
  } catch (error) {
    // Whatever stopped a branch, the reference leaves the whole step with its input.
    if (error instanceof PathStop) throw new PathStop(error.message, input.length);
    throw error;
  }
}

/** Nothing in, nothing out; but of the values that are there, one must have the key. */
function field(input: readonly Item[], name: string, budget: Budget): Item[] {
  spend(budget, input.length);
  const found: Item[] = [];
  for (const value of input) {
    if (isJsonObject(value) && Object.hasOwn(value, name)) found.push(value[name] as JsonValue);
  }
  if (found.length === 0 && input.length > 0) throw new PathStop(`no key ${JSON.stringify(name)}`, 0);
  return found;
}

function index(input: readonly Item[], at: number): Item[] {
  const found: Item[] = [];
  for (const value of input) {
    if (value === null) continue;
    const list = arrayOrStop(value, input);
    const position = at < 0 ? at + list.length : at;
    if (position < 0 || position >= list.length) throw outOfBounds(position, list, input);
    found.push(list[position] as JsonValue);
  }
  return found;
}

type Slice = Extract<PathNode, { kind: "slice" }>;

function slice(input: readonly Item[], { start, end, step }: Slice, budget: Budget): Item[] {
  const found: Item[] = [];
  for (const value of input) {
    if (value === null) continue;
    const list = arrayOrStop(value, input);
    const from = start < 0 ? start + list.length : start;
    const to = end === undefined ? list.length : end < 0 ? end + list.length : end;
    // An empty slice ends the step in the reference, even when more values wait.
    if (from === to) return found;
    if (from < 0 || from >= list.length) throw outOfBounds(from, list, input);
    if (to < 0 || to > list.length) throw outOfBounds(to - 1, list, input);
    if (from > to) throw new PathStop(`it starts at ${from} and ends at ${to}`, input.length);
    if (step <= 0) throw new PathStop("the step of a slice must be above 0", input.length);
    spend(budget, to - from);
    for (let i = from; i < to; i += step) found.push(list[i] as JsonValue);
  }
  return found;
}

function arrayOrStop(value: Item, input: readonly Item[]): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new PathStop(`${describe(value)} is no array`, input.length);
  return value;
}

function outOfBounds(at: number, list: readonly JsonValue[], input: readonly Item[]): PathStop {
  return new PathStop(`index ${at} is outside of the array's ${list.length} elements`, input.length);
}

/** What `*` finds in a value: elements, values of keys, or the bytes of a string. */
function children(value: Item, budget: Budget): Item[] {
  // Paid for before they are made: each byte becomes a value.
  if (typeof value === "string") spend(budget, Buffer.byteLength(value));
  const found =
    typeof value === "string"
      ? [...Buffer.from(value)].map(BigInt)
      : typeof value === "object" && value !== null
        ? Object.values(value)
        : [];
  if (typeof value !== "string") spend(budget, found.length);
  return found;
}

/** `..`: every value that holds something, strings included, parents before their children. */
function descend(input: readonly Item[], budget: Budget): Item[] {
  const found: Item[] = [];
  const visit = (value: Item): void => {
    spend(budget, 1);
    if (typeof value === "string") {
      if (value !== "") found.push(value);
    } else if (typeof value === "object" && value !== null) {
      const inside = Object.values(value);
      if (inside.length > 0) found.push(value);
      for (const child of inside) visit(child);
    }
  };
  for (const value of input) visit(value);
  return found;
}

function filter(node: Extract<PathNode, { kind: "filter" }>): Step {
  const left = compileSteps(node.left);
  const right = compileSteps(node.right);
  const { operator } = node;
  const accepts =
    operator === undefined
      ? (value: Item, budget: Budget) => exists(left, value, budget)
      : (value: Item, budget: Budget) => {
          const a = operand(left, value, budget);
          if (a === undefined) return false;
          const b = operand(right, value, budget);
          return b !== undefined && compare(a, operator, b);
        };
  return (input, budget) => {
    const found: Item[] = [];
    for (const value of input) {
      for (const element of arrayOrStop(value, input)) {
        spend(budget, 1);
        if (accepts(element, budget)) found.push(element);
      }
    }
    return found;
  };
}

/** An index outside of its array counts as existing in the reference: its error leaves the step with its input. */
function exists(path: Step, value: Item, budget: Budget): boolean {
  try {
    return path([value], budget).length > 0;
  } catch (error) {
    if (error instanceof PathStop) return error.left > 0;
    throw error;
  }
}

function operand(path: Step, value: Item, budget: Budget): Item | undefined {
  const values = path([value], budget);
  if (values.length > 1) throw new PathStop("a filter compares one value at a time", 0);
  return values[0];
}

/** A value's type in words, for reasons. */
export function describe(value: Item): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return "a string";
  return typeof value === "boolean" ? "true or false" : "a number";
}
