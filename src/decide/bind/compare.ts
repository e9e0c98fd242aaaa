/** Comparison of filter operands as Go templates compare: only like with like, strings by their bytes. */

import { compareBytewise } from "../../core/json.ts";
import type { Item } from "./steps.ts";
import { PathStop } from "./steps.ts";

type Kind = "string" | "boolean" | "float" | "integer";

/**
 * Compares two values (k8s.io/client-go/third_party/forked/golang/template).
 *
 * @param operator `==`, `!=`, `<`, `<=`, `>` or `>=`.
 * @throws PathStop when the operands are of different or incomparable kinds, or the operator is none.
 */
export function compare(left: Item, operator: string, right: Item): boolean {
  switch (operator) {
    case "==":
      return order(left, right, true) === 0;
    case "!=":
      return order(left, right, true) !== 0;
    case "<":
      return order(left, right, false) < 0;
    case "<=":
      return order(left, right, false) <= 0;
    case ">":
      return order(left, right, false) > 0;
    case ">=":
      return order(left, right, false) >= 0;
    default:
      throw new PathStop(`${operator} is no operator`, 0);
  }
}

/** Negative, zero or positive. Booleans have no order: for them it says only whether they are equal. */
function order(left: Item, right: Item, equality: boolean): number {
  const kind = kindOf(left);
  const other = kindOf(right);
  if (kind !== other) throw new PathStop(`${phrase[kind]} is compared with ${phrase[other]}`, 0);
  if (kind === "boolean" && !equality) throw new PathStop("true and false have no order", 0);
  if (typeof left === "string") return compareBytewise(left, right as string);
  return left === right ? 0 : (left as number) < (right as number) ? -1 : 1;
}

const phrase: Readonly<Record<Kind, string>> = {
  string: "a string",
  boolean: "true or false",
  float: "a number of the event",
  integer: "an integer (write 31.0 for 31)",
};

function kindOf(value: Item): Kind {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "float";
  if (typeof value === "bigint") return "integer";
  throw new PathStop("null, objects and arrays can not be compared", 0);
}
