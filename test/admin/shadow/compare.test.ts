/** Parity: what counts as the same run, what as another, and what is told of the difference. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { compareRuns } from "../../../src/admin/shadow/compare.ts";
import { compareObjects } from "../../../src/admin/shadow/differ.ts";
import { readRun, type ShadowRun } from "../../../src/admin/shadow/run.ts";
import type { JsonObject } from "../../../src/core/json.ts";

const NOON = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const WITHIN = { withinMs: 10 * MINUTE };

interface Shape {
  readonly at?: number;
  readonly trigger?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly spec?: JsonObject;
  readonly metadata?: JsonObject;
}

const labels = (trigger: string, event: string): JsonObject => ({
  "triggers.tekton.dev/eventlistener": "git",
  "triggers.tekton.dev/trigger": trigger,
  "triggers.tekton.dev/triggers-eventid": event,
});
const specOf = ({ params = { sha: "a1" }, spec = {} }: Shape): JsonObject => ({
  ...{ pipelineRef: { name: "build" }, ...spec },
  params: Object.entries(params).map(([name, value]) => ({ name, value })),
});
const pipelineRun = (metadata: JsonObject, spec: JsonObject): JsonObject => ({
  ...{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata, spec },
});

/** As a gateway renders it. */
function rendered(shape: Shape = {}): ShadowRun {
  const { at = NOON, trigger = "build" } = shape;
  const metadata = { name: "build-abcdefghij", namespace: "ci", labels: labels(trigger, randomUUID()) };
  const run = readRun(pipelineRun({ ...metadata, ...shape.metadata }, specOf(shape)), at);
  assert.ok(run);
  return run;
}

/** As it lives in a cluster: a name by the server, defaults by the pipeline controller. */
function living(shape: Shape = {}): ShadowRun {
  const { at = NOON, trigger = "build" } = shape;
  const metadata: JsonObject = {
    ...{ generateName: "build-", name: "build-x7k2p", namespace: "ci", uid: randomUUID(), generation: 1 },
    ...{ resourceVersion: "17", creationTimestamp: new Date(at).toISOString() },
    labels: { ...labels(trigger, randomUUID()), "tekton.dev/pipeline": "build" },
  };
  const spec = { ...specOf(shape), timeouts: { pipeline: "1h0m0s" } };
  const run = readRun({
    ...pipelineRun({ ...metadata, ...shape.metadata }, spec),
    status: { conditions: [] },
  });
  assert.ok(run);
  return run;
}

const counts = ({ same, different, onlyHere, onlyThere, atTheEdge }: ReturnType<typeof compareRuns>) => [
  ...[same, different.length, onlyHere.length, onlyThere.length, atTheEdge],
];

test("a living run is the same as the rendered one whatever the cluster added, and that is told", () => {
  const parity = compareRuns([rendered()], [living({ at: NOON + 3_000 })], WITHIN);
  assert.deepEqual(counts(parity), [1, 0, 0, 0, 0]);
  assert.equal(parity.score, 1);
  assert.deepEqual(
    [...parity.added],
    [
      ['metadata.labels["tekton.dev/pipeline"]', 1],
      ["spec.timeouts", 1],
    ],
  );
});

test("the first difference is told by its path and both values", () => {
  const here = rendered({ params: { sha: "a1", ref: "main" } });
  const parity = compareRuns([here], [living({ params: { sha: "a1", ref: "refs/heads/main" } })], WITHIN);
  assert.deepEqual(counts(parity), [0, 1, 0, 0, 0]);
  assert.equal(parity.score, 0);
  assert.deepEqual(parity.different[0]?.differences, [
    { path: "spec.params[1].value", here: '"main"', there: '"refs/heads/main"' },
  ]);
});

const DIFFER: Readonly<Record<string, readonly [Shape, Shape, path: string]>> = {
  "a param that is missing there": [{ params: { a: "1", b: "2" } }, { params: { a: "1" } }, "spec.params"],
  "a param that is missing here": [{ params: { a: "1" } }, { params: { a: "1", b: "2" } }, "spec.params"],
  "a field that is missing there": [{ spec: { timeout: "1h" } }, {}, "spec.timeout"],
  "a number that is text there": [{ spec: { priority: 1 } }, { spec: { priority: "1" } }, "spec.priority"],
  "another annotation": [
    { metadata: { annotations: { "a/b": "1" } } },
    { metadata: { annotations: { "a/b": "2" } } },
    'metadata.annotations["a/b"]',
  ],
  "a name that is no other's ending": [{ metadata: { name: "test-abcdefghij" } }, {}, "metadata.name"],
  "a name without generateName": [
    { metadata: { name: "x" } },
    { metadata: { generateName: "", name: "y" } },
    "metadata.name",
  ],
};
for (const [what, [here, there, path]] of Object.entries(DIFFER))
  test(`different: ${what}`, () => {
    const { differences } = compareObjects(rendered(here).object, living(there).object);
    assert.deepEqual(
      differences.map((difference) => difference.path),
      [path],
    );
  });

const ALIKE: Readonly<Record<string, readonly [Shape, Shape]>> = {
  "ids that both chose at random": [
    { params: { id: `event ${randomUUID()}` } },
    { params: { id: `event ${randomUUID()}` } },
  ],
  "a null, which the server drops": [{ spec: { workspaces: null } }, {}],
  "keys in another order": [{ spec: { a: { x: 1, y: 2 } } }, { spec: { a: { y: 2, x: 1 } } }],
  "a generateName that was cut for room": [
    { metadata: { name: `${"n".repeat(53)}abcdefghij` } },
    { metadata: { generateName: `${"n".repeat(60)}-`, name: `${"n".repeat(58)}x7k2p` } },
  ],
};
for (const [what, [here, there]] of Object.entries(ALIKE))
  test(`the same: ${what}`, () =>
    assert.deepEqual(compareObjects(rendered(here).object, living(there).object).differences, []));

