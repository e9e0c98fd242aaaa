/** Which type may stand where: assignability with type parameters, after cel-go's checker. */

import type { Type } from "./types.ts";
import { DYN } from "./types.ts";

/** What type parameters have been found to be, by name. */
export type Bindings = Map<string, Type>;

/**
 * True when a value of type `from` may stand where `to` is asked for. Binds parameters on the way, and forgets what it
 * bound when the answer is no.
 */
export function assignable(from: Type, to: Type, bindings: Bindings): boolean {
  const before = new Map(bindings);
  if (fits(from, to, bindings)) return true;
  bindings.clear();
  for (const [name, type] of before) bindings.set(name, type);
  return false;
}

/** A type with its parameters replaced; what is still unknown becomes dyn. */
export function resolved(type: Type, bindings: Bindings): Type {
  const plain = known(type, bindings);
  if (plain.kind === "param") return DYN;
  if (plain.args.length === 0) return plain;
  return { ...plain, args: plain.args.map((arg) => resolved(arg, bindings)) };
}

/** A type with its parameters replaced as far as they are known. */
export function substituted(type: Type, bindings: Bindings): Type {
  const plain = known(type, bindings);
  if (plain.args.length === 0) return plain;
  return { ...plain, args: plain.args.map((arg) => substituted(arg, bindings)) };
}

/** The type of something that is now of one type, now of the other. */
export function joined(a: Type, b: Type, bindings: Bindings): Type {
  return assignable(a, b, bindings) || assignable(b, a, bindings) ? moreGeneral(a, b) : DYN;
}

/** What null may stand for, and the other way round. */
const NULLABLE: ReadonlySet<Type["kind"]> = new Set(["timestamp", "duration"]);

function fits(from: Type, to: Type, bindings: Bindings): boolean {
  const a = known(from, bindings);
  const b = known(to, bindings);
  if (a === b || a.kind === "dyn" || b.kind === "dyn") {
    widen(to, a.kind === "dyn" ? a : b, bindings);
    return true;
  }
  if (b.kind === "param") return bind(b, a, bindings);
  if (a.kind === "param") return bind(a, b, bindings);
  if (a.kind === "null") return b.kind === "null" || NULLABLE.has(b.kind);
  if (b.kind === "null") return NULLABLE.has(a.kind);
  if (a.kind !== b.kind) return false;
  // Any two types can be compared: type(1) == type('a') is false, not an error.
  if (a.kind === "type") return true;
  return a.args.every((arg, i) => fits(arg, b.args[i] as Type, bindings));
}

function bind(type: Type, to: Type, bindings: Bindings): boolean {
  if (to.kind === "param" && to.name === type.name) return true;
  if (mentions(to, type.name as string, bindings)) return false;
  bindings.set(type.name as string, to);
  return true;
}

/** A parameter that has met something unknown is unknown from then on. */
function widen(to: Type, type: Type, bindings: Bindings): void {
  if (to.kind === "param" && type.kind === "dyn") bindings.set(to.name as string, DYN);
}

function known(type: Type, bindings: Bindings): Type {
  let current = type;
  while (current.kind === "param") {
    const bound = bindings.get(current.name as string);
    if (bound === undefined) break;
    current = bound;
  }
  return current;
}

function mentions(type: Type, name: string, bindings: Bindings): boolean {
  const plain = known(type, bindings);
  return plain.name === name || plain.args.some((arg) => mentions(arg, name, bindings));
}

function moreGeneral(a: Type, b: Type): Type {
  if (a.kind === "dyn" || b.kind === "dyn") return DYN;
  if (a.kind === "null") return b;
  if (a.kind === "param" || a.kind !== b.kind) return b.kind === "null" ? a : b;
  return { ...a, args: a.args.map((arg, i) => moreGeneral(arg, b.args[i] as Type)) };
}
