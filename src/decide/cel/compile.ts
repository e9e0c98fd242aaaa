/** From tree to closures: each node becomes one function, so that an event meets no tree. */

import { quoted } from "../../core/quoted.ts";
import type { Call, Const, Macro, Node, Select } from "./ast.ts";
import { pathOf } from "./ast.ts";
import type { Checked } from "./check.ts";
import { decides } from "./decides.ts";
import type { Evaluate, Frame, Slots } from "./frame.ts";
import type { Overload } from "./functions.ts";
import { accepts } from "./functions.ts";
import { compileMacro } from "./macros.ts";
import type { AnyMap } from "./maps.ts";
import { mapGet, mapHas, mapOf } from "./maps.ts";
import type { Value } from "./values.ts";
import { CelFailure, fail, isList, isMap, isUint, kindOf, typeValue } from "./values.ts";

/**
 * Compiles a checked tree.
 *
 * @param slots where the event's variables stand.
 */
export function compile(node: Node, checked: Checked, slots: Slots): Evaluate {
  const typeName = checked.typeNames.get(node);
  if (typeName !== undefined) return constantly(typeValue(typeName));
  switch (node.kind) {
    case "const":
      return constantly(node.value);
    case "ident": {
      const slot = slots.get(node.name) as number;
      return (frame) => frame.slots[slot] as Value;
    }
    case "select":
      return compileSelect(node, checked, slots);
    case "call":
      return compileCall(node, checked, slots);
    case "list": {
      const items = node.items.map((item) => compile(item, checked, slots));
      const constants = node.items.filter((item) => item.kind === "const");
      if (constants.length === items.length) return constantly(constants.map((item) => item.value));
      const steps = LIST_STEPS + items.length;
      return (frame) => {
        frame.work.charge(steps);
        return items.map((item) => item(frame));
      };
    }
    case "map": {
      const entries = node.entries.map(
        ([key, value]) => [compile(key, checked, slots), compile(value, checked, slots)] as const,
      );
      const steps = MAP_STEPS + entries.length * ENTRY_STEPS;
      return (frame) => {
        frame.work.charge(steps);
        return mapOf(entries.map(([key, value]) => [key(frame), value(frame)]));
      };
    }
    case "macro":
      return macro(node, checked, slots);
  }
}

function macro(node: Macro, checked: Checked, slots: Slots): Evaluate {
  const slot = slots.size;
  // A shadowed name keeps its old slot; the map must still grow, or two macros would share one.
  const inner = new Map(slots).set(node.variable, slot).set(`@${slot}`, slot);
  return compileMacro(node.macro, {
    slot,
    range: compile(node.range, checked, slots),
    where: node.where === undefined ? undefined : compile(node.where, checked, inner),
    body: compile(node.body, checked, inner),
    node,
  });
}

function constantly(value: Value): Evaluate {
  return () => value;
}

function compileSelect(node: Select, checked: Checked, slots: Slots): Evaluate {
  if (node.test) {
    const operand = compile(node.operand, checked, slots);
    const { field } = node;
    return (frame) => {
      frame.work.charge(2);
      return hasField(operand(frame), field);
    };
  }
  // Paths are most of what filters hold: one function for all of their fields, with little to read from cold memory.
  const selects: Select[] = [];
  let start: Node = node;
  while (start.kind === "select" && !start.test && !checked.typeNames.has(start)) {
    selects.unshift(start);
    start = start.operand;
  }
  const slot = start.kind === "ident" ? slots.get(start.name) : undefined;
  // Thousands of filters begin with the same path; sharing it keeps what an event touches in the processor's cache.
  const shareable = slot !== undefined && !checked.typeNames.has(start);
  const key = shareable ? JSON.stringify([slot, ...selects.map(({ field }) => field)]) : undefined;
  const known = key === undefined ? undefined : paths.get(key);
  if (known !== undefined) return known;
  const path = follow(compile(start, checked, slots), selects);
  if (key !== undefined && paths.size < MAX_PATHS) paths.set(key, path);
  return path;
}

/** What making a list, a map and each entry of a map costs, and a call of several overloads. */
const LIST_STEPS = 2;
const MAP_STEPS = 10;
const ENTRY_STEPS = 6;
const CHOICE_STEPS = 4;

/** Paths by slot and text: functions of nothing else. Bounded, because reloads bring others. */
const paths = new Map<string, Evaluate>();
const MAX_PATHS = 1_000;

function follow(start: Evaluate, selects: readonly Select[]): Evaluate {
  const fields = selects.map(({ field }) => field);
  return (frame) => {
    frame.work.charge(1);
    let value = start(frame);
    for (let i = 0; i < fields.length; i++) {
      // JSON objects are nearly all that is ever selected from.
      const found = isMap(value) ? mapGet(value, fields[i] as string) : undefined;
      if (found === undefined) return absent(selects[i] as Select, value);
      value = found;
    }
    return value;
  };
}

function absent(node: Select, from: Value): never {
  const where = pathOf(node.operand);
  const place = isMap(from) ? { node } : { node, kinds: [kindOf(from)] };
  return fail(`no such key: ${node.field}${where === undefined ? "" : ` in ${where}`}`, place);
}

