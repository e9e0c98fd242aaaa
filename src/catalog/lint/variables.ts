/** Variables of bindings and templates that nothing will ever replace. */

import type { JsonValue } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import { nearest } from "../../core/nearest.ts";
import { cutValue } from "../../decide/bind/index.ts";
import { variablesIn } from "../../decide/render/index.ts";
import { type BoundParam, isTriggersObject, type Template } from "../index.ts";
import type { Finding } from "./finding.ts";
import { barePath, type Misspelt, ofEvent, ofTemplate } from "./spelling.ts";
import type { Use } from "./use.ts";

type Path = readonly (string | number)[];

/** Values of bindings that hold text where a variable was meant. */
export function checkBindingVariables(params: readonly BoundParam[]): readonly Finding[] {
  return params.flatMap(({ value, owner, path }) => {
    const { literals, paths } = cutValue(value);
    const calls = paths
      .flatMap((path) => [...callIn(path), ...ofContext(path)])
      .map(
        (doubt): Finding => ({
          code: "SLUICE_PATH_DOUBTFUL",
          values: doubt,
          owner,
          path: [...path, "value"],
        }),
      );
    const bare = barePath(value);
    const meant = bare === undefined ? literals.flatMap(ofEvent) : [bare];
    // Any other `$(` that stands in a literal has no end.
    const open = meant.length === 0 ? literals.flatMap(openIn) : [];
    const texts = [...meant, ...open].map(
      (one): Finding => ({
        ...told(one, "the object gets it as it stands"),
        owner,
        path: [...path, "value"],
      }),
    );
    return [...calls, ...texts];
  });
}

/** A call of CEL in a path, which takes it for a key: `body.ref.split('/')[2]`. */
function callIn(path: string): readonly Readonly<Record<string, string>>[] {
  const [, method] = CALL.exec(path) ?? [];
  if (method === undefined) return [];
  const reason = `.${method}(…) is a call of CEL, and a path takes it for a key`;
  const cure = `Write it as the expression of an overlay of a cel interceptor, and bind $(extensions.<key of the overlay>).`;
  return [{ path: path.slice(0, 200), reason, cure }];
}

/** The context has one key: another one is never there. */
function ofContext(path: string): readonly Readonly<Record<string, string>>[] {
  const [, bare, quotedKey] = CONTEXT.exec(path) ?? [];
  const key = bare ?? quotedKey;
  if (key === undefined || key === "eventID" || key === "EventID") return [];
  const cure =
    nearest(key, ["eventID"]) === undefined
      ? "Write $(context.eventID), or what the event itself has: $(body.…)."
      : "Did you mean $(context.eventID)?";
  const reason = `the context has no key ${JSON.stringify(key.slice(0, 80))}, only eventID`;
  return [{ path: path.slice(0, 200), reason, cure }];
}

