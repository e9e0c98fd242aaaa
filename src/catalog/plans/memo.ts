/** Remembers what was made of declared objects, and makes anew only what looks at one that became another. */

import type { LocatedDeclarations } from "../declarations.ts";

/**
 * @param key tells apart what is made.
 * @param inputs what it is made of, besides what it looks up; compared by identity.
 * @param make looks everything else up in the declarations that it is given.
 */
export type Recall = <T>(
  key: string,
  inputs: readonly unknown[],
  declarations: LocatedDeclarations,
  make: (declarations: LocatedDeclarations) => T,
) => T;

export interface Memory {
  recall: Recall;
  /** Forgets what was not asked for since the last call. */
  forget(): void;
}

/** Remembers nothing. */
export const makeAnew: Recall = (_key, _inputs, declarations, make) => make(declarations);

/** One question to the declarations, and what it was answered. */
interface Lookup {
  readonly ask: (declarations: LocatedDeclarations) => unknown;
  readonly answer: unknown;
}

interface Made {
  readonly inputs: readonly unknown[];
  readonly lookups: readonly Lookup[];
  /** What was made for it on the way: it lives as long. */
  readonly parts: readonly string[];
  readonly value: unknown;
}

export function createMemory(): Memory {
  let known = new Map<string, Made>();
  let used = new Map<string, Made>();
  let making: string[] = [];
  /** Those that are looked into now, themselves: what is made on the way for something else records for itself. */
  let source: LocatedDeclarations | undefined;

  const find = (key: string): Made | undefined => used.get(key) ?? known.get(key);

  function keep(key: string, made: Made): void {
    if (used.get(key) === made) return;
    used.set(key, made);
    for (const part of made.parts) {
      const inner = find(part);
      if (inner !== undefined) keep(part, inner);
    }
  }

  /** Whether all that was looked up, for it and for its parts, would be answered as it was. */
  function isStill({ lookups, parts }: Made, declarations: LocatedDeclarations): boolean {
    if (!lookups.every(({ ask, answer }) => isEqual(ask(declarations), answer))) return false;
    return parts.every((part) => {
      const inner = find(part);
      return inner !== undefined && isStill(inner, declarations);
    });
  }

  function recall<T>(...[key, inputs, given, make]: Parameters<typeof makeAnew<T>>): T {
    making.push(key);
    const declarations = source ?? given;
    const before = find(key);
    if (before !== undefined && isEqual(before.inputs, inputs) && isStill(before, declarations)) {
      keep(key, before);
      return before.value as T;
    }
    const outer = { making, source };
    making = [];
    source = declarations;
    try {
      const lookups: Lookup[] = [];
      const value = make(recorded(declarations, lookups));
      used.set(key, { inputs, lookups, parts: making, value });
      return value;
    } finally {
      ({ making, source } = outer);
    }
  }

  return {
    recall,
    forget() {
      known = used;
      used = new Map();
      making = [];
    },
  };
}

/** The same, or a list of the same. */
function isEqual(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a === b || (a.length === b.length && a.every((one, index) => one === b[index]));
}

function recorded(declarations: LocatedDeclarations, lookups: Lookup[]): LocatedDeclarations {
  function asked<T>(ask: (declarations: LocatedDeclarations) => T): T {
    const answer = ask(declarations);
    lookups.push({ ask, answer });
    return answer;
  }
  const { locate } = declarations;
  return {
    get listeners() {
      return asked((all) => all.listeners);
    },
    find: (kind, namespace, name) => asked((all) => all.find(kind, namespace, name)),
    triggers: (namespaces) => asked((all) => all.triggers(namespaces)),
    names: (kind, namespace) => asked((all) => all.names?.(kind, namespace) ?? []),
    fault: (kind, namespace, name) => asked((all) => all.fault?.(kind, namespace, name)),
    ...(locate && { locate }),
  };
}
