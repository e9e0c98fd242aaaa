/** A listener whose triggers read their event as dearly as they can, and a small event that makes the most of it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

const tekton = { apiVersion: "triggers.tekton.dev/v1beta1" };
const open = { annotations: { "sluice.dev/verification": "none" } };
const param = (name: string, value: unknown) => ({ name, value });

/** Each filter and path takes seconds of a 4 kB body where nothing bounds it. */
const FILTERS = [
  "body.a.all(x, body.a.all(y, body.a.all(z, z.q == 1)))",
  "body.a.map(x, body.a.map(y, {'a': y, 'b': x})).size() < 0",
  "body.a.all(x, body.a.all(y, string(timestamp('2024-01-01T00:00:00Z')) != ''))",
  "body.a.map(x, body.a).map(x, x.map(y, [y, y, y])).size() < 0",
  "body.a.all(x, body.a.all(y, duration('1h1m1s1h1m1s1h1m1s1h1m1s') > duration('1s')))",
];
const PATHS = ["$(body..n)", "$(body..n..n)", "$(body.a[?(@.x)])", "$(body.a[?(@.x==1.0)])"];

/** Writes the objects of `attacked`, with so many triggers, and of `other`, which has one cheap one. */
export function writeListeners(folder: string, triggers: number): string {
  const template = { ref: "build" };
  const attacked = Array.from({ length: triggers }, (_, i) => ({
    name: `dear-${i}`,
    interceptors:
      i % 2 === 0
        ? [{ ref: { name: "cel" }, params: [param("filter", FILTERS[(i / 2) % FILTERS.length])] }]
        : [],
    bindings: [param("a", PATHS[i % PATHS.length]), param("b", PATHS[(i + 1) % PATHS.length])],
    template,
  }));
  const cheap = {
    name: "cheap",
    interceptors: [{ ref: { name: "cel" }, params: [param("filter", "body.n == 'never'")] }],
    bindings: [param("a", "$(body.n)")],
    template,
  };
  const resource = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { generateName: "made-" },
    data: { a: "$(tt.params.a)" },
  };
  const spec = { params: [{ name: "a", default: "" }], resourcetemplates: [resource] };
  const objects = [
    { ...tekton, kind: "TriggerTemplate", metadata: { name: "build" }, spec },
    {
      ...tekton,
      kind: "EventListener",
      metadata: { name: "attacked", ...open },
      spec: { triggers: attacked },
    },
    { ...tekton, kind: "EventListener", metadata: { name: "other", ...open }, spec: { triggers: [cheap] } },
  ];
  const file = join(folder, "objects.json.yaml");
  writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
  return file;
}

/** A body of some `bytes`: a list, and objects inside each other. */
export function expensiveBody(bytes: number): string {
  let nested = '"x"';
  const depth = Math.min(900, Math.floor(bytes / 12));
  for (let i = 0; i < depth; i++) nested = `{"n":${nested}}`;
  const rest = Math.max(1, Math.floor((bytes - nested.length) / 2));
  return `{"a":[${Array(rest).fill("1").join(",")}],"n":${nested}}`;
}
