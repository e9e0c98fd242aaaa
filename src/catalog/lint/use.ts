/** A use: one trigger with the params that its bindings give and the template that takes them. */

import type { JsonValue } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import { variablesIn } from "../../decide/render/index.ts";
import type { BoundParam, LocatedDeclarations, SelectedTrigger, Template } from "../index.ts";
import { bindingsOf, templateOf } from "../index.ts";

export interface Use {
  readonly trigger: SelectedTrigger;
  /** For people. */
  readonly name: string;
  readonly params: readonly BoundParam[];
  /** Undefined where the trigger names a template that is not there. */
  readonly template: Template | undefined;
  /** True when every binding that the trigger names is there. */
  readonly complete: boolean;
  /** Names of the params that stand in the template's resources. */
  readonly used: ReadonlySet<string>;
}

export function useOf(trigger: SelectedTrigger, declarations: LocatedDeclarations): Use {
  const { params, faults } = bindingsOf(trigger, declarations);
  const found = templateOf(trigger, declarations);
  const template = "fault" in found ? undefined : found;
  const used = new Set<string>();
  for (const text of textsOf(template?.spec.resourcetemplates ?? []))
    for (const name of variablesIn(text)) used.add(name);
  return { trigger, name: trigger.shown, params, template, complete: faults.length === 0, used };
}

/** Every string in a value, keys included. */
export function* textsOf(value: JsonValue): Generator<string> {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const item of value as readonly JsonValue[]) yield* textsOf(item);
  else if (isJsonObject(value)) {
    for (const [key, content] of Object.entries(value)) {
      yield key;
      yield* textsOf(content);
    }
  }
}
