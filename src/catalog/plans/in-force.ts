/** The plans in force: compiled from what is declared, swapped as a whole, never edited. */

import type { SluiceError } from "../../core/errors.ts";
import type { ListenerPlan, Plans } from "../../core/plan.ts";
import type { Secrets } from "../../core/secrets.ts";
import type { EventListener } from "../../core/tekton.ts";
import type { LocatedDeclarations } from "../declarations.ts";
import { lint, lintListener } from "../lint/index.ts";
import { type Compiled, type CompileNeeds, compileListener } from "./compile/listener.ts";
import { createMemory } from "./memo.ts";

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
    withLimits(compileListener(listener, { ...needs, declarations }), listener, declarations),
  );
  const doubts = lint(declarations, needs.selection);
  return {
    plans: plansOf(compiled.map(({ plan }) => plan)),
    errors: distinct(compiled.flatMap(({ errors }) => errors)).filter(isNew),
    warnings: distinct([...compiled.flatMap(({ warnings }) => warnings), ...doubts.warnings]).filter(isNew),
  };
}

/** What is wrong with an object of a file was told with its place: not again by everything that names it. */
function isNew({ code }: SluiceError): boolean {
  return code !== "SLUICE_OBJECT_UNUSABLE";
}

/** A limit that is none takes out its listener: somebody believes to be protected. */
function withLimits(made: Compiled, listener: EventListener, declarations: LocatedDeclarations): Compiled {
  const [limit] = lintListener(listener, declarations);
  if (limit === undefined) return made;
  const plan = { ...made.plan, fault: made.plan.fault ?? limit };
  return { plan, errors: [...made.errors, limit], warnings: made.warnings };
}

export interface Planner {
  /** Compiles what changed since the last time, and takes the rest as it was. */
  compile(declarations: LocatedDeclarations): CompiledPlans;
}

/**
 * For declarations that change one by one. Nothing keeps them from coming into force, so what is wrong with a listener
 * stays with that listener, as its fault.
 */
export function createPlanner(needs: Omit<CompileNeeds, "declarations">): Planner {
  const memory = createMemory();

  function compiled(listener: EventListener, all: LocatedDeclarations): Compiled {
    const { namespace, name } = listener.metadata;
    const key = `${namespace}/${name}`;
    return memory.recall(key, [listener], all, (declarations) => {
      const { recall } = memory;
      const demands = recall(`${key} demands`, [], declarations, () => new Map());
      const made = compileListener(listener, { ...needs, declarations, recall, demands });
      return withLimits(made, listener, declarations);
    });
  }

  return {
    compile(declarations) {
      const all = declarations.listeners.map((listener) => compiled(listener, declarations));
      memory.forget();
      return {
        plans: plansOf(all.map(({ plan }) => plan)),
        errors: distinct(all.flatMap(({ errors }) => errors)),
        warnings: distinct(all.flatMap(({ warnings }) => warnings)),
      };
    },
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
  /** Why listeners may be declared that have no plan. */
  readonly unread?: SluiceError;
}

/** What is in force now: plans and the secrets that were declared with them, changed together. */
export interface InForce {
  readonly plans: Plans;
  readonly secrets: Secrets;
  swap(next: State): void;
}

/** With its place: whoever is on call looks for the file. */
function placed({ message, at }: SluiceError): string {
  return at === undefined ? message : `${at.file}:${at.line}: ${message}`;
}

export function createInForce(): InForce {
  let current: State | undefined;
  return {
    plans: {
      all: () => current?.plans.all() ?? [],
      find: (namespace, name) => current?.plans.find(namespace, name),
      unread: () =>
        current === undefined ? "nothing is in force yet" : current.unread && placed(current.unread),
    },
    secrets: {
      peek: (namespace, name) => (current === undefined ? null : current.secrets.peek(namespace, name)),
      read: async (namespace, name) => (await current?.secrets.read(namespace, name)) ?? null,
      again: async (namespace, name) => current?.secrets.again?.(namespace, name),
      names: (namespace) => current?.secrets.names?.(namespace) ?? [],
    },
    swap(next) {
      current = next;
    },
  };
}
