/** Whose a file is: one of ours, somebody else's, or the source from which a tool makes one of ours. */

import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import { TEKTON_GROUP } from "./admit.ts";
import type { Path } from "./findings.ts";
import type { SourceFile } from "./yaml.ts";

const SECRET = /^["']?kind["']?[ \t]*:[ \t]*["']?Secret\b/m;

/** Whether a text may declare what this gateway reads: it names Tekton's group, or holds a Secret. */
export function isOurs(text: string): boolean {
  return text.includes(TEKTON_GROUP) || SECRET.test(text);
}

/** A tool that makes the files which are to be read. */
export interface Tool {
  readonly what: string;
  readonly cure: string;
}

const HELM: Tool = {
  what: "a Helm template",
  cure: "Render it (`helm template <chart> --output-dir <folder>`) and name what comes out.",
};
const VARIABLES: Tool = {
  what: "a source with variables",
  cure: "Replace them (`envsubst < source > file`, `oc process`, a postBuild of Flux) and name what comes out.",
};

const HELM_ACTION =
  /\{\{-?\s*(?:[.$(/]|(?:if|else|end|range|with|define|include|template|block|tpl|toYaml|printf|default|required|quote|lookup)\b)/;
const VARIABLE = /\$\{[A-Za-z_][A-Za-z0-9_]*[^}\s]*\}/;

/** The tool that a text is a source of; undefined for one that has no sign of it. */
export function toolOf(text: string): Tool | undefined {
  if (HELM_ACTION.test(text)) return HELM;
  return VARIABLE.test(text) ? VARIABLES : undefined;
}

/** The same of what stands in an object at a path: key or value. */
export function toolAt(written: JsonValue, path: Path): Tool | undefined {
  let value: JsonValue | undefined = written;
  for (const step of path) {
    if (Array.isArray(value)) value = (value as readonly JsonValue[])[Number(step)];
    else value = isJsonObject(value ?? null) ? ownValue(value as never, String(step)) : undefined;
  }
  const last = path.at(-1);
  return toolOf(typeof value === "string" ? value : "") ?? toolOf(typeof last === "string" ? last : "");
}

/** One fault for all that is wrong with a file because nobody rendered it. */
export function unrendered({ path }: SourceFile, { what, cure }: Tool, line = 1): SluiceError {
  return fault("SLUICE_SOURCE_UNRENDERED", { what, cure }, { at: { file: path, line, column: 1 } });
}

/** One warning for what of a file is not read. */
export function passedOver(path: string, reason: string, cure: string, line = 1): SluiceError {
  return fault("SLUICE_SOURCE_PASSED_OVER", { reason, cure }, { at: { file: path, line, column: 1 } });
}
