/** The kinds that Sluice defines for clusters without Tekton Triggers: what they take, what they refuse, and in which words. */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { ROOT } from "../helpers/process.ts";
import { createAdmission, definitions, type Rule, type Schema } from "./admission.ts";
import { REFUSED, TAKEN } from "./admission-cases.ts";

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

for (const [what, object] of Object.entries(TAKEN))
  test(`taken: ${what}`, () => assert.deepEqual(refusals(object), []));

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
