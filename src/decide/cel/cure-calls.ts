/** What helps against a call whose operands it does not take, or whose values it could not use. */

import type { Call, Macro, Node, Select } from "./ast.ts";
import type { Kind } from "./values.ts";

export type Print = (part: Node | undefined) => string;

/** A function that takes operands of other kinds. @returns undefined where the general rule is better. */
export function ofNamed(
  name: string,
  [first, second]: readonly (Node | undefined)[],
  [a, b]: readonly (Kind | undefined)[],
  print: Print,
): string | undefined {
  const x = print(first);
  switch (name) {
    case "@in":
      if (b === "string")
        return `in asks a list or an object; a text is asked ${print(second)}.contains(${x}).`;
      return undefined;
    case "encode":
    case "base64.encode":
      return `It takes bytes: base64.encode(bytes(${print(second ?? first)})).`;
    case "marshalJSON":
      if (a === "double") return `It writes lists and objects; the text of a number is string(int(${x})).`;
      return a === "string" || a === "bool"
        ? `It writes lists and objects; of this write string(${x}).`
        : undefined;
    case "string":
      if (a === "list") return `Of a list write ${x}.join(',') or ${x}.marshalJSON().`;
      return a === "map" ? `Of an object write ${x}.marshalJSON().` : undefined;
    case "size":
      return a === "double" || a === "bool" ? "size takes a text, a list or an object." : undefined;
    default:
      return undefined;
  }
}

/** A call that took its operands, and could do nothing with their values. */
export function ofValues({ name, target, args }: Call, print: Print): string | undefined {
  const [first] = target === undefined ? args : [target, ...args];
  const x = print(first);
  switch (name) {
    case "parseJSON":
      return `It reads the text of an object; of a list write ('{"x":' + ${x} + '}').parseJSON().x.`;
    case "substring":
      return `It takes no more than there is: ${x}.truncate(${print(args[1] ?? args[0])}) does, and size(${x}) says how much there is.`;
    case "charAt":
      return `size(${x}) says how long it is.`;
    case "int":
      return `int takes a whole number; of one with a fraction write int(double(${x})).`;
    case "timestamp":
      return "A point in time is written 2026-01-31T12:00:00Z.";
    case "_<_":
    case "_<=_":
    case "_>_":
    case "_>=_":
      return `Both sides must be of one kind: of a text that holds a number int(…), of a number string(int(…)).`;
    case "duration":
      return "A duration is written 1h30m or 90s.";
    default:
      return undefined;
  }
}

/** A macro over what has no elements. */
export function ofMacro(
  { macro, range, variable }: Macro,
  kind: Kind | undefined,
  print: Print,
): string | undefined {
  const x = print(range);
  const call = `${x}.${macro}(${variable}, …)`;
  if (kind === "null_type") return `${x} is null: ${x} != null && ${call}.`;
  if (kind === "string")
    return `It is a text: ${x}.contains('…'), or ${x}.split(',').${macro}(${variable}, …).`;
  return `${macro} goes through a list or the keys of an object.`;
}

/** A field of what has none. */
export function ofField(
  { field, operand }: Select,
  kind: Kind | undefined,
  print: Print,
): string | undefined {
  const x = print(operand);
  if (field === "length") return `The length is size(${x}).`;
  if (kind === "null_type") return `${x} is null: has(${x}.${field}) asks whether there is one.`;
  if (kind === "list") return `${x} is a list: ${x}[0].${field}, or ${x}.exists(one, one.${field} == …).`;
  if (kind === "string") return `${x} is a text; one that holds JSON is read by ${x}.parseJSON().${field}.`;
  return `${x} has no fields: it is no object.`;
}

/** An index that a list does not have, or that what is no list is asked for. */
export function ofElement(node: Call, kind: Kind | undefined, print: Print): string | undefined {
  const [container, key] = node.args;
  const x = print(container);
  const value = key?.kind === "const" ? key.value : undefined;
  if (kind === "null_type") return `${x} is null: ${x} != null && …`;
  if (kind === "string") return `It is a text: ${x}.substring(0, 1) is its first sign.`;
  if (kind !== "list") return undefined;
  if (typeof value === "string")
    return /^\d+$/.test(value)
      ? `A list is asked by a number: ${x}[${value}].`
      : `It is a list: ${x}[0], or ${x}.exists(one, …).`;
  if (typeof value === "bigint" && value >= 0n)
    return `size(${x}) > ${value} asks whether there is one; ${x}.last() is the last.`;
  return `An index counts from 0 on; ${x}.last() is the last.`;
}
