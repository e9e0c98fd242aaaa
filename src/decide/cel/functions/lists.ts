/** cel-go's lists and sets libraries. */

import { quoted } from "../../../core/quoted.ts";
import { equals, listHas } from "../equals.ts";
import type { Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import { sorted } from "../macros.ts";
import type { Value } from "../values.ts";
import { fail, isList } from "../values.ts";
import type { Work } from "../work.ts";
import { allowSize } from "../work.ts";

type List = readonly Value[];

/** cel-go's own limit of lists.range. */
const MAX_RANGE = 1_000_000n;

const SORTABLE = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];

export const lists: readonly Overload[] = [
  overload("lists.range", "(int) -> list(int)", ({ work }, size: bigint) => {
    if (size < 0n) return fail(`lists.range: size must be non-negative, got ${quoted(size)}`);
    if (size > MAX_RANGE)
      return fail(`lists.range: size ${quoted(size)} exceeds maximum allowed (${MAX_RANGE})`);
    work.charge(Number(size) / 2);
    return Array.from({ length: Number(size) }, (_item, i) => BigInt(i));
  }),
  overload("slice", "list(A).(int, int) -> list(A)", ({ work }, list: List, start: bigint, end: bigint) => {
    if (start < 0n || end < 0n)
      return fail(`cannot slice(${quoted(start)}, ${quoted(end)}), negative indexes not supported`);
    if (start > end)
      return fail(
        `cannot slice(${quoted(start)}, ${quoted(end)}), start index must be less than or equal to end index`,
      );
    if (end > list.length)
      return fail(`cannot slice(${quoted(start)}, ${quoted(end)}), list is length ${quoted(list.length)}`);
    work.charge(2 + Number(end - start) / 8);
    return list.slice(Number(start), Number(end));
  }),
  overload("flatten", "list(list(A)).() -> list(A)", ({ work }, list: List) => flattened(work, list, 1)),
  overload("flatten", "list(dyn).(int) -> list(dyn)", ({ work }, list: List, depth: bigint) =>
    depth < 0n ? fail("level must be non-negative") : flattened(work, list, Number(depth)),
  ),
  ...SORTABLE.map((type) =>
    overload("sort", `list(${type}).() -> list(${type})`, (context, list: List) =>
      sorted(context, list, list),
    ),
  ),
  overload("distinct", "list(A).() -> list(A)", ({ work }, list: List) => distinct(work, list)),
  overload("reverse", "list(A).() -> list(A)", ({ work }, list: List) => {
    work.charge(list.length / 8);
    return list.toReversed();
  }),

  overload("sets.contains", "(list(A), list(A)) -> bool", ({ work }, set: List, part: List) =>
    part.every((item) => listHas(work, set, item)),
  ),
  overload("sets.equivalent", "(list(A), list(A)) -> bool", ({ work }, a: List, b: List) =>
    [...a.map((item) => [b, item] as const), ...b.map((item) => [a, item] as const)].every(([list, item]) =>
      listHas(work, list, item),
    ),
  ),
  overload("sets.intersects", "(list(A), list(A)) -> bool", ({ work }, a: List, b: List) =>
    a.some((item) => listHas(work, b, item)),
  ),
];

function flattened(work: Work, list: List, depth: number): Value[] {
  const result: Value[] = [];
  for (const item of list) {
    const items = isList(item) && depth > 0 ? flattened(work, item, depth - 1) : [item];
    work.charge(2 + items.length);
    for (const inner of items) result.push(inner);
    allowSize(result.length);
  }
  return result;
}

function distinct(work: Work, list: List): Value[] {
  const texts = new Set<string>();
  const others: Value[] = [];
  return list.filter((item) => {
    work.charge(4);
    if (typeof item === "string") return texts.size < texts.add(item).size;
    work.charge(others.length);
    if (others.some((other) => equals(work, other, item))) return false;
    others.push(item);
    return true;
  });
}
