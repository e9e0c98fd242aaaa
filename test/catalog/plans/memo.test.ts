/** What is compiled again when one object changes: what looks at it, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { BUILT_IN } from "../../../interceptors/index.ts";
import { entryOf } from "../../../src/catalog/cluster/entry.ts";
import { createClusterObjects, type Kind } from "../../../src/catalog/cluster/objects.ts";
import { createPlanner } from "../../../src/catalog/plans/in-force.ts";
import type { TriggerPlan } from "../../../src/core/plan.ts";
import { createRegistry } from "../../../src/decide/intercept/registry.ts";
import { cel, github, listener, trigger, type Written, written } from "../../helpers/objects.ts";

const secrets = { peek: () => null, read: async () => null };

/** Objects of a cluster and their plans; `changed` names the triggers that were compiled since it was asked last. */
function open(objects: readonly Written[]) {
  const cluster = createClusterObjects(() => undefined);
  const planner = createPlanner({ registry: createRegistry(BUILT_IN), secrets, unverified: "refuse" });
  const place = (object: Written) => {
    const { name, namespace = "" } = object["metadata"] as { name: string; namespace?: string };
    return { kind: object["kind"] as Kind, namespace, name };
  };
  const put = (object: Written): boolean =>
    cluster.take({ ...place(object), entry: entryOf(place(object).kind, object as never) });
  for (const object of objects) put(object);
  let before = new Set<TriggerPlan>();
  return {
    put,
    remove: (object: Written) => cluster.take({ ...place(object), entry: undefined }),
    compile: () => planner.compile(cluster.declarations),
    changed(): readonly string[] {
      const { plans } = planner.compile(cluster.declarations);
      const all = plans
        .all()
        .flatMap((plan) =>
          plan.groups.flatMap(({ triggers }) => triggers.map((one) => ({ of: plan.name, one }))),
        );
      const fresh = all.filter(({ one }) => !before.has(one)).map(({ of, one }) => `${of}:${one.name}`);
      before = new Set(all.map(({ one }) => one));
      return fresh.sort();
    },
  };
}

const named = (name: string, metadata: Written = {}, filter = "true"): Written =>
  written(
    "Trigger",
    name,
    { ...trigger("", [github(), cel(filter)]), bindings: [{ ref: name }], template: { ref: "build" } },
    metadata,
  );
const binding = (name: string, value = "$(body.ref)"): Written =>
  written("TriggerBinding", name, { params: [{ name: "ref", value }] });
const build = (kind = "PipelineRun"): Written =>
  written("TriggerTemplate", "build", {
    params: [{ name: "ref" }],
    resourcetemplates: [
      {
        apiVersion: "tekton.dev/v1",
        kind,
        metadata: { generateName: "b-", labels: { ref: "$(tt.params.ref)" } },
      },
    ],
  });
const red = { labels: { colour: "red" } };
const selecting = (name: string, colour: string): Written =>
  listener(name, [], { labelSelector: { matchLabels: { colour } } });
const ALL = [
  ...[selecting("first", "red"), selecting("second", "blue"), listener("third", [{ triggerRef: "b" }])],
  ...[named("a", red), named("b", { labels: { colour: "blue" } }), binding("a"), binding("b"), build()],
];

test("nothing is compiled twice while nothing changes", () => {
  const t = open(ALL);
  assert.deepEqual(t.changed(), ["first:a", "second:b", "third:b"]);
  assert.deepEqual(t.changed(), []);
  assert.equal(t.put(named("a", red)), false, "the same object again is no change");
  const status = {
    ...named("a", { ...red, resourceVersion: "7", managedFields: [] }),
    status: { seen: true },
  };
  assert.equal(t.put(status), false, "nor is what controllers write");
});

test("a change is compiled where it is looked at", () => {
  const t = open(ALL);
  t.changed();
  t.put(named("b", { labels: { colour: "blue" } }, "false"));
  assert.deepEqual(t.changed(), ["second:b", "third:b"]);
  t.put(binding("a", "$(body.after)"));
  assert.deepEqual(t.changed(), ["first:a"]);
  t.put(build("TaskRun"));
  assert.deepEqual(t.changed(), ["first:a", "second:b", "third:b"]);
  t.put(named("c", red));
  assert.deepEqual(t.changed(), ["first:c"]);
  t.put(binding("c"));
  assert.deepEqual(t.changed(), ["first:c"], "what was missing is looked for as well");
});

test("what goes, comes back or moves is seen by those who select it", () => {
  const t = open(ALL);
  t.changed();
  t.put(named("a", { labels: { colour: "blue" } }));
  assert.deepEqual(t.changed(), ["second:a"]);
  const { plans } = t.compile();
  assert.deepEqual(plans.find("ci", "first")?.groups[0]?.triggers, []);
  t.remove(named("b"));
  const [missing] = t.compile().warnings;
  assert.equal(missing?.code, "SLUICE_REF_MISSING");
  t.changed();
  t.put(named("b"));
  assert.deepEqual(t.changed(), ["third:b"]);
  t.remove(binding("b"));
  assert.deepEqual(t.changed(), ["third:b"]);
  assert.equal(
    t.compile().plans.find("ci", "third")?.groups[0]?.triggers[0]?.fault?.code,
    "SLUICE_REF_MISSING",
  );
});

test("a listener that changes keeps the triggers that stand for themselves", () => {
  const t = open(ALL);
  t.changed();
  t.put(listener("third", [{ triggerRef: "b" }], { annotations: { "sluice.dev/max-body-bytes": "10" } }));
  assert.deepEqual(t.changed(), []);
  assert.equal(t.compile().plans.find("ci", "third")?.maxBodyBytes, 10);
  t.put(listener("third", [{ triggerRef: "b" }], { annotations: { "sluice.dev/verification": "none" } }));
  assert.deepEqual(t.changed(), ["third:b"], "the annotation speaks for its triggers");
});

test("triggers compiled at different times share their lists of proofs", () => {
  const t = open(ALL);
  t.put(named("c", red));
  t.put(binding("c"));
  t.compile();
  t.put(named("a", red, "1 == 1"));
  const { plans } = t.compile();
  const [a, c] = plans.find("ci", "first")?.groups[0]?.triggers ?? [];
  assert.ok(a && a.proofs.length === 1);
  assert.equal(a?.proofs, c?.proofs);
});

test("an annotation that nobody can mean breaks its listener, and no other", () => {
  for (const [annotation, value] of [
    ["sluice.dev/max-body-bytes", "ten"],
    ["sluice.dev/on-duplicate", "sometimes"],
  ] as const) {
    const t = open(ALL);
    t.put(listener("third", [{ triggerRef: "b" }], { annotations: { [annotation]: value } }));
    const { plans, errors } = t.compile();
    assert.equal(errors.length, 1);
    assert.equal(plans.find("ci", "third")?.fault?.code, "SLUICE_OBJECT_INVALID");
    assert.equal(plans.find("ci", "second")?.fault, undefined);
  }
});
