/** Literal text of bindings and defaults that makes no valid JSON where it is pasted: a quote, a line end, a backslash. */

import { cutValue } from "../../decide/bind/index.ts";
import { OLD_ESCAPE_ANNOTATION } from "../../decide/render/index.ts";
import { escapedIn } from "./escapes.ts";
import type { Finding } from "./finding.ts";
import type { Use } from "./use.ts";

/** Tekton pastes values into the text of the template: these fail with every event, or become something else. */
export function checkLiterals({ params, template, used, name: trigger }: Use): readonly Finding[] {
  if (template === undefined) return [];
  const escapes = Object.hasOwn(template.annotations, OLD_ESCAPE_ANNOTATION);
  const bound = params
    .filter((param) => used.has(param.name))
    .flatMap(({ name, value, owner, path }) =>
      doubtsOf(value, escapes, { trigger, param: name, what: "value" }, { owner, path: [...path, "value"] }),
    );
  const defaults = template.spec.params.flatMap(({ name, default: value = "" }, index) => {
    const path = [...template.path, "params", index, "default"];
    const about = { trigger, param: name, what: "default" };
    return used.has(name) ? doubtsOf(value, escapes, about, { owner: template.owner, path }) : [];
  });
  return [...bound, ...defaults];
}

interface About {
  readonly trigger: string;
  readonly param: string;
  readonly what: string;
}

function doubtsOf(
  value: string,
  escapesQuotes: boolean,
  about: About,
  where: Pick<Finding, "owner" | "path">,
): readonly Finding[] {
  const cause = causeOf(value, escapesQuotes);
  if (cause !== undefined) return [finding(about, value, cause, where)];
  const escaped = escapedIn(value);
  if (escaped === undefined) return [];
  const { written: piece, becomes, kept } = escaped;
  const values = { ...about, piece, becomes, written: inSingleQuotes(kept) };
  return [{ code: "SLUICE_LITERAL_ESCAPED", values, ...where }];
}

function finding(
  about: About,
  value: string,
  cause: string,
  where: Pick<Finding, "owner" | "path">,
): Finding {
  const { literals, paths } = cutValue(value);
  const escaped = literals.map((text) => JSON.stringify(text).slice(1, -1));
  const better = escaped.reduce((text, literal, i) => `${text}$(${paths[i - 1]})${literal}`);
  return {
    code: "SLUICE_LITERAL_BROKEN",
    values: { ...about, cause, written: inSingleQuotes(better) },
    ...where,
  };
}

function inSingleQuotes(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return `'${shown.replaceAll("'", "''")}'`;
}

/** Undefined where the text is fit to be pasted. What the event gives is escaped, and stands as one letter here. */
function causeOf(value: string, escapesQuotes: boolean): string | undefined {
  const { literals } = cutValue(value);
  const text = literals.map((one) => (escapesQuotes ? one.replaceAll('"', '\\"') : one)).join("x");
  try {
    JSON.parse(`"${text}"`);
    return undefined;
  } catch {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
    if (/[\x00-\x1f]/.test(text)) return /[\r\n]/.test(text) ? "a line end" : "a control character";
    return /(?:^|[^\\])(?:\\\\)*"/.test(text) ? "a quote" : "a backslash that begins no escape of JSON";
  }
}
