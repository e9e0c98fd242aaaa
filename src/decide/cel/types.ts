/** The static types of the checker, and the little language in which functions declare their signatures. */

/** `list` has one argument, `map` two, `type` one or none; a `param` stands for any one type; `dyn` is known only at run time. */
export interface Type {
  readonly kind:
    | "dyn"
    | "null"
    | "bool"
    | "int"
    | "uint"
    | "double"
    | "string"
    | "bytes"
    | "timestamp"
    | "duration"
    | "list"
    | "map"
    | "type"
    | "param";
  readonly args: readonly Type[];
  /** Of a param. */
  readonly name?: string;
}

const simple = (kind: Type["kind"]): Type => ({ kind, args: [] });

export const DYN = simple("dyn");
export const NULL = simple("null");
export const BOOL = simple("bool");
export const INT = simple("int");
export const UINT = simple("uint");
export const DOUBLE = simple("double");
export const STRING = simple("string");
export const BYTES = simple("bytes");
export const TIMESTAMP = simple("timestamp");
export const DURATION = simple("duration");
export const listOf = (item: Type): Type => ({ kind: "list", args: [item] });
export const mapTypeOf = (key: Type, value: Type): Type => ({ kind: "map", args: [key, value] });
export const typeOf = (type: Type): Type => ({ kind: "type", args: [type] });
export const param = (name: string): Type => ({ kind: "param", args: [], name });

/** What body, header and extensions are. */
export const JSON_MAP = mapTypeOf(STRING, DYN);

/** Types by the name under which expressions and signatures know them. */
export const NAMED_TYPES: ReadonlyMap<string, Type> = new Map([
  ["dyn", DYN],
  ["null_type", NULL],
  ["bool", BOOL],
  ["int", INT],
  ["uint", UINT],
  ["double", DOUBLE],
  ["string", STRING],
  ["bytes", BYTES],
  ["timestamp", TIMESTAMP],
  ["duration", DURATION],
  ["list", listOf(DYN)],
  ["map", mapTypeOf(DYN, DYN)],
  ["type", simple("type")],
  ["google.protobuf.Timestamp", TIMESTAMP],
  ["google.protobuf.Duration", DURATION],
]);

/** A signature: the types of target (if it is a method) and arguments in order, and of the result. */
export interface Signature {
  readonly method: boolean;
  readonly params: readonly Type[];
  readonly result: Type;
}

/**
 * Reads a signature: `(int, string) -> bool` of a function, `list(A).(int) -> A` of a method. Capitals are params.
 *
 * @throws TypeError on anything else: signatures are written in this folder only.
 */
export function signature(text: string): Signature {
  const at = text.indexOf(" -> ");
  const head = text.slice(0, at);
  const open = head.startsWith("(") ? 0 : head.indexOf(".(") + 1;
  const target = open === 0 ? [] : [readType(head.slice(0, open - 1))];
  const params = split(head.slice(open + 1, -1)).map(readType);
  return { method: open > 0, params: [...target, ...params], result: readType(text.slice(at + 4)) };
}

function readType(text: string): Type {
  const named = NAMED_TYPES.get(text);
  if (named !== undefined && text !== "list" && text !== "map") return named;
  if (/^[A-Z]$/.test(text)) return param(text);
  const [, kind, inner] = /^(list|map|type)\((.*)\)$/.exec(text) ?? [];
  if (kind === undefined || inner === undefined) throw new TypeError(`no CEL type: ${text}`);
  return { kind: kind as Type["kind"], args: split(inner).map(readType) };
}

/** Splits at the commas that stand outside brackets. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")") depth--;
    else if (text[i] === "," && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === "" ? parts : [...parts, last];
}

/** A type as cel-go's messages print it. */
export function printType(type: Type): string {
  if (type.kind === "param") return "dyn";
  return type.args.length === 0 ? type.kind : `${type.kind}(${type.args.map(printType).join(", ")})`;
}

/** True when two types are one and the same: unlike in print, two parameters differ. */
export function sameType(a: Type, b: Type): boolean {
  if (a.kind !== b.kind || a.name !== b.name || a.args.length !== b.args.length) return false;
  return a.args.every((arg, i) => sameType(arg, b.args[i] as Type));
}
