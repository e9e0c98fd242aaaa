/** The lint: what Tekton and the compiler accept, and what is nevertheless probably not meant. */

import type { SluiceError } from "../../core/errors.ts";
import type { EventListener, InterceptorSpec, TektonObject } from "../../core/tekton.ts";
import type { LocatedDeclarations, Path, SelectionOptions } from "../index.ts";
import { triggersOf } from "../index.ts";
import { checkResources, ELSEWHERE } from "./alone.ts";
import { checkAnnotations, wrongLimits } from "./annotations.ts";
import { checkEventTypes } from "./event-types.ts";
import { type Chained, checkExtensions } from "./extensions.ts";
import type { Finding } from "./finding.ts";
import { type Linted, placed } from "./finding.ts";
import { checkForms } from "./forms.ts";
import { checkGone } from "./gone.ts";
import { checkHeaders } from "./headers.ts";
import { checkLiterals } from "./literals.ts";
import { checkUseMetadata } from "./metadata.ts";
import { checkServiceName } from "./names.ts";
import { checkNamespaces } from "./namespaces.ts";
import { checkParams } from "./params.ts";
import { checkRepeated } from "./repeated.ts";
import { checkScripts } from "./scripts.ts";
import { checkSelectors, checkUnmatched } from "./selectors.ts";
import { checkTwice } from "./twice.ts";
import { useOf } from "./use.ts";
import { checkBindingVariables, checkVariables } from "./variables.ts";

export { ELSEWHERE, lintBinding, lintTemplate } from "./alone.ts";
export type { Linted } from "./finding.ts";

/**
 * Looks at everything that listeners fire. References to nothing and expressions that cannot be parsed are passed over:
 * compiling says what is wrong with those.
 *
 * @returns errors and warnings with their places; nothing of it keeps a single trigger from firing.
 */
export function lint(declarations: LocatedDeclarations, selection?: SelectionOptions): Linted {
  const { listeners } = declarations;
  const chained = listeners.flatMap((listener) => chainedOf(listener, declarations, selection));
  const here = chained.filter(({ listener }) => listener.metadata.name !== ELSEWHERE);
  // Each trigger once, however many listeners fire it.
  const uses = [...new Map(chained.map(({ use }) => [use.trigger.spec, use])).values()];
  const warnings: readonly Finding[] = [
    ...checkAnnotations(declarations),
    ...listeners.filter(({ metadata }) => metadata.name !== ELSEWHERE).flatMap(checkServiceName),
    ...listeners.flatMap(checkSelectors),
    ...listeners.flatMap((listener) => checkUnmatched(listener, declarations)),
    ...listeners.flatMap((listener) => checkTwice(listener, declarations, selection)),
    ...listeners.flatMap((listener) => checkRepeated(listener, declarations, selection)),
    ...uses.flatMap(checkUseMetadata),
    ...uses.flatMap(({ template }) => (template === undefined ? [] : checkResources(template))),
    ...uses.flatMap(checkLiterals),
    ...uses.flatMap(({ trigger: { owner, path, spec } }) => ofChain(owner, path, spec.interceptors)),
    ...listeners.flatMap((listener) =>
      listener.spec.triggerGroups.flatMap(({ interceptors }, index) =>
        ofChain(listener, ["spec", "triggerGroups", index], interceptors),
      ),
    ),
    ...here.flatMap(checkExtensions),
    ...checkForms(here),
    ...uses.flatMap(checkVariables),
    ...uses.flatMap(({ params }) => checkBindingVariables(params)),
    ...checkParams(uses),
    ...checkScripts(uses),
    ...checkNamespaces(uses),
    ...uses.flatMap(checkGone),
  ];
  return {
    errors: placed(wrongLimits(declarations), declarations),
    warnings: placed(warnings, declarations),
  };
}

/** What the interceptors of one list say by themselves. @param path of the object that has them. */
function ofChain(owner: TektonObject, path: Path, interceptors: readonly InterceptorSpec[]) {
  return [...checkHeaders(owner, path, interceptors), ...checkEventTypes(owner, path, interceptors)];
}

/** What nobody can mean of one listener alone. */
export function lintListener(
  listener: EventListener,
  declarations: LocatedDeclarations,
): readonly SluiceError[] {
  return placed(wrongLimits({ listeners: [listener] }), declarations);
}

function chainedOf(
  listener: EventListener,
  declarations: LocatedDeclarations,
  selection: SelectionOptions | undefined,
): readonly (Chained & { readonly listener: EventListener })[] {
  return triggersOf(listener, declarations, selection).groups.flatMap((group) =>
    group.triggers.map((trigger) => ({ listener, group, use: useOf(trigger, declarations) })),
  );
}
