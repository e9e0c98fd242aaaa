/** What a function of the environment is: signatures for the checker, one implementation for each, and the choice between them at run time. */

import type { Secrets } from "../../core/secrets.ts";
import type { Signature, Type } from "./types.ts";
import { signature } from "./types.ts";
import type { Kind, Value } from "./values.ts";
import { kindOf } from "./values.ts";
import type { Work } from "./work.ts";

/** What functions may use besides their arguments. */
export interface Context {
  readonly work: Work;
  readonly secrets: SecretLookup;
}

/** Secrets as an evaluation can see them: what is known already; asking for more is noted for the next try. */
export interface SecretLookup {
  /** @throws SecretsNeeded when the Secret has not been read yet. */
  get(name: string): ReturnType<Secrets["peek"]>;
}

/**
 * Takes the target, if there is one, and the arguments. An implementation writes down the types that its signature
 * says; whoever calls it has asked {@link accepts} first.
 */
export type Implementation = (context: Context, ...args: never[]) => Value;

export interface Overload extends Signature {
  readonly name: string;
  /** One for each parameter; undefined where anything may stand. */
  readonly guards: readonly (Kind | undefined)[];
  /** The checker takes it only in a macro, or behind one. */
  readonly behindMacros?: boolean;
  /** Where the checker knows no type, the values choose among all overloads: operators have one implementation in cel-go. */
  readonly byValue?: boolean;
  readonly run: Implementation;
}

/**
 * One overload of a function.
 *
 * @param name as it is called, `math.ceil` or `startsWith`; operators under cel-go's names (`_+_`).
 * @param text the signature, see {@link signature}.
 */
export function overload(name: string, text: string, run: Implementation): Overload {
  const parsed = signature(text);
  return { ...parsed, name, guards: parsed.params.map(guardOf), run };
}

/** True when an overload takes these values. */
export function accepts(candidate: Overload, args: readonly Value[]): boolean {
  const { guards } = candidate;
  for (let i = 0; i < guards.length; i++) {
    const guard = guards[i];
    if (guard !== undefined && kindOf(args[i] as Value) !== guard) return false;
  }
  return true;
}

const GUARDS: Partial<Record<Type["kind"], Kind>> = {
  null: "null_type",
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
};

function guardOf(type: Type): Kind | undefined {
  if (type.kind === "dyn" || type.kind === "param") return undefined;
  return GUARDS[type.kind] ?? (type.kind as Kind);
}

/** Functions by name. */
export type Library = ReadonlyMap<string, readonly Overload[]>;

export function library(...groups: readonly (readonly Overload[])[]): Library {
  const functions = new Map<string, Overload[]>();
  for (const candidate of groups.flat()) {
    const known = functions.get(candidate.name);
    if (known === undefined) functions.set(candidate.name, [candidate]);
    else known.push(candidate);
  }
  return functions;
}
