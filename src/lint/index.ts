/** The lint: what Tekton and the compiler accept, and what is nevertheless probably not meant. */

import type { LocatedDeclarations, SelectionOptions } from "../catalog/index.ts";
import { triggersOf } from "../catalog/index.ts";
import type { SluiceError } from "../core/errors.ts";
import type { EventListener } from "../core/tekton.ts";
import { checkAnnotations, wrongLimits } from "./annotations.ts";
import type { Finding } from "./finding.ts";
import { placed } from "./finding.ts";
import { checkNamespaces } from "./namespaces.ts";
import { checkParams } from "./params.ts";
import { checkScripts } from "./scripts.ts";
import { checkSelectors } from "./selectors.ts";
import type { Use } from "./use.ts";
import { useOf } from "./use.ts";
import { checkVariables } from "./variables.ts";

export interface Linted {
  /** Nobody can mean these: a file that has them does not come into force. */
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}

/**
 * Looks at everything that listeners fire. References to nothing and expressions that cannot be parsed are passed over:
 * compiling says what is wrong with those.
 *
 * @returns errors and warnings with their places; nothing of it keeps a single trigger from firing.
 */
export function lint(declarations: LocatedDeclarations, selection?: SelectionOptions): Linted {
  const uses = usesOf(declarations, selection);
  const warnings: readonly Finding[] = [
    ...checkAnnotations(declarations),
    ...declarations.listeners.flatMap(checkSelectors),
    ...uses.flatMap(checkVariables),
    ...checkParams(uses),
    ...checkScripts(uses),
    ...checkNamespaces(uses),
  ];
  return {
    errors: placed(wrongLimits(declarations), declarations),
    warnings: placed(warnings, declarations),
  };
}

/** What nobody can mean of one listener alone. */
export function lintListener(
  listener: EventListener,
  declarations: LocatedDeclarations,
): readonly SluiceError[] {
  return placed(wrongLimits({ listeners: [listener] }), declarations);
}

/** Each trigger once, however many listeners fire it. */
function usesOf(declarations: LocatedDeclarations, selection?: SelectionOptions): readonly Use[] {
  const triggers = declarations.listeners.flatMap((listener) =>
    triggersOf(listener, declarations, selection).groups.flatMap((group) => group.triggers),
  );
  const distinct = new Map(triggers.map((trigger) => [trigger.spec, trigger]));
  return [...distinct.values()].map((trigger) => useOf(trigger, declarations));
}
