/** TriggerBinding and ClusterTriggerBinding: params that say where in an event a value stands. */

import type { JsonObject } from "../../core/json.ts";
import type { Metadata, ParamSpec } from "../../core/tekton.ts";
import type { Findings, Path } from "../findings.ts";
import { quoted } from "../findings.ts";
import { anything, list, struct, text } from "../shape.ts";
import { checkName } from "./metadata.ts";

const NO_TYPE = {
  type: "params of a TriggerBinding are always text; leave the type out",
  default: "a default belongs to the param of the TriggerTemplate",
} as const;

const binding = struct({
  apiVersion: text,
  kind: text,
  metadata: anything,
  spec: struct({ params: list(struct({ name: text, value: text }, [], NO_TYPE)) }),
  status: struct({}),
});

/** Reads and validates a binding; undefined when its fields have the wrong shape. */
export function readBinding(
  object: JsonObject,
  metadata: Metadata,
  findings: Findings,
): { readonly params: readonly ParamSpec[] } | undefined {
  const read = binding(object, [], { findings, strict: true });
  if (read === undefined || findings.found.length > 0) return undefined;
  checkName(metadata, findings);
  // Tekton lets null entries through and reads them as a param without name and value.
  const params = (read.spec?.params ?? []).map((param) => ({
    name: param?.name ?? "",
    value: param?.value ?? "",
  }));
  if (params.length === 0) findings.add(["spec", "params"], "must hold at least one param");
  checkParams(params, ["spec", "params"], findings);
  return { params };
}

function checkParams(params: readonly ParamSpec[], path: Path, findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, { name, value }] of params.entries()) {
    if (seen.has(name)) findings.add([...path, index, "name"], `${quoted(name)} is declared twice`);
    seen.add(name);
    if (!expressionsEnd(value))
      findings.add(
        [...path, index, "value"],
        `${quoted(value)} starts one $(…) inside another; expressions do not nest`,
      );
  }
}

/** Tekton's rule: between one `$(` and the next, brackets must have closed; the last one may stay open. */
function expressionsEnd(value: string): boolean {
  const expressions = value.split("$(").slice(1);
  return expressions.slice(0, -1).every((expression) => {
    let open = 0;
    for (const sign of expression) {
      if (sign === "(") open++;
      else if (sign === ")" && --open < 0) return true;
    }
    return false;
  });
}
