/** Lints objects as `sluice check` does: what it says, as `CODE message`, with the line that each thing stands in. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILT_IN } from "../../../interceptors/index.ts";
import { loadCatalog } from "../../../src/catalog/index.ts";
import { compilePlans } from "../../../src/catalog/plans/in-force.ts";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { createRegistry } from "../../../src/decide/intercept/registry.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { listener, OPEN, trigger, type Written } from "../../helpers/objects.ts";

export interface Said {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
  readonly at: { readonly line: number; readonly column: number } | undefined;
  readonly values: Readonly<Record<string, string>>;
}

export async function lintOf(...objects: readonly Written[]) {
  using folder = temporaryFolder("sluice-lint-");
  const file = join(folder.path, "objects.yaml");
  writeFileSync(file, objects.map((object) => JSON.stringify(object, undefined, 2)).join("\n---\n"));
  const { declarations, secrets, faults } = await loadCatalog({ paths: [file] });
  const [first] = faults;
  if (first !== undefined) throw first;
  const needs = { registry: createRegistry(BUILT_IN), secrets, unverified: "refuse" as const };
  const { errors, warnings } = compilePlans(declarations, needs);
  return { errors: errors as readonly Said[], warnings: warnings as readonly Said[] };
}

export const lines = (said: readonly Said[]): readonly string[] =>
  said.map(({ code, message }) => `${code} ${message}`);

/** A trigger whose template has these resources and declares these params. */
export function firing(
  bindings: readonly Written[],
  params: readonly Written[],
  ...resourcetemplates: readonly Written[]
): Written {
  return trigger("a", [], { bindings, template: { spec: { params, resourcetemplates } } });
}

/** The listener `git` that anyone may send to, with these triggers. */
export function open(...triggers: readonly Written[]): Written {
  return listener("git", triggers, OPEN);
}

export function taskRun(spec: Written): Written {
  return { apiVersion: "tekton.dev/v1", kind: "TaskRun", metadata: { generateName: "x-" }, spec };
}

export function pipelineRun(spec: Written): Written {
  return { apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { generateName: "x-" }, spec };
}
