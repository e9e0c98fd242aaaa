/** Evaluates paths with the semantics of Kubernetes' JSONPath: nodes become closures, once. */

import type { Cost } from "../../core/cost-budget.ts";
import type { JsonValue } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import { compare } from "./compare.ts";
import type { Item, Step } from "./steps.ts";
import { PathStop, STOP_STEPS, VALUE_STEPS } from "./steps.ts";
import type { PathNode } from "./syntax.ts";

/** One step made of a list of nodes: each takes what the one before it gave. */
export function compileSteps(nodes: readonly PathNode[]): Step {
  const steps = nodes.map(compileStep);
  return (input, cost) => {
    let values = input as Item[];
    for (const step of steps) values = step(values, cost);
    return values;
  };
}

function compileStep(node: PathNode): Step {
  switch (node.kind) {
    case "field":
      return (input, cost) => field(input, node.name, cost);
    case "index":
      return (input, cost) => index(input, node.at, cost);
    case "slice":
      return (input, cost) => slice(input, node, cost);
    case "wildcard":
      return (input, cost) => input.flatMap((value) => children(value, cost));
    case "descend":
      return descend;
    case "union": {
      const branches = node.branches.map(compileSteps);
      return (input, cost) => union(input, branches, cost);
    }
    case "filter":
      return filter(node);
    case "literal": {
      const { value } = node;
      if (typeof value === "string") return () => [value];
      return (input, cost) => {
        cost.charge(input.length);
        return input.map(() => value);
      };
    }
    case "word":
      return (input) => {
        throw new PathStop(`${node.word} is no value (strings want quotes)`, input.length);
      };
  }
}

function union(input: readonly Item[], branches: readonly Step[], cost: Cost): Item[] {
  cost.charge(branches.length * (1 + input.length));
  try {
    return branches.flatMap((branch) => branch(input, cost));
  } catch (error) {
    // Whatever stopped a branch, the reference leaves the whole step with its input.
    if (error instanceof PathStop) throw new PathStop(error.message, input.length);
    throw error;
  }
}

/** Nothing in, nothing out; but of the values that are there, one must have the key. */
function field(input: readonly Item[], name: string, cost: Cost): Item[] {
  cost.charge(1 + input.length * VALUE_STEPS);
  const found: Item[] = [];
  for (const value of input) {
    if (isJsonObject(value) && Object.hasOwn(value, name)) found.push(value[name] as JsonValue);
  }
  if (found.length === 0 && input.length > 0) throw new PathStop(`no key ${JSON.stringify(name)}`, 0);
  return found;
}

function index(input: readonly Item[], at: number, cost: Cost): Item[] {
  cost.charge(1 + input.length * VALUE_STEPS);
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

function slice(input: readonly Item[], { start, end, step }: Slice, cost: Cost): Item[] {
  cost.charge(1 + input.length * VALUE_STEPS);
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
    cost.charge(to - from);
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

/** What asking one element costs, besides the paths of the filter. */
const FILTER_STEPS = 8;
/** What making a value of a byte costs. */
const BYTE_STEPS = 2;

/** What `*` finds in a value: elements, values of keys, or the bytes of a string. */
function children(value: Item, cost: Cost): Item[] {
  // Paid for before they are made: each byte becomes a value.
  cost.charge(typeof value === "string" ? 1 + value.length * 3 * BYTE_STEPS : VALUE_STEPS);
  const found =
    typeof value === "string"
      ? [...Buffer.from(value)].map(BigInt)
      : typeof value === "object" && value !== null
        ? Object.values(value)
        : [];
  if (typeof value !== "string") cost.charge(found.length * VALUE_STEPS);
  return found;
}

/** `..`: every value that holds something, strings included, parents before their children. */
function descend(input: readonly Item[], cost: Cost): Item[] {
  const found: Item[] = [];
  const visit = (value: Item): void => {
    cost.charge(VALUE_STEPS);
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
      ? (value: Item, cost: Cost) => exists(left, value, cost)
      : (value: Item, cost: Cost) => {
          const a = operand(left, value, cost);
          if (a === undefined) return false;
          const b = operand(right, value, cost);
          return b !== undefined && compare(a, operator, b);
        };
  return (input, cost) => {
    const found: Item[] = [];
    for (const value of input) {
      for (const element of arrayOrStop(value, input)) {
        cost.charge(FILTER_STEPS);
        if (accepts(element, cost)) found.push(element);
      }
    }
    return found;
  };
}

/** An index outside of its array counts as existing in the reference: its error leaves the step with its input. */
function exists(path: Step, value: Item, cost: Cost): boolean {
  try {
    return path([value], cost).length > 0;
  } catch (error) {
    if (!(error instanceof PathStop)) throw error;
    cost.charge(STOP_STEPS);
    return error.left > 0;
  }
}

function operand(path: Step, value: Item, cost: Cost): Item | undefined {
  const values = path([value], cost);
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
