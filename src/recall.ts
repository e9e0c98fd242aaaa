/** Remembers what was made of declared objects, and makes anew only what looks at one that became another. */

import type { LocatedDeclarations } from "./catalog/declarations.ts";

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

  function keep(key: string, made: Made): void {
    used.set(key, made);
    for (const part of made.parts) {
      const inner = known.get(part);
      if (inner !== undefined && !used.has(part)) keep(part, inner);
    }
  }

  function recall<T>(...[key, inputs, declarations, make]: Parameters<typeof makeAnew<T>>): T {
    making.push(key);
    const before = used.get(key) ?? known.get(key);
    if (before !== undefined && isSame(before, inputs, declarations)) {
      keep(key, before);
      return before.value as T;
    }
    const outer = making;
    making = [];
    try {
      const lookups: Lookup[] = [];
      const value = make(recorded(declarations, lookups));
      used.set(key, { inputs, lookups, parts: making, value });
      return value;
    } finally {
      making = outer;
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

/** Asks everything again, also of the declarations that record for someone outside: he depends on it too. */
function isSame(made: Made, inputs: readonly unknown[], declarations: LocatedDeclarations): boolean {
  if (!isEqual(made.inputs, inputs)) return false;
  return made.lookups.every(({ ask, answer }) => isEqual(ask(declarations), answer));
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