test("text around random ids still counts", () => {
  const [here, there] = [{ params: { id: `a ${randomUUID()}` } }, { params: { id: `b ${randomUUID()}` } }];
  assert.equal(compareObjects(rendered(here).object, living(there).object).differences.length, 1);
});

test("runs of other triggers, listeners, kinds and namespaces are never paired", () => {
  const others = [
    living({ trigger: "deploy" }),
    living({ metadata: { namespace: "other" } }),
    readRun({ ...living().object, kind: "TaskRun" }),
  ].filter((run) => run !== undefined);
  const parity = compareRuns([rendered()], others, WITHIN);
  assert.deepEqual(counts(parity), [0, 0, 1, 3, 0]);
});

test("a kind shown in another version, or without namespace, is still the same kind", () => {
  const beta = readRun({ ...living().object, apiVersion: "tekton.dev/v1beta1" });
  const placeless = {
    ...living().object,
    metadata: { ...(living().object.metadata as JsonObject), namespace: null },
  };
  for (const there of [beta, readRun(placeless)])
    assert.deepEqual(counts(compareRuns([rendered()], there ? [there] : [], WITHIN)), [1, 0, 0, 0, 0]);
});

test("a delivery that ran twice there is once only there", () => {
  const parity = compareRuns([rendered()], [living(), living({ at: NOON + MINUTE })], WITHIN);
  assert.deepEqual(counts(parity), [1, 0, 0, 1, 0]);
  assert.equal(parity.onlyThere[0]?.at, NOON + MINUTE, "the nearer one is the pair");
});

test("what lies further apart than a delivery can take is no pair", () => {
  const parity = compareRuns([rendered()], [living({ at: NOON + 11 * MINUTE })], WITHIN);
  assert.deepEqual(counts(parity), [0, 0, 1, 1, 0]);
});

test("of several that differ, the one that differs least is told", () => {
  const here = rendered({ params: { a: "1", b: "2", c: "3" } });
  const far = living({ params: { a: "x", b: "y", c: "3" } });
  const near = living({ params: { a: "1", b: "y", c: "3" }, at: NOON + MINUTE });
  const parity = compareRuns([here], [far, near], WITHIN);
  assert.equal(parity.different[0]?.there, near);
});

test("runs at the edges of the time count neither way", () => {
  const edges = { ...WITHIN, from: NOON, until: NOON + 60 * MINUTE };
  const late = NOON + 60 * MINUTE - 1_000;
  const here = [rendered({ at: late }), rendered({ at: NOON + MINUTE, params: { a: "1" } })];
  const there = [living({ at: NOON + 1_000, trigger: "x" }), living({ at: late, trigger: "x" })];
  const parity = compareRuns(here, [...there, living({ at: NOON + 30 * MINUTE, trigger: "x" })], edges);
  assert.deepEqual(counts(parity), [0, 0, 1, 1, 3]);
});

test("nothing on either side is no parity", () => {
  assert.equal(compareRuns([], [], WITHIN).score, undefined);
});

test("what carries no label of a trigger is no run", () => {
  for (const metadata of [
    null,
    {},
    { labels: null },
    { labels: { "triggers.tekton.dev/eventlistener": "git" } },
  ])
    assert.equal(readRun({ kind: "PipelineRun", metadata }), undefined);
});

test("what a controller made for another object is no run of a trigger, whatever its labels", () => {
  const owner = { apiVersion: "tekton.dev/v1", kind: "PipelineRun", name: "build-x7k2p", uid: randomUUID() };
  const child = living({}).object;
  const owned = (controller: boolean): JsonObject => ({
    ...child,
    metadata: { ...(child.metadata as JsonObject), ownerReferences: [{ ...owner, controller }] },
  });
  assert.equal(readRun(owned(true)), undefined);
  assert.ok(readRun(owned(false)));
});

test("any order and any number: every run is counted once", () => {
  const side = (make: (shape: Shape) => ShadowRun) =>
    fc.array(
      fc
        .record({
          at: fc.integer({ min: NOON, max: NOON + 30 * MINUTE }),
          sha: fc.constantFrom("a", "b"),
          trigger: fc.constantFrom("x", "y"),
        })
        .map(({ at, sha, trigger }) => make({ at, trigger, params: { sha } })),
      { maxLength: 12 },
    );
  fc.assert(
    fc.property(side(rendered), side(living), (here, there) => {
      const { same, different, onlyHere, onlyThere } = compareRuns(here, there, WITHIN);
      assert.equal(same + different.length + onlyHere.length, here.length);
      assert.equal(same + different.length + onlyThere.length, there.length);
      const near = (a: ShadowRun, b: ShadowRun) => Math.abs((a.at ?? 0) - (b.at ?? 0)) <= WITHIN.withinMs;
      for (const left of [...onlyHere, ...different.map(({ here }) => here)])
        for (const other of onlyThere) {
          if (left.trigger !== other.trigger || !near(left, other)) continue;
          assert.notEqual(
            compareObjects(left.object, other.object).differences.length,
            0,
            "a twin was missed",
          );
        }
      for (const { here, there, differences } of different) {
        assert.ok(differences.length > 0);
        assert.ok(near(here, there));
      }
    }),
  );
});
