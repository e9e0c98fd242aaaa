/** Which triggers a listener fires, under which keys, and what it says of references to nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { countTriggers } from "../../src/catalog/declarations.ts";
import { compileLabelSelector } from "../../src/catalog/labels.ts";
import { bindingsOf, templateOf } from "../../src/catalog/resolve.ts";
import { type SelectedTrigger, type SelectionOptions, triggersOf } from "../../src/catalog/select.ts";
import { declare, onlyListener, template, written } from "./objects-helper.ts";

const inline = (name?: string) => ({ ...(name === undefined ? {} : { name }), template: { spec: template } });

function trigger(name: string, { namespace = "team", labels = {} } = {}) {
  return written("Trigger", { template: { spec: template } }, { metadata: { name, namespace, labels } });
}

function listener(spec: object) {
  return written("EventListener", spec, { metadata: { name: "el", namespace: "team" } });
}

function select(objects: Parameters<typeof declare>[0], options?: SelectionOptions) {
  const declarations = declare(objects);
  return triggersOf(onlyListener(declarations), declarations, options);
}

const shown = ({ namespace, name, key, source }: SelectedTrigger) => `${namespace}/${name} ${key} ${source}`;

test("selected triggers come first, then the listed ones in their order", () => {
  const spec = { labelSelector: {}, triggers: [inline("b"), { triggerRef: "z" }, inline("a")] };
  const { groups, faults } = select([listener(spec), trigger("z"), trigger("y")], { duplicates: "tekton" });
  assert.deepEqual(faults, []);
  assert.deepEqual(
    groups.flatMap(({ triggers }) => triggers.map(shown)),
    ["team/y y selector", "team/z z selector", "team/b b inline", "team/z z#2 triggerRef", "team/a a inline"],
  );
});

test("each trigger that is declared counts once, whoever refers to it", () => {
  const held = [inline("a"), { triggerRef: "z" }, { triggerRef: "z" }, inline()];
  const elsewhere = trigger("y", { namespace: "other" });
  assert.equal(countTriggers(declare([listener({ triggers: held }), trigger("z"), elsewhere])), 4);
});

test("a trigger that is selected twice runs once", () => {
  const spec = {
    labelSelector: {},
    triggers: [{ triggerRef: "z" }],
    namespaceSelector: { matchNames: ["team", "team"] },
  };
  const { groups } = select([listener(spec), trigger("z")]);
  assert.deepEqual(
    groups.map(({ triggers }) => triggers.map(({ key }) => key)),
    [["z"]],
  );
});

test("inline triggers that share a name, or have none, are different triggers", () => {
  const { groups } = select([listener({ triggers: [inline("a"), inline("a"), inline(), inline()] })]);
  assert.deepEqual(
    groups[0]?.triggers.map(({ name, key }) => [name, key]),
    [
      ["a", "a"],
      ["a", "a#2"],
      ["", ""],
      ["", "#2"],
    ],
  );
});

test("one trigger behind two groups has a key behind each, so that it runs once for each", () => {
  const group = (name: string) => ({
    name,
    interceptors: [{ ref: { name: "cel" } }],
    triggerSelector: { labelSelector: {} },
  });
  const { groups } = select([listener({ triggerGroups: [group("one"), group("two")] }), trigger("t")]);
  assert.deepEqual(
    groups.map(({ name, interceptors, triggers }) => [
      name,
      interceptors.length,
      triggers.map(({ key }) => key),
    ]),
    [
      ["", 0, []],
      ["one", 1, ["t"]],
      ["two", 1, ["t#2"]],
    ],
  );
});

test('namespaces: none stays at home, a lone * and every "" mean all, * among others is a name', () => {
  const all = [trigger("a"), trigger("b", { namespace: "other" })];
  const names = (matchNames: string[]) =>
    select([listener({ namespaceSelector: { matchNames } }), ...all]).groups.flatMap(({ triggers }) =>
      triggers.map(({ name }) => name),
    );
  assert.deepEqual(names(["*"]), ["b", "a"]);
  assert.deepEqual(names([""]), ["b", "a"]);
  assert.deepEqual(names(["other"]), ["b"]);
  assert.deepEqual(names(["*", "x"]), []);
  const home = select([listener({ labelSelector: {} }), ...all]);
  assert.deepEqual(
    home.groups[0]?.triggers.map(({ name }) => name),
    ["a"],
  );
});

test("a reference to nothing is a fault, and the others still fire", () => {
  const { groups, faults } = select([listener({ triggers: [{ triggerRef: "nope" }, inline("a")] })]);
  assert.deepEqual(
    groups[0]?.triggers.map(({ name }) => name),
    ["a"],
  );
  assert.equal(faults[0]?.message, "Trigger nope does not exist in namespace team");
  assert.match(faults[0]?.fix ?? "", /EventListener team\/el: spec\.triggers\[0\]\.triggerRef/);
});

test("a selector that cannot be read breaks the listener, or only its group", () => {
  const bad = { labelSelector: { matchExpressions: [{ key: "a", operator: "Near" }] } };
  const whole = select([listener(bad)]);
  assert.match(
    whole.broken?.message ?? "",
    /^spec\.labelSelector\.matchExpressions\[0\]: operator must be In/,
  );
  const group = { name: "g", interceptors: [{ ref: { name: "cel" } }], triggerSelector: bad };
  const part = select([listener({ triggerGroups: [group], triggers: [inline("a")] })]);
  assert.equal(part.broken, undefined);
  assert.match(
    part.faults[0]?.message ?? "",
    /^spec\.triggerGroups\[0\]\.triggerSelector\.labelSelector\.matchExpressions\[0\]/,
  );
  assert.deepEqual(
    part.groups.map(({ name }) => name),
    [""],
  );
});

test("label expressions are read as apimachinery reads them", () => {
  const cases: [object, Record<string, string>, boolean][] = [
    [{ operator: "In", values: ["x", "y"] }, { a: "y" }, true],
    [{ operator: "In", values: ["x"] }, {}, false],
    [{ operator: "In", values: [""] }, {}, false],
    [{ operator: "In", values: [""] }, { a: "" }, true],
    [{ operator: "NotIn", values: ["x"] }, { a: "x" }, false],
    [{ operator: "NotIn", values: ["x"] }, {}, true],
    [{ operator: "Exists" }, { a: "" }, true],
    [{ operator: "Exists" }, { b: "" }, false],
    [{ operator: "DoesNotExist" }, { a: "" }, false],
    [{ operator: "DoesNotExist" }, {}, true],
  ];
  for (const [expression, labels, expected] of cases) {
    const compiled = compileLabelSelector({ matchExpressions: [{ key: "a", operator: "", ...expression }] });
    assert.ok("matches" in compiled);
    assert.equal(compiled.matches(labels), expected, JSON.stringify([expression, labels]));
  }
});

test("label selectors that apimachinery refuses are refused", () => {
  const refused = [
    { matchLabels: { "bad label!": "x" } },
    { matchLabels: { a: "bad value!" } },
    { matchLabels: { "a/b/c": "x" } },
    { matchExpressions: [{ key: "a", operator: "In" }] },
    { matchExpressions: [{ key: "a", operator: "NotIn", values: [] }] },
    { matchExpressions: [{ key: "a", operator: "Exists", values: ["x"] }] },
    { matchExpressions: [{ key: "a", operator: "in", values: ["x"] }] },
    { matchExpressions: [{ key: "", operator: "Exists" }] },
  ];
  for (const selector of refused)
    assert.ok("finding" in compileLabelSelector(selector), JSON.stringify(selector));
  assert.ok("matches" in compileLabelSelector({ matchLabels: { "app.kubernetes.io/name": "x_y.z-1" } }));
});

test("bindings are flattened in order, each param with its origin", () => {
  const params = (name: string) => ({ params: [{ name, value: `$(body.${name})` }] });
  const metadata = { name: "cluster-wide" };
  const bindings = [
    { ref: "own" },
    { name: "n", value: "v" },
    { ref: "cluster-wide", kind: "ClusterTriggerBinding" },
  ];
  const declarations = declare([
    written("TriggerBinding", params("a"), { metadata: { name: "own", namespace: "team" } }),
    written("TriggerBinding", params("wrong"), { metadata: { name: "own", namespace: "other" } }),
    written("ClusterTriggerBinding", params("c"), { metadata }),
    listener({ triggers: [{ bindings, template: { ref: "tt" } }] }),
    written("TriggerTemplate", template, {
      metadata: { name: "tt", namespace: "team", annotations: { k: "v" } },
    }),
  ]);
  const [selected] = triggersOf(onlyListener(declarations), declarations).groups[0]?.triggers ?? [];
  assert.ok(selected);
  const { params: bound, faults } = bindingsOf(selected, declarations);
  assert.deepEqual(faults, []);
  assert.deepEqual(
    bound.map(({ name, value, from }) => ({ name, value, from })),
    [
      { name: "a", value: "$(body.a)", from: "TriggerBinding own" },
      { name: "n", value: "v", from: "bindings[1]" },
      { name: "c", value: "$(body.c)", from: "ClusterTriggerBinding cluster-wide" },
    ],
  );
  assert.deepEqual(
    bound.map(({ owner, path }) => [owner.kind, owner.metadata.name, ...path]),
    [
      ["TriggerBinding", "own", "spec", "params", 0],
      ["EventListener", "el", "spec", "triggers", 0, "bindings", 1],
      ["ClusterTriggerBinding", "cluster-wide", "spec", "params", 0],
    ],
  );
  assert.deepEqual(templateOf(selected, declarations), {
    spec: { params: [], ...template },
    annotations: { k: "v" },
    owner: declarations.find("TriggerTemplate", "team", "tt"),
    path: ["spec"],
  });
});

test("missing bindings and templates are faults that say where they are named", () => {
  const bindings = [{ ref: "nope" }, { ref: "never", kind: "ClusterTriggerBinding" }];
  const declarations = declare([
    written(
      "Trigger",
      { bindings, template: { ref: "nothing" } },
      { metadata: { name: "t", namespace: "team" } },
    ),
    listener({ triggers: [{ triggerRef: "t" }] }),
  ]);
  const [selected] = triggersOf(onlyListener(declarations), declarations).groups[0]?.triggers ?? [];
  assert.ok(selected);
  const found = templateOf(selected, declarations);
  const faults = [...bindingsOf(selected, declarations).faults, ...("fault" in found ? [found.fault] : [])];
  assert.deepEqual(
    faults.map(({ code, values }) => [code, values["from"]]),
    [
      ["SLUICE_REF_MISSING", "Trigger team/t: spec.bindings[0].ref"],
      ["SLUICE_REF_MISSING", "Trigger team/t: spec.bindings[1].ref"],
      ["SLUICE_REF_MISSING", "Trigger team/t: spec.template.ref"],
    ],
  );
});

test("a reference to nothing says which names there are", () => {
  const metadata = (name: string) => ({ metadata: { name, namespace: "team" } });
  const declarations = declare([
    written("TriggerTemplate", template, metadata("build")),
    written("TriggerTemplate", template, { metadata: { name: "elsewhere", namespace: "other" } }),
    listener({ triggers: [{ bindings: [], template: { ref: "biuld" } }] }),
  ]);
  const [selected] = triggersOf(onlyListener(declarations), declarations).groups[0]?.triggers ?? [];
  assert.ok(selected);
  const found = templateOf(selected, declarations);
  assert.ok("fault" in found);
  assert.match(found.fault.fix, /correct the reference in .*template\.ref; there is build\.$/);
});
