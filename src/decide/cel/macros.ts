/** Macros over lists and maps: loops that pay for every turn. */

import type { MacroName } from "./ast.ts";
import { decides } from "./decides.ts";
import { compare } from "./equals.ts";
import type { Evaluate, Frame } from "./frame.ts";
import { KEY_STEPS, mapKeys } from "./maps.ts";
import type { Value } from "./values.ts";
import { fail, isList, isMap, kindOf } from "./values.ts";

/** A macro's parts, compiled. */
export interface MacroParts {
  /** Where the variable stands while `where` and `body` are evaluated. */
  readonly slot: number;
  readonly range: Evaluate;
  readonly where: Evaluate | undefined;
  readonly body: Evaluate;
  /** The macro in the tree, for failures. */
  readonly node: object;
}

/** What a turn of a loop costs. */
const TURN_STEPS = 3;

export function compileMacro(macro: MacroName, parts: MacroParts): Evaluate {
  const { slot, body, where } = parts;
  const items = itemsOf(parts.range, parts.node);
  const each = (frame: Frame, item: Value): Value => {
    frame.work.charge(TURN_STEPS);
    frame.slots[slot] = item;
    return body(frame);
  };
  switch (macro) {
    case "all":
      return (frame) => decides(frame, items(frame), false, each);
    case "exists":
      return (frame) => decides(frame, items(frame), true, each);
    case "exists_one":
      return (frame) => items(frame).filter((item) => isTrue(each(frame, item))).length === 1;
    case "filter":
      return (frame) => items(frame).filter((item) => isTrue(each(frame, item)));
    case "map":
      return (frame) => {
        const results: Value[] = [];
        for (const item of items(frame)) {
          frame.slots[slot] = item;
          if (where === undefined || isTrue(where(frame))) results.push(each(frame, item));
          else frame.work.charge(TURN_STEPS);
        }
        return results;
      };
    case "sortBy":
      return (frame) => {
        const list = items(frame);
        const keys = list.map((item) => each(frame, item));
        return sorted(frame, list, keys);
      };
  }
}

/** What comparing two keys costs, besides their characters. */
const COMPARE_STEPS = 4;

/**
 * The items in the order of their keys.
 *
 * @throws CelFailure when the keys are of different types, or of one that has no order.
 */
export function sorted(frame: Pick<Frame, "work">, list: readonly Value[], keys: readonly Value[]): Value[] {
  const kind = keys.length === 0 ? undefined : kindOf(keys[0] as Value);
  if (keys.some((key) => kindOf(key) !== kind)) fail("list elements must have the same type");
  if (kind !== undefined && compare(keys[0] as Value, keys[0] as Value) === undefined) {
    fail(`list elements must be comparable, not ${kind}`);
  }
  const rounds = Math.ceil(Math.log2(list.length + 1));
  const characters = keys.reduce((sum: number, key) => sum + (typeof key === "string" ? key.length : 0), 0);
  frame.work.charge((list.length * COMPARE_STEPS + characters / 4) * rounds);
  const order = list.map((_item, i) => i);
  order.sort((a, b) => compare(keys[a] as Value, keys[b] as Value) ?? 0);
  return order.map((i) => list[i] as Value);
}

function itemsOf(range: Evaluate, node: object): (frame: Frame) => readonly Value[] {
  return (frame) => {
    const value = range(frame);
    if (isList(value)) return value;
    if (isMap(value)) {
      const keys = mapKeys(value);
      frame.work.charge(1 + (keys.length * KEY_STEPS) / 2);
      return keys;
    }
    const kind = kindOf(value);
    return fail(`got '${kind}', expected iterable type`, { node, kinds: [kind] });
  };
}

function isTrue(value: Value): boolean {
  return typeof value === "boolean" ? value : fail("no such overload");
}
