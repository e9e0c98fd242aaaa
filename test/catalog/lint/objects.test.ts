/** What is doubtful about names, kinds, event types and the choice of Triggers. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { interceptor, listener, OPEN, trigger, type Written, written } from "../../helpers/objects.ts";
import { firing, lintOf, open, pipelineRun, taskRun } from "./helper.ts";

const warnings = async (...objects: readonly Written[]) => (await lintOf(...objects)).warnings;

describe("a Trigger that is named more than once", () => {
  const one = written("Trigger", "one", firing([], [], taskRun({})), { labels: { team: "a" } });
  const by = (more: Written) => listener("git", [], { ...OPEN, ...more });
  const labelSelector = { matchLabels: { team: "a" } };
  const cases: readonly [string, Written, RegExp | undefined][] = [
    [
      "two references",
      { triggers: [{ triggerRef: "one" }, { triggerRef: "one" }] },
      /named 2 times, by spec\.triggers\[0\]\.triggerRef and spec\.triggers\[1\]\.triggerRef/,
    ],
    [
      "two references beside a selector",
      { triggers: [{ triggerRef: "one" }, { triggerRef: "one" }], labelSelector },
      /named 3 times, by spec\.labelSelector and .*Tekton runs it 3 times for each event, this gateway once/,
    ],
    ["a namespace twice", { triggers: [], namespaceSelector: { matchNames: ["ci", "ci"] } }, /named 2 times/],
    ["one reference", { triggers: [{ triggerRef: "one" }] }, undefined],
    ["one selector", { triggers: [], labelSelector }, undefined],
  ];
  for (const [what, more, message] of cases)
    test(`by ${what}`, async () => {
      const found = (await warnings(one, by(more))).filter(({ code }) => code === "SLUICE_TRIGGER_REPEATED");
      assert.equal(found.length, message === undefined ? 0 : 1);
      if (message !== undefined) assert.match(found[0]?.message ?? "", message);
    });
});

test("a namespace without Triggers whose name is nearly another's is named; one that is meant so is not", async () => {
  const there = written("Trigger", "one", firing([], [], taskRun({})), { namespace: "build" });
  const chosen = (name: string) =>
    listener("git", [], { ...OPEN, namespaceSelector: { matchNames: [name] } });
  const [astray] = await warnings(there, chosen("biuld"));
  assert.equal(astray?.code, "SLUICE_SELECTOR_UNMATCHED");
  assert.match(astray.fix, /did you mean build\?/);
  const fired = listener("all", [], { ...OPEN, namespaceSelector: { matchNames: ["build"] } });
  for (const name of ["builx", "build2", "elsewhere"])
    assert.deepEqual(await warnings(there, fired, chosen(name)), [], name);
});

test("namespaces without Triggers are told where others hold Triggers that no listener selects", async () => {
  const at = (namespace: string) => written("Trigger", "one", firing([], [], taskRun({})), { namespace });
  const group = (...matchNames: readonly string[]) =>
    listener("git", [], {
      ...OPEN,
      triggerGroups: [
        {
          name: "g",
          interceptors: [interceptor("cel")],
          triggerSelector: { namespaceSelector: { matchNames } },
        },
      ],
    });
  const [astray, ...others] = await warnings(at("red"), at("blue"), group("yellow", "green"));
  assert.equal(others.length, 0);
  assert.equal(astray?.code, "SLUICE_SELECTOR_UNMATCHED");
  assert.match(astray.message, /none stands in namespace "yellow", "green"; there are some in blue, red/);
  assert.deepEqual(await warnings(at("red"), at("blue"), group("yellow", "red")), []);
  assert.deepEqual(await warnings(group("yellow")), []);
});

test("a listener's name that no Service can have", async () => {
  const [dotted] = await warnings(listener("git.hub", [firing([], [], taskRun({}))], OPEN));
  assert.equal(dotted?.code, "SLUICE_LISTENER_SERVICE");
  assert.deepEqual(await warnings(listener("1-git", [firing([], [], taskRun({}))], OPEN)), []);
});

describe("event types", () => {
  const cases: readonly [string, string, RegExp | undefined][] = [
    ["github", "Push", /Write push\./],
    ["github", "pull-request", /Write pull_request\./],
    ["github", "pull_request.opened", /Write pull_request and filter by body\.action == 'opened'/],
    ["github", "Merge Request Hook", /Write pull_request\./],
    ["gitlab", "push", /Write Push Hook\./],
    ["gitlab", "merge_request", /Write Merge Request Hook\./],
    ["gitlab", "pull_request", /Write Merge Request Hook\./],
    ["bitbucket", "push", /Write repo:push\./],
    ["bitbucket", "pullrequest:merged_now", undefined],
    ["github", "push", undefined],
    ["github", "an_event_of_tomorrow", undefined],
    ["gitlab", "Push Hook", undefined],
  ];
  for (const [host, type, fix] of cases)
    test(`${host} ${type}`, async () => {
      const one = {
        ...firing([], [], taskRun({})),
        interceptors: [interceptor(host, { eventTypes: [type] })],
      };
      const found = await warnings(open(one));
      assert.deepEqual(
        found.map(({ code }) => code),
        fix === undefined ? [] : ["SLUICE_EVENT_TYPE"],
      );
      if (fix !== undefined) assert.match(found[0]?.fix ?? "", fix);
    });
});

describe("kinds of Tekton Pipelines", () => {
  const cases: readonly [string, string, RegExp | undefined][] = [
    ["tekton.dev/v1", "Pipelinerun", /Write kind: PipelineRun\./],
    ["tekton.dev/v2", "PipelineRun", /Write apiVersion: tekton\.dev\/v1\./],
    ["v1", "TaskRun", /Write apiVersion: tekton\.dev\/v1\./],
    ["pipelines.tekton.dev/v1", "PipelineRun", /Write apiVersion: tekton\.dev\/v1\./],
    ["tekton.dev/v1", "CustomRun", /Write apiVersion: tekton\.dev\/v1beta1\./],
    ["tekton.dev/v1", "PipelineRun", undefined],
    ["tekton.dev/v1", "Something", undefined],
    ["argoproj.io/v1alpha1", "Workflow", undefined],
    ["kubeflow.org/v1", "Pipeline", undefined],
  ];
  for (const [apiVersion, kind, fix] of cases)
    test(`${apiVersion} ${kind}`, async () => {
      const resource = { apiVersion, kind, metadata: { generateName: "x-" } };
      const found = (await warnings(open(firing([], [], resource)))).map(({ code, fix }) => `${code} ${fix}`);
      assert.equal(found.length, fix === undefined ? 0 : 1, found.join());
      if (fix !== undefined) assert.match(found[0] ?? "", fix);
    });
});

test("a parameter without effect is not said to leave everything through where a filter is broken", async () => {
  const broken = interceptor("cel", { filter: "body.ref ==" });
  const stray = interceptor("github", { eventTypess: ["push"] });
  const said = async (...chain: readonly Written[]) => {
    const { warnings: found } = await lintOf(open(trigger("a", chain)));
    return found.filter(({ code }) => code === "SLUICE_INTERCEPTOR_PARAMS").map(({ message }) => message);
  };
  assert.match((await said(stray)).join(), /has no filter and fires on everything/);
  for (const chain of [
    [stray, broken],
    [broken, stray],
  ])
    assert.doesNotMatch((await said(...chain)).join(), /no filter/);
  assert.match((await said(interceptor("github", { filter: "true" }))).join(), /it is a parameter of cel/);
});

describe("a reference across namespaces of which one is written nowhere", () => {
  const binding = (namespace?: string) =>
    written("TriggerBinding", "b", { params: [{ name: "x", value: "1" }] }, { namespace });
  const firedBy = (namespace?: string) => {
    const spec = firing([{ ref: "b" }], [{ name: "x" }], taskRun({}));
    return written("EventListener", "git", { triggers: [spec] }, { namespace, ...OPEN });
  };
  const cases: readonly [string, readonly Written[], RegExp][] = [
    [
      "what is named has none",
      [firedBy("ci"), binding()],
      /one that names no namespace \(.*objects\.yaml:\d+\), which makes it default: write metadata\.namespace: ci there, or start with --namespace ci/,
    ],
    [
      "what names it has none",
      [firedBy(), binding("ci")],
      /in namespace ci \(.*\), and EventListener git names none, which makes it default: write metadata\.namespace: ci there, or start with --namespace ci/,
    ],
    [
      "both have one",
      [firedBy("ci"), binding("default")],
      /in namespace default \(.*\), and references stay in the namespace ci/,
    ],
  ];
  for (const [what, objects, cure] of cases)
    test(what, async () => {
      const missing = (await warnings(...objects)).filter(({ code }) => code === "SLUICE_REF_MISSING");
      assert.equal(missing.length, 1);
      assert.match(missing[0]?.fix ?? "", cure);
    });
  test("an Interceptor that has none", async () => {
    const gate = written(
      "Interceptor",
      "gate",
      { clientConfig: { url: "http://x" } },
      { namespace: undefined },
    );
    const { errors } = await lintOf(
      gate,
      open(trigger("a", [interceptor("gate", {}, "NamespacedInterceptor")])),
    );
    assert.match(errors[0]?.fix ?? "", /one that names no namespace .* write metadata\.namespace: ci there/);
  });
});

test("slash commands behind a listener that takes only JSON", async () => {
  const slack = interceptor("slack", { requestedFields: ["text"] });
  const one = (step: Written, annotations: Written = {}) =>
    listener("git", [{ ...firing([], [], taskRun({})), interceptors: [step] }], {
      annotations: { ...OPEN.annotations, ...annotations },
    });
  const off = { "tekton.dev/payload-validation": "false" };
  const [unread, ...others] = await warnings(one(slack));
  assert.equal(others.length, 0);
  assert.equal(unread?.code, "SLUICE_FORM_UNREAD");
  assert.match(unread.fix, /payload-validation: "false"/);
  assert.deepEqual(await warnings(one(slack, off)), []);
  assert.deepEqual(await warnings(one(interceptor("cel", { filter: "true" }))), []);
});

test("names that YAML reads as no text", async () => {
  const run = (spec: Written) => warnings(open(firing([], [], pipelineRun(spec))));
  const params = [
    { name: "ok", value: false },
    { name: false, value: "1" },
  ];
  const [refused, ...others] = await run({ params, pipelineRef: { name: "p" } });
  assert.equal(others.length, 0);
  assert.equal(refused?.code, "SLUICE_NAME_NO_TEXT");
  assert.match(refused.message, /resourcetemplates\[0\]\.spec\.params\[1\]\.name is false/);
  assert.ok((refused.at?.line ?? 0) > 10);
  const tasks = [{ name: 1, taskRef: { name: true } }];
  assert.equal((await run({ pipelineSpec: { tasks } })).length, 2);
  assert.deepEqual(
    await run({ params: [{ name: "n", value: { name: 1 } }], pipelineRef: { name: "no" } }),
    [],
  );
});

test("an expression that does not compile is told in its own line, with the overlay's key", async () => {
  const overlays = [
    { key: "one", expression: "body.a" },
    { key: "two", expression: "body.b ==" },
  ];
  const alone = (params: Written, more: Written = {}) =>
    written("Trigger", "one", {
      interceptors: [interceptor("cel", params)],
      bindings: [],
      template: { spec: { resourcetemplates: [taskRun({})] } },
      ...more,
    });
  const by = listener("git", [{ triggerRef: "one" }], OPEN);
  const told = async (one: Written) => {
    const text = JSON.stringify(one, undefined, 2).split("\n");
    const [error, ...others] = (await lintOf(one, by)).errors;
    assert.equal(others.length, 0);
    return { message: error?.message ?? "", line: text[(error?.at?.line ?? 0) - 1] ?? "" };
  };
  const inOverlay = await told(alone({ filter: "true", overlays }));
  assert.match(inOverlay.message, /overlay two/);
  assert.match(inOverlay.line, /"expression": "body\.b =="/);
  const inFilter = await told(alone({ filter: "body.c ==", overlays: [] }));
  assert.match(inFilter.line, /"value": "body\.c =="/);
  const inline = { ...alone({}, { interceptors: [{ cel: { filter: "true", overlays } }] }) };
  const old = await told({ ...inline, apiVersion: "triggers.tekton.dev/v1alpha1" });
  assert.match(old.line, /"expression": "body\.b =="/);
});
