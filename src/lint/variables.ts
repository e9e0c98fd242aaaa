/** Variables of a template that nothing will ever replace. */

import type { JsonValue } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import { variablesIn } from "../render/index.ts";
import type { Finding } from "./finding.ts";
import type { Use } from "./use.ts";

/** Admission refuses `$(tt.params.x)` without x under params; `$(tt.param.x)`, `$(tt.params["x"])` and odd names pass it. */
export function checkVariables({ template, params }: Pick<Use, "template" | "params">): readonly Finding[] {
  if (template === undefined) return [];
  const declared = template.spec.params.map(({ name }) => name);
  const known = new Set([...declared, ...params.map(({ name }) => name)]);
  const findings: Finding[] = [];
  template.spec.resourcetemplates.forEach((resource, index) => {
    look(resource, ["resourcetemplates", index]);
  });
  return findings;

  function look(value: JsonValue, path: readonly (string | number)[]): void {
    if (typeof value === "string") {
      for (const variable of lost(value, known)) {
        const meant = nearest(NAME.exec(variable)?.[1] ?? "", declared);
        const hint =
          meant === undefined
            ? `declared params: ${declared.join(", ") || "none"}`
            : `did you mean $(tt.params.${meant})?`;
        const { owner, path: base } = template as NonNullable<typeof template>;
        findings.push({
          code: "SLUICE_VARIABLE_UNKNOWN",
          values: { variable, hint },
          owner,
          path: [...base, ...path],
        });
      }
    } else if (Array.isArray(value)) {
      (value as readonly JsonValue[]).forEach((item, i) => {
        look(item, [...path, i]);
      });
    } else if (isJsonObject(value)) {
      for (const [key, content] of Object.entries(value)) {
        look(key, [...path, key]);
        look(content, [...path, key]);
      }
    }
  }
}

const NAME = /([\w-]+)["'\])\s]*$/;
const SUSPECT = /\$\(\s*tt\b[^)]{0,200}\)/g;

function lost(text: string, known: ReadonlySet<string>): readonly string[] {
  if (!text.includes("$(")) return [];
  return [...text.matchAll(SUSPECT)].flatMap(([variable]) => {
    const [name, ...more] = variablesIn(variable);
    return name !== undefined && more.length === 0 && known.has(name) ? [] : [variable];
  });
}
