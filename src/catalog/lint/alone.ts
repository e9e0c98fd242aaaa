/** Templates and bindings that no trigger of the files uses: what can be said of each by itself. */

import type { SluiceError } from "../../core/errors.ts";
import { asFault } from "../../core/errors.ts";
import type { ClusterTriggerBinding, TriggerBinding, TriggerTemplate } from "../../core/tekton.ts";
import { checkBindings } from "../../decide/bind/index.ts";
import { compileTemplate } from "../../decide/render/index.ts";
import type { LocatedDeclarations, Template } from "../index.ts";
import type { Finding } from "./finding.ts";
import { type Linted, placed } from "./finding.ts";
import { checkKinds } from "./kinds.ts";
import { checkMetadata } from "./metadata.ts";
import { checkTexts } from "./texts.ts";
import { checkBindingVariables, checkVariables } from "./variables.ts";
import { checkVersions } from "./versions.ts";

/** The name of a listener that stands for those of other files: its triggers may stand behind other interceptors there. */
export const ELSEWHERE = "(another listener)";

/** What the objects of a template say by themselves, whatever fires it. */
export function checkResources(template: Template): readonly Finding[] {
  return [...checkVersions(template), ...checkKinds(template), ...checkTexts(template)];
}

export function lintTemplate(owner: TriggerTemplate, declarations: LocatedDeclarations): Linted {
  const { spec, metadata } = owner;
  const template = { spec, annotations: metadata.annotations, owner, path: ["spec"] };
  const errors: SluiceError[] = [];
  try {
    compileTemplate(template);
  } catch (thrown) {
    errors.push(asFault(thrown));
  }
  const doubts = [
    ...checkMetadata(template, new Map()),
    ...checkVariables({ template, params: [] }),
    ...checkResources(template),
  ];
  return { errors, warnings: placed(doubts, declarations) };
}

/** A path that cannot be read is an error, though a template's default might stand in for it. */
export function lintBinding(
  owner: TriggerBinding | ClusterTriggerBinding,
  declarations: LocatedDeclarations,
): Linted {
  const params = owner.spec.params.map((param, index) => ({
    ...{ ...param, owner, path: ["spec", "params", index] },
    from: `${owner.kind} ${owner.metadata.name}`,
  }));
  const wrong = checkBindings(params, []).map(
    ({ error: { code, values }, index }): Finding => ({
      code,
      values,
      owner,
      path: ["spec", "params", index],
    }),
  );
  return {
    errors: placed(wrong, declarations),
    warnings: placed(checkBindingVariables(params), declarations),
  };
}
