/** Names, labels and annotations as API servers take them, and CEL that makes a value fit. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { repairCalls } from "../../src/core/metadata-cure.ts";
import { metadataFields, refusedFields } from "../../src/core/object-metadata.ts";
import { activate } from "../../src/decide/cel/activation.ts";
import { compileCel } from "../../src/decide/cel/program.ts";

const run = (metadata: object, more: object = {}) =>
  ({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata, ...more }) as never;
const refused = (metadata: object, more?: object) => refusedFields(run(metadata, more))[0]?.path.join(".");

describe("a field that every API server refuses is found", () => {
  const L64 = "a".repeat(64);
  for (const name of ["Build-1", "a_b", "a/b", "-a", "a-", "a..b", "a.-b", "é", "a b", L64])
    test(`name ${name}`, () => assert.equal(refused({ name }), "metadata.name"));
  for (const value of ["feature/x", "a b", "-a", "a.", "v1+2", "ä", L64])
    test(`label value ${value}`, () =>
      assert.equal(refused({ name: "a", labels: { branch: value } }), "metadata.labels.branch"));
  for (const key of ["a/b/c", "/a", "A_/b", "a b", "", L64])
    test(`label key ${key}`, () =>
      assert.equal(refused({ name: "a", labels: { [key]: "x" } }), `metadata.labels.${key}`));
  test("an annotation's key, its number and a namespace", () => {
    assert.equal(refused({ name: "a", annotations: { "a b": "x" } }), "metadata.annotations.a b");
    assert.equal(refused({ name: "a", annotations: { n: 5 } }), "metadata.annotations.n");
    assert.equal(refused({ name: "a", namespace: "a.b" }), "metadata.namespace");
  });
});

test("a Service begins with a letter, a Namespace need not", () => {
  const core = (kind: string) => ({ apiVersion: "v1", kind });
  assert.equal(refused({ name: "1-hook" }, core("Service")), "metadata.name");
  assert.equal(refused({ name: "a.b" }, core("Service")), "metadata.name");
  assert.equal(refused({ name: "hook-1" }, core("Service")), undefined);
  assert.equal(refused({ name: "1-team" }, core("Namespace")), undefined);
});

test("null is an empty annotation for an API server", () => {
  assert.equal(refused({ name: "a", annotations: { e: null } }), undefined);
});

describe("what is taken is not refused", () => {
  const kinds: readonly [string, object, object][] = [
    ["63 characters", { name: "a".repeat(63) }, {}],
    ["longer names of other kinds", { name: "a".repeat(200) }, { apiVersion: "v1", kind: "ConfigMap" }],
    [
      "any path segment of RBAC",
      { name: "system:x" },
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
    ],
    [
      "tags of OpenShift",
      { name: "app:main" },
      { apiVersion: "image.openshift.io/v1", kind: "ImageStreamTag" },
    ],
    [
      "an empty label, a prefix, any annotation",
      { name: "a.b", labels: { "x.y/Z_1": "" }, annotations: { "X.y/z": "a b/\n" } },
      {},
    ],
    ["metadata that is null", null as never, {}],
  ];
  for (const [what, metadata, more] of kinds)
    test(what, () => assert.equal(refused(metadata, more), undefined));
});

test("the calls that are told make the value fit when they are run", () => {
  const rules = new Map(
    metadataFields(run({ name: "a", labels: { a: "b" } }))
      .filter(({ isKey }) => !isKey)
      .map(({ path, rule }) => [path[1], rule]),
  );
  for (const value of [
    "refs/heads/Main",
    "feature/ÄÖ x",
    "-a-",
    "x".repeat(90),
    `${"x".repeat(62)}--y`,
    "Org/../a",
    "a.-b",
    "-.x.-",
    `${"é".repeat(40)}z`,
    `${"x".repeat(62)}/${"y".repeat(9)}`,
    `v1.2+build_3`,
    "a\nb",
    'it\'s "so"',
  ]) {
    for (const rule of rules.values()) {
      const program = compileCel(`body.v${repairCalls(rule, rule.max)}`);
      const event = {
        id: "1",
        url: "/",
        headers: {},
        extensions: {},
        payload: { text: JSON.stringify({ v: value }), json: () => ({ v: value }) },
      };
      const made = program.evaluate(activate(event as never), { namespace: "", secrets: {} as never });
      assert.ok(rule.test(String(made)), `${value} → ${String(made)}`);
    }
  }
});
