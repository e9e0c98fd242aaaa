/** Objects and folders for catalog tests. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { type Admission, admit } from "../../src/catalog/admit.ts";
import { createDeclarations, type LocatedDeclarations } from "../../src/catalog/declarations.ts";
import { formatPath } from "../../src/catalog/findings.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { EventListener } from "../../src/core/tekton.ts";

/** An object of group triggers.tekton.dev called `x` in namespace `default`. */
export function written(kind: string, spec: unknown, more: Record<string, unknown> = {}): JsonObject {
  const version = kind.endsWith("Interceptor") ? "v1alpha1" : "v1beta1";
  return {
    apiVersion: `triggers.tekton.dev/${version}`,
    kind,
    metadata: { name: "x", namespace: "default" },
    spec,
    ...more,
  } as JsonObject;
}

/** `field: reason` for everything that admission finds wrong. */
export function refusals(object: JsonObject): string[] {
  return lines(admit(object, "default"));
}

/** Names of the fields that admission refuses. */
export function refusedFields(object: JsonObject): string[] {
  return admit(object, "default").findings.map(({ path }) => formatPath(path));
}

/** Admits objects that must be good; objects get `namespace` where they name none. */
export function declare(objects: readonly JsonObject[], namespace = "default"): LocatedDeclarations {
  return createDeclarations(
    objects.map((object) => {
      const admission = admit(object, namespace);
      if (admission.object === undefined) throw new Error(lines(admission).join("; "));
      return admission.object;
    }),
  );
}

/** The only listener of some declarations. */
export function onlyListener({ listeners }: LocatedDeclarations): EventListener {
  const [listener] = listeners;
  if (listener === undefined) throw new Error("no listener is declared");
  return listener;
}

function lines({ findings }: Admission): string[] {
  return findings.map(({ path, reason }) => `${formatPath(path)}: ${reason}`);
}

/** A folder with these files, removed after the test. */
export async function folderWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-catalog-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** A TriggerBinding as YAML. */
export function bindingYaml(name: string, value = "$(body.a)"): string {
  return `apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerBinding
metadata:
  name: ${name}
spec:
  params:
    - name: a
      value: ${value}
`;
}

/** The spec of a TriggerTemplate that is good. */
export const template = {
  resourcetemplates: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "made" } }],
};
