/** The plans in force: compiled from what is declared, swapped as a whole, never edited. */

import type { LocatedDeclarations } from "./catalog/declarations.ts";
import { type CompileNeeds, compileListener } from "./compile.ts";
import type { SluiceError } from "./core/errors.ts";
import type { ListenerPlan, Plans } from "./core/plan.ts";
import type { Secrets } from "./core/secrets.ts";
import { lint } from "./lint/index.ts";

export interface CompiledPlans {
  readonly plans: Plans;
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}

/** Compiles every listener that is declared, and looks for what compiles but is probably not meant. */
export function compilePlans(
  declarations: LocatedDeclarations,
  needs: Omit<CompileNeeds, "declarations">,
): CompiledPlans {
  const compiled = declarations.listeners.map((listener) =>
    compileListener(listener, { ...needs, declarations }),
  );
  const doubts = lint(declarations, needs.selection);
  return {
    plans: plansOf(compiled.map(({ plan }) => plan)),
    errors: distinct([...compiled.flatMap(({ errors }) => errors), ...doubts.errors]),
    warnings: distinct([...compiled.flatMap(({ warnings }) => warnings), ...doubts.warnings]),
  };
}

/** Two listeners that fire one trigger have the same to say of it. */
function distinct(faults: readonly SluiceError[]): readonly SluiceError[] {
  const told = new Map(faults.map((fault) => [JSON.stringify([fault.code, fault.values, fault.at]), fault]));
  return [...told.values()];
}

/** A fixed set of plans. */
export function plansOf(all: readonly ListenerPlan[]): Plans {
  const byName = new Map(all.map((plan) => [`${plan.namespace}/${plan.name}`, plan]));
  return { all: () => all, find: (namespace, name) => byName.get(`${namespace}/${name}`) };
}

interface State {
  readonly plans: Plans;
  readonly secrets: Secrets;
}

/** What is in force now: plans and the secrets that were declared with them, changed together. */
export interface InForce {
  readonly plans: Plans;
  readonly secrets: Secrets;
  swap(next: State): void;
}

export function createInForce(): InForce {
  let current: State | undefined;
  return {
    plans: {
      all: () => current?.plans.all() ?? [],
      find: (namespace, name) => current?.plans.find(namespace, name),
    },
    secrets: {
      peek: (namespace, name) => (current === undefined ? null : current.secrets.peek(namespace, name)),
      read: async (namespace, name) => (await current?.secrets.read(namespace, name)) ?? null,
    },
    swap(next) {
      current = next;
    },
  };
}
