/** The kinds that Sluice defines for clusters without Tekton Triggers: what they take, what they refuse, and in which words. */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { ROOT } from "../helpers/process.ts";
import { createAdmission, definitions, type Rule, type Schema } from "./admission.ts";

const all = definitions();
const refusals = createAdmission(all);
const TEKTON = join(ROOT, "../shared/tekton");
const ABSENT = !existsSync(TEKTON) && "../shared/tekton IS NOT HERE: its files are not compared";

const documents = (pattern: string, cwd: string): readonly (readonly [string, JsonObject])[] =>
  globSync(pattern, { cwd })
    .sort()
    .flatMap((path) =>
      parseAllDocuments(readFileSync(join(cwd, path), "utf8")).flatMap((document) => {
        const object: unknown = document.toJS();
        return isJsonObject(object) ? [[path, object] as const] : [];
      }),
    );
const ours = (object: JsonObject) => String(object.apiVersion).startsWith("triggers.tekton.dev/");

test("our own examples are taken as they are", () => {
  const objects = documents("**/*.yaml", join(ROOT, "examples")).filter(([, object]) => ours(object));
  assert.ok(objects.length > 8, `${objects.length} objects`);
  for (const [path, object] of objects) assert.deepEqual(refusals(object), [], path);
});

test("Tekton's published examples are taken as they are", { skip: ABSENT }, () => {
  const objects = documents("examples/**/*.yaml", TEKTON).filter(([, object]) => ours(object));
  assert.ok(objects.length > 60, `${objects.length} objects`);
  for (const [path, object] of objects) assert.deepEqual(refusals(object), [], path);
});

test("names, scopes and versions are those of Tekton, so that its objects and tools find them", {
  skip: ABSENT,
}, () => {
  const theirs = documents("crds/*.yaml", TEKTON).map(
    ([, object]) => object as unknown as (typeof all)[number],
  );
  for (const { metadata, spec } of all) {
    const same = theirs.find((one) => one.metadata.name === metadata.name)?.spec;
    assert.ok(same, metadata.name);
    for (const field of ["kind", "plural", "shortNames"] as const)
      assert.deepEqual(spec.names[field], same.names[field], `${metadata.name} ${field}`);
    assert.equal(spec.scope, same.scope, metadata.name);
    const versions = ({ versions }: typeof spec) =>
      versions.map(({ name, served, storage }) => ({ name, served, storage }));
    assert.deepEqual(versions(spec), versions(same), metadata.name);
  }
  const triggers = theirs.filter(({ spec }) => spec.group === "triggers.tekton.dev");
  assert.equal(all.length, triggers.length);
});

test("every version has a status of its own, and one version is stored", () => {
  for (const { metadata, spec } of all) {
    assert.ok(
      spec.versions.every(({ subresources }) => subresources?.status !== undefined),
      metadata.name,
    );
    assert.equal(spec.versions.filter(({ storage }) => storage).length, 1, metadata.name);
  }
});

const schemaOf = (kind: string): Schema => {
  const found = all.find(({ spec }) => spec.names.kind === kind)?.spec.versions[0]?.schema.openAPIV3Schema;
  assert.ok(found, kind);
  return found;
};
const at = (schema: Schema | undefined, ...path: readonly string[]): Schema => {
  const found = path.reduce<Schema | undefined>(
    (inner, name) => (name === "[]" ? inner?.items : inner?.properties?.[name]),
    schema,
  );
  assert.ok(found, path.join("."));
  return found;
};

test("a Trigger has the fields of a listener's inline trigger, and a TriggerTemplate those of an inline template", () => {
  const inline = at(schemaOf("EventListener"), "spec", "triggers", "[]").properties ?? {};
  const { triggerRef: _, ...fields } = inline;
  assert.deepEqual(at(schemaOf("Trigger"), "spec").properties, fields);
  const template = at(schemaOf("Trigger"), "spec", "template", "spec");
  assert.deepEqual(at(schemaOf("TriggerTemplate"), "spec"), template);
});

test("whatever a rule runs on is bounded, as the server's estimate of its cost demands", () => {
  const unbounded: string[] = [];
  const visit = (schema: Schema, path: string): boolean => {
    const inner = [
      ...Object.entries(schema.properties ?? {}).map(([name, child]) => visit(child, `${path}.${name}`)),
      ...(schema.items === undefined ? [] : [visit(schema.items, `${path}[]`)]),
    ].some(Boolean);
    if (inner && schema.type === "array" && schema.maxItems === undefined) unbounded.push(path);
    return inner || schema["x-kubernetes-validations"] !== undefined;
  };
  for (const { spec } of all) visit(schemaOf(spec.names.kind), spec.names.kind);
  assert.deepEqual(unbounded, []);
});

const V1BETA1 = "triggers.tekton.dev/v1beta1";
const listener = (spec: JsonObject, name = "x"): JsonObject => ({
  ...{ apiVersion: V1BETA1, kind: "EventListener", metadata: { name }, spec },
});
const trigger = (spec: JsonObject): JsonObject => ({
  ...{ apiVersion: V1BETA1, kind: "Trigger", metadata: { name: "x" }, spec },
});
const inline = (fields: JsonObject): JsonObject => listener({ triggers: [fields] });
const template: JsonObject = { ref: "build" };
const created: JsonObject = {
  apiVersion: "tekton.dev/v1",
  kind: "PipelineRun",
  metadata: { generateName: "x-" },
};
const interceptor = (clientConfig: JsonObject): JsonObject => ({
  ...{ apiVersion: "triggers.tekton.dev/v1alpha1", kind: "ClusterInterceptor", metadata: { name: "x" } },
  spec: { clientConfig },
});
const binding = (params: JsonObject[]): JsonObject => ({
  ...{ apiVersion: V1BETA1, kind: "TriggerBinding", metadata: { name: "x" }, spec: { params } },
});

