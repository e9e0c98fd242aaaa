/** Where params of a template end up as code: in a step's `script`, or in the words of a shell. */

import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject, ownValue } from "../../core/json.ts";
import { variablesIn } from "../../decide/render/index.ts";
import { textsOf } from "./use.ts";

type Path = readonly (string | number)[];

/** A param of the template whose text becomes code. */
export interface Sink {
  readonly param: string;
  readonly path: Path;
  /** The param of the run or the task that carries it there; undefined where the variable stands in the code itself. */
  readonly via: string | undefined;
}

/** Params of a run, pipeline or task in force at some place, each with the template's params that its value holds. */
type Scope = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Finds code that is made of the template's params, in any kind of object. Values are followed through `params` of
 * runs and pipeline tasks into the inline specs that use them; what a referenced Task does with them is its own affair.
 */
export function sinksOf(resource: JsonObject): readonly Sink[] {
  const sinks: Sink[] = [];
  visit(resource, [], new Map());
  return sinks;

  function visit(value: JsonValue, path: Path, scope: Scope): void {
    if (Array.isArray(value)) {
      for (const [i, item] of (value as readonly JsonValue[]).entries()) visit(item, [...path, i], scope);
    }
    if (!isJsonObject(value)) return;
    const inside = within(value, scope);
    const code = codeOf(value);
    for (const [key, content] of Object.entries(value)) {
      if (code.has(key)) for (const text of textsOf(content)) report(text, [...path, key], inside);
      else visit(content, [...path, key], inside);
    }
  }

  function report(text: string, path: Path, scope: Scope): void {
    for (const param of variablesIn(text)) sinks.push({ param, path, via: undefined });
    for (const via of paramsIn(text, scope))
      for (const param of scope.get(via) ?? []) sinks.push({ param, path, via });
  }
}

/** The scope inside of an object: its own `params` go before those around it. */
function within(object: JsonObject, outer: Scope): Scope {
  const matrix = ownValue(object, "matrix");
  const given = [
    ...listOf(ownValue(object, "params")),
    ...(isJsonObject(matrix ?? null) ? listOf(ownValue(matrix as JsonObject, "params")) : []),
  ];
  if (given.length === 0) return outer;
  const scope = new Map(outer);
  for (const param of given) {
    const name = ownValue(param, "name");
    const value = ownValue(param, "value");
    if (typeof name !== "string") continue;
    // A spec that only declares a param takes the value from around it; its default may step in.
    if (value !== undefined) scope.set(name, held(value, outer));
    else
      scope.set(
        name,
        new Set([...(outer.get(name) ?? []), ...held(ownValue(param, "default") ?? null, outer)]),
      );
  }
  return scope;
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter(isJsonObject) : [];
}

/** The template's params that a value holds, by itself or through params in scope. */
function held(value: JsonValue, scope: Scope): ReadonlySet<string> {
  const found = new Set<string>();
  for (const text of textsOf(value)) {
    for (const name of variablesIn(text)) found.add(name);
    for (const via of paramsIn(text, scope)) for (const name of scope.get(via) ?? []) found.add(name);
  }
  return found;
}

// $(params.x), $(inputs.params.x), $(params["x"]), $(params['x'][*]), $(params.x.key), as Tekton Pipelines writes them.
const PARAM = /\$\((?:inputs\.)?params(?:\.([^)[]+)|\[(?:'([^']*)'|"([^"]*)")\])[^)]*\)/g;

function* paramsIn(text: string, scope: Scope): Generator<string> {
  for (const [, dotted, single, double] of text.matchAll(PARAM)) {
    const name = dotted ?? single ?? double ?? "";
    yield scope.has(name) ? name : (name.split(".", 1)[0] as string);
  }
}

const SHELL =
  /^(?:.*\/)?(?:(?:ba|da|a|z|k|c|fi)?sh|busybox|python[0-9.]*|node|perl|ruby|php|pwsh|powershell|cmd(?:\.exe)?)$/;
const RUN_NEXT = /^(?:-[a-z]*[ce]|-command|\/c|--eval|-r)$/i;

/**
 * The fields of an object whose text is run as code: `script`; `command`, whose first word is the program; and `args`
 * that are words of an interpreter (`sh -c …`). Arguments of other programs are data.
 */
function codeOf(object: JsonObject): ReadonlySet<string> {
  const code = new Set<string>();
  if (typeof ownValue(object, "script") === "string") code.add("script");
  const command = wordsOf(ownValue(object, "command"));
  const args = wordsOf(ownValue(object, "args"));
  if (command.length > 0) code.add("command");
  const words = [...command, ...args];
  // Without a command the image's entry point decides; whoever passes it `-c` knows that it is a shell.
  const shell = command.length === 0 || words.some((word) => SHELL.test(word));
  if (shell && words.some((word) => RUN_NEXT.test(word))) code.add("args");
  return code;
}

function wordsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value)
    ? (value as readonly JsonValue[]).filter((word): word is string => typeof word === "string")
    : [];
}
