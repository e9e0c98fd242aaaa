/** Substitution alone: a TriggerTemplate and params become objects, as Tekton's ResolveResources makes them. */

import type { Cost } from "../../core/cost-budget.ts";
import type { SluiceError } from "../../core/errors.ts";
import { fault, reasonOf } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import type { Params } from "../../core/plan.ts";
import { quoted } from "../../core/quoted.ts";
import type { TriggerTemplateSpec } from "../../core/tekton.ts";
import type { Scope } from "./leaf.ts";
import { BrokenText } from "./leaf.ts";
import type { BuildObject } from "./tree.ts";
import { compileTree } from "./tree.ts";
import { typedParams } from "./typed.ts";

/** What of a TriggerTemplate matters here. Templates that stand inside a trigger have no annotations. */
export interface TemplateSource {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: TriggerTemplateSpec;
}

/**
 * One resource template; `uid` makes the text of `$(uid)`.
 *
 * @throws SluiceError SLUICE_TEMPLATE_BROKEN, also when the object would be longer than {@link MAX_OBJECT_LENGTH}.
 */
export type Substitute = (params: Params, uid: () => string, cost?: Cost) => JsonObject;

/** Its presence counts, whatever its value. */
export const OLD_ESCAPE_ANNOTATION = "triggers.tekton.dev/old-escape-quotes";

/** Characters of one object as JSON text. An API server takes requests of 3 MiB, and etcd less. */
export const MAX_OBJECT_LENGTH = 3 * 1024 * 1024;

/**
 * Compiles the resource templates of a TriggerTemplate (tektoncd/triggers pkg/template/resource.go).
 *
 * `$(tt.params.x)` stands for the param's text wherever it is written, in keys and in values; a param that has no value
 * leaves its variable as it is. Results never hold other structure than the template: where Tekton would let a quote
 * in a value end the string that it was pasted into, this is a fault (the conformance class `unsafe-splice`). Objects
 * and arrays fit into strings with the annotation {@link OLD_ESCAPE_ANNOTATION}, and keep their type with
 * `sluice.dev/typed-params`.
 *
 * @returns one function for each resource template, in order. Results may share parts with the template and with each
 *   other: they must not be changed.
 * @throws SluiceError SLUICE_TEMPLATE_BROKEN when a template nests too deeply.
 */
export function compileSubstitution(template: TemplateSource): readonly Substitute[] {
  const escapeQuotes = Object.hasOwn(template.annotations, OLD_ESCAPE_ANNOTATION);
  const typed = typedParams(template);
  return template.spec.resourcetemplates.map((resource, index) => {
    // What is no object is found out where its kind is asked for.
    const tree = compile(isJsonObject(resource) ? resource : {}, { escapeQuotes, typed }, index);
    const room = MAX_OBJECT_LENGTH - JSON.stringify(resource).length;
    return (params, uid, cost) => {
      const object =
        typeof tree === "function" ? build(tree, { params, uid, grow: limited(room, cost) }, index) : tree;
      const kind = ownValue(object, "kind");
      if (typeof kind !== "string" || kind === "") throw broken(index, "kind is missing");
      const version = ownValue(object, "apiVersion");
      if (typeof version === "string" && version.split("/").length > 2) {
        throw broken(index, `apiVersion ${quoted(version)} is not <group>/<version>`);
      }
      return object;
    };
  });
}

/** Characters of a value that are pasted for one step of the cost budget. */
const CHARACTERS_PER_STEP = 4;

/** Counts what is pasted, before it is pasted: one value may stand in many places. */
function limited(room: number, cost: Cost | undefined): Scope["grow"] {
  let left = room;
  return (characters) => {
    left -= characters;
    cost?.charge(1 + characters / CHARACTERS_PER_STEP);
    if (left < 0)
      throw new BrokenText(`it has more than ${MAX_OBJECT_LENGTH} characters; no API server takes it`);
  };
}

function compile(
  resource: JsonObject,
  { escapeQuotes, typed }: { readonly escapeQuotes: boolean; readonly typed: ReadonlySet<string> },
  index: number,
): JsonObject | BuildObject {
  try {
    return compileTree(resource, escapeQuotes, typed);
  } catch (error) {
    throw broken(index, reasonOf(error), error);
  }
}

function build(tree: BuildObject, scope: Scope, index: number): JsonObject {
  try {
    return tree(scope);
  } catch (error) {
    throw error instanceof BrokenText ? broken(index, error.message, error, error.cure) : error;
  }
}

/** @param index position of the resource template, from 0. @param cure what helps, where the cause is known. */
export function broken(index: number, reason: string, cause?: unknown, cure?: string): SluiceError {
  return fault("SLUICE_TEMPLATE_BROKEN", { index: String(index), reason, ...(cure && { cure }) }, { cause });
}