const CONTEXT = /^\{?\.?[cC]ontext(?:\.([\w-]+)|\['([\w-]+)'\])/;

const CALL =
  /\.(split|replace|truncate|translate|lowerAscii|upperAscii|substring|trim|join|matches|startsWith|endsWith|contains|size|last|first|decodeb64|marshalJSON|parseJSON|canonical|match|map|filter|exists)\(/;

function openIn(literal: string): readonly Misspelt[] {
  const at = literal.indexOf("$(");
  return at === -1 ? [] : [{ written: literal.slice(at, at + 80), better: undefined }];
}

function told({ written, better, cure: own }: Misspelt, hint: string): Pick<Finding, "code" | "values"> {
  const cure = own ?? (better === undefined ? "Close the bracket: $(…)." : `Write ${better}.`);
  return { code: "SLUICE_VARIABLE_UNKNOWN", values: { variable: written, hint, cure } };
}

/**
 * Variables in a template. Admission refuses `$(tt.params.x)` without x under params; `$(tt.param.x)`,
 * `$(tt.params["x"])` and odd names pass it, and so does text in other spellings.
 */
export function checkVariables({ template, params }: Pick<Use, "template" | "params">): readonly Finding[] {
  if (template === undefined) return [];
  const declared = template.spec.params.map(({ name }) => name);
  const known = new Set([...declared, ...params.map(({ name }) => name)]);
  const { owner, path: base } = template as Template;
  const findings: Finding[] = [];
  const add = (found: Pick<Finding, "code" | "values">, path: Path) =>
    findings.push({ ...found, owner, path: [...base, ...path] });
  template.spec.resourcetemplates.forEach((resource, index) => {
    look(resource, ["resourcetemplates", index], isTriggersObject(resource));
  });
  return findings;

  /** @param foreign variables of an event may be meant for somebody else there: code, objects of Tekton Triggers. */
  function look(value: JsonValue, path: Path, foreign: boolean): void {
    if (typeof value === "string") {
      for (const variable of lost(value, known))
        add({ code: "SLUICE_VARIABLE_UNKNOWN", values: { variable, hint: hintFor(variable) } }, path);
      for (const one of ofTemplate(value)) add(told(one, "it stays as it stands"), path);
      if (!foreign) for (const one of eventVariables(value)) add(one, path);
      if (isRunsOwn(path)) for (const one of ofRun(value)) add(one, path);
    } else if (Array.isArray(value)) {
      (value as readonly JsonValue[]).forEach((item, i) => {
        look(item, [...path, i], foreign);
      });
    } else if (isJsonObject(value)) {
      for (const [key, content] of Object.entries(value)) {
        look(key, [...path, key], true);
        look(content, [...path, key], foreign || CODE.has(key));
      }
    }
  }

  function hintFor(variable: string): string {
    const meant = nearest(NAME.exec(variable)?.[1] ?? "", declared);
    return meant === undefined
      ? `declared params: ${declared.join(", ") || "none"}`
      : `did you mean $(tt.params.${meant})?`;
  }

  function ofRun(text: string): readonly Pick<Finding, "code" | "values">[] {
    return [...text.matchAll(RUN_PARAM)]
      .filter(([, name = ""]) => declared.includes(name))
      .map(([written, name = ""]) =>
        told({ written, better: `$(tt.params.${name})` }, "a run's own params do not know it"),
      );
  }
}

/** Fields whose text a shell or another program reads. */
const CODE: ReadonlySet<string> = new Set(["script", "args", "command"]);
const NAME = /([\w-]+)["'\])\s]*$/;
const SUSPECT = /\$\(\s*(?:tt\b|tt_?params\b|triggertemplate\b|template\.params\b)[^)]{0,200}\)/gi;
const RUN_PARAM = /\$\(params\.([\w-]+)\)/g;
const OF_EVENT = /\$\(\s*(?:body|headers?|extensions?)\b[.[][^()]{0,200}\)/g;

/** The values of a run's own params, where only a template's variables are replaced. */
function isRunsOwn([, , first, second, , third]: Path): boolean {
  return first === "spec" && second === "params" && third === "value";
}

/** `$(body.ref)` and its like: only a binding reads the event. */
function eventVariables(text: string): readonly Pick<Finding, "code" | "values">[] {
  if (!text.includes("$") && !text.includes("{")) return [];
  const closed = [...text.matchAll(OF_EVENT)].map(([written]) => written);
  return [...closed, ...ofEvent(text).map(({ written }) => written)].map((variable) => ({
    code: "SLUICE_VARIABLE_UNKNOWN" as const,
    values: {
      ...{ variable, hint: "only a binding reads the event" },
      cure: "Bind a param to it, declare that under the template's params, and write $(tt.params.<name>) here.",
    },
  }));
}

function lost(text: string, known: ReadonlySet<string>): readonly string[] {
  if (!text.includes("$(")) return [];
  return [...text.matchAll(SUSPECT)].flatMap(([variable]) => {
    if (variable.slice(2).includes("$(")) return [];
    const [name, ...more] = variablesIn(variable);
    return name !== undefined && more.length === 0 && known.has(name) ? [] : [variable];
  });
}
