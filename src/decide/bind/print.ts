/** Prints what a path found as JSON, and pays for it before it is printed. */

import type { Cost } from "../../core/cost-budget.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { printJson } from "../../core/json.ts";
import type { Item } from "./steps.ts";

/** Characters of a string that are printed for one step of the cost budget. */
export const CHARACTERS_PER_STEP = 4;
/** Characters that are searched, or put together, for one step. */
export const SEARCHED_PER_STEP = 32;
/** What printing costs: an array or object, each key, each element. */
const HOLDER_STEPS = 40;
const KEY_STEPS = 16;
const ELEMENT_STEPS = 6;

/** @throws SluiceError SLUICE_COST_EXCEEDED. */
export function print(item: Item, cost: Cost): string {
  if (typeof item === "bigint") {
    cost.charge(ELEMENT_STEPS);
    return String(item);
  }
  cost.charge(ELEMENT_STEPS);
  pay(item, cost);
  return printJson(item);
}

function pay(value: JsonValue, cost: Cost): void {
  if (typeof value === "string") cost.charge(1 + value.length / CHARACTERS_PER_STEP);
  else if (Array.isArray(value)) {
    cost.charge(HOLDER_STEPS + value.length * ELEMENT_STEPS);
    for (const item of value as readonly JsonValue[]) pay(item, cost);
  } else if (typeof value === "object" && value !== null) {
    cost.charge(HOLDER_STEPS);
    const object = value as JsonObject;
    for (const key in object) {
      cost.charge(KEY_STEPS + key.length / CHARACTERS_PER_STEP);
      pay(object[key] as JsonValue, cost);
    }
  }
}