function hasField(value: Value, field: string): boolean {
  if (isMap(value)) return mapHas(value, field);
  return isList(value) ? fail("unsupported index type 'string' in list") : false;
}

function compileCall(node: Call, checked: Checked, slots: Slots): Evaluate {
  const operands =
    node.target === undefined || checked.qualified.has(node) ? node.args : [node.target, ...node.args];
  if (node.name === "_&&_") return shortCircuit(flattened(node, "_&&_"), false, checked, slots);
  if (node.name === "_||_") return shortCircuit(flattened(node, "_||_"), true, checked, slots);
  const args = operands.map((operand) => compile(operand, checked, slots));
  if (node.name === "_?_:_") return conditional(args, node);
  if (node.name === "_[_]") return index(args, node, operands[1]?.kind === "const");
  const [, right] = operands;
  const constant = right?.kind === "const" ? right : undefined;
  return invoke(node, args, checked.overloads.get(node) ?? [], constant);
}

/** Operands of a chain of one operator, however the parser bracketed it: a long chain must not nest deep. */
function flattened(node: Node, name: string): Node[] {
  const operands: Node[] = [];
  const pending: Node[] = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "call" && next.name === name) pending.push(...next.args.toReversed());
    else operands.push(next);
  }
  return operands;
}

/** `&&` is decided by false, `||` by true. */
function shortCircuit(nodes: readonly Node[], decisive: boolean, checked: Checked, slots: Slots): Evaluate {
  const operands = nodes.map((node) => compile(node, checked, slots));
  return (frame) => decides(frame, operands, decisive, evaluate, nodes);
}

const evaluate = (frame: Frame, operand: Evaluate): Value => operand(frame);

function conditional(args: readonly Evaluate[], node: Call): Evaluate {
  const [condition, then, otherwise] = args as [Evaluate, Evaluate, Evaluate];
  return (frame) => {
    const value = condition(frame);
    if (value === true) return then(frame);
    if (value === false) return otherwise(frame);
    const [asked = node] = node.args;
    return fail("no such overload", { node: asked, wantsBool: true });
  };
}

/** @param named whether the key stands in the expression: a reason must quote nothing of an event. */
function index(args: readonly Evaluate[], node: Call, named: boolean): Evaluate {
  const [container, key] = args as [Evaluate, Evaluate];
  return (frame) => {
    frame.work.charge(2);
    return element(container(frame), key(frame), node, named);
  };
}

function element(container: Value, key: Value, node: Call, named: boolean): Value {
  if (isList(container)) {
    const position = isUint(key) ? key.value : key;
    if (typeof position !== "bigint" && !Number.isInteger(position)) {
      return fail(`unsupported index type '${kindOf(key)}' in list`, { node, kinds: ["list"] });
    }
    const item = container[Number(position)];
    return item === undefined
      ? fail(`index out of bounds: ${named ? position : quoted(Number(position))}`, { node, kinds: ["list"] })
      : item;
  }
  if (!isMap(container)) return fail("no such overload", { node, kinds: [kindOf(container)] });
  if (key === null) return fail("invalid qualifier type: null");
  const found = mapGet(container as AnyMap, key);
  return found === undefined
    ? fail(named ? `no such key: ${isUint(key) ? key.value : key}` : "no such key", { node })
    : found;
}

/** @param constant the second operand, where it is one. */
function invoke(
  node: Call,
  args: readonly Evaluate[],
  overloads: readonly Overload[],
  constant: Const | undefined,
): Evaluate {
  const [first, second] = args as [Evaluate, Evaluate];
  const [only] = overloads;
  // What filters are made of, `==` and `in`, without an array of arguments, and with a constant at hand.
  if (args.length === 2 && overloads.length === 1 && only?.guards.every((guard) => guard === undefined)) {
    const { run } = only;
    if (constant !== undefined) {
      const { value } = constant;
      return (frame) => {
        frame.work.charge(1);
        const own = first(frame) as never;
        try {
          return run(frame, own, value as never);
        } catch (error) {
          throw located(error, node);
        }
      };
    }
    return (frame) => {
      frame.work.charge(1);
      const own = first(frame) as never;
      const other = second(frame) as never;
      try {
        return run(frame, own, other);
      } catch (error) {
        throw located(error, node);
      }
    };
  }
  return (frame) => {
    frame.work.charge(CHOICE_STEPS);
    const values = args.map((arg) => arg(frame));
    for (const candidate of overloads) {
      if (!accepts(candidate, values)) continue;
      try {
        return candidate.run(frame, ...(values as never[]));
      } catch (error) {
        throw located(error, node);
      }
    }
    const kinds = values.map(kindOf);
    return fail(`no such overload: ${node.name}(${kinds.join(", ")})`, { node, kinds });
  };
}

/** A failure with the call in which it arose. */
function located(error: unknown, node: Call): unknown {
  if (!(error instanceof CelFailure) || error.place !== undefined) return error;
  return new CelFailure(error.reason, error.final, { node });
}