const TAKEN: Readonly<Record<string, JsonObject>> = {
  "a trigger by reference": inline({ triggerRef: "x" }),
  "a reference beside empty lists": inline({ triggerRef: "x", bindings: [], interceptors: [] }),
  "an inline trigger": inline({
    template,
    interceptors: [{ ref: { name: "cel" }, params: [{ name: "filter", value: "true" }] }],
  }),
  "a template said inline": trigger({ template: { spec: { resourcetemplates: [created] } } }),
  "a selector": listener({ labelSelector: { matchLabels: { a: "b" } } }),
  "a webhook": trigger({
    ...{ template },
    interceptors: [
      {
        webhook: {
          objectRef: { kind: "Service", apiVersion: "v1", name: "x" },
          header: [{ name: "A", value: ["b"] }],
        },
      },
    ],
  }),
  "the longest name": listener({ triggers: [{ template }] }, "x".repeat(60)),
  "pod fields of any kind": listener({
    triggers: [],
    resources: { kubernetesResource: { spec: { template: { spec: { a: 1 } } } } },
  }),
  "a status of any kind": {
    ...inline({ template }),
    status: { address: { url: "http://x" }, conditions: [{ type: "Ready", status: "True", severity: "x" }] },
  },
};

for (const [what, object] of Object.entries(TAKEN))
  test(`taken: ${what}`, () => assert.deepEqual(refusals(object), []));

const REFUSED: Readonly<Record<string, readonly [JsonObject, RegExp]>> = {
  "a listener that starts nothing": [
    listener({ serviceAccountName: "x" }),
    /^\/spec must have triggers, triggerGroups/,
  ],
  "a selector of no names": [listener({ namespaceSelector: {} }), /^\/spec must have triggers/],
  "a name that leaves no room for el-": [listener({ triggers: [] }, "x".repeat(61)), /no more than 60/],
  "a trigger without template": [
    inline({ name: "x" }),
    /^\/spec\/triggers\/0 must have a triggerRef or a template/,
  ],
  "a trigger by reference and inline": [inline({ triggerRef: "x", template }), /and not both/],
  "interceptors beside a reference": [
    inline({ triggerRef: "x", interceptors: [{ ref: { name: "cel" } }] }),
    /would be ignored/,
  ],
  "an interceptor that names nothing": [
    trigger({ template, interceptors: [{ params: [] }] }),
    /^\/spec\/interceptors\/0 must have a ref or a webhook/,
  ],
  "an interceptor of older days": [
    trigger({ template, interceptors: [{ ref: { name: "github" }, github: { secretRef: {} } }] }),
    /today's form/,
  ],
  "an interceptor that is misspelt": [
    trigger({ template, interceptor: [] }),
    /additional properties: interceptor$/,
  ],
  "a webhook that is no Service": [
    trigger({
      template,
      interceptors: [{ webhook: { objectRef: { kind: "Pod", apiVersion: "v1", name: "x" } } }],
    }),
    /equal to one of the allowed values/,
  ],
  "a template by name and inline": [
    trigger({ template: { ref: "x", spec: { resourcetemplates: [created] } } }),
    /^\/spec\/template must have a ref or a spec/,
  ],
  "a template that creates nothing": [
    trigger({ template: { spec: { resourcetemplates: [] } } }),
    /fewer than 1 items/,
  ],
  "an object without a kind": [
    trigger({ template: { spec: { resourcetemplates: [{ apiVersion: "v1" }] } } }),
    /required property 'kind'/,
  ],
  "a binding of neither form": [
    trigger({ template, bindings: [{ name: "x" }] }),
    /^\/spec\/bindings\/0 must have a ref, or name and value/,
  ],
  "a binding of both forms": [
    trigger({ template, bindings: [{ ref: "x", name: "x" }] }),
    /must have a ref, or name and value/,
  ],
  "a group that selects nothing": [
    listener({ triggerGroups: [{ interceptors: [], triggerSelector: {} }] }),
    /must have a labelSelector/,
  ],
  "a trigger's name that fits into no label": [inline({ name: "a b", template }), /match pattern/],
  "a param that is declared twice": [
    binding([
      { name: "x", value: "1" },
      { name: "x", value: "2" },
    ]),
    /list-map-keys/,
  ],
  "a binding without params": [binding([]), /fewer than 1 items/],
  "a name that fits into no label": [
    { ...trigger({ template }), metadata: { name: "x".repeat(64) } },
    /no more than 63/,
  ],
  "a number where text is wanted": [binding([{ name: "x", value: 1 }]), /must be string/],
  "an interceptor at two addresses": [
    interceptor({ url: "http://x", service: { name: "x", namespace: "y" } }),
    /must have a url or a service/,
  ],
  "a service without namespace": [interceptor({ service: { name: "x" } }), /required property 'namespace'/],
};

for (const [what, [object, expected]] of Object.entries(REFUSED))
  test(`refused: ${what}`, () => {
    const [first = "taken", ...others] = refusals(object);
    assert.match(first, expected);
    assert.deepEqual(others, []);
  });

test("each rule is broken by one of the refused objects", () => {
  const messages = new Set<string>();
  JSON.stringify(all, (key, value: unknown) => {
    if (key === "x-kubernetes-validations") for (const { message } of value as Rule[]) messages.add(message);
    return value;
  });
  assert.ok(messages.size > 8, [...messages].join("\n"));
  const heard = Object.values(REFUSED).flatMap(([object]) => refusals(object));
  const silent = [...messages].filter((message) => !heard.some((refusal) => refusal.endsWith(message)));
  assert.deepEqual(silent, []);
});
