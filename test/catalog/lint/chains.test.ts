/** What can be known of interceptors, bindings and selectors before an event comes. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cel, listener, OPEN, remote, type Written, written } from "../../helpers/objects.ts";
import { lintOf, open, taskRun } from "./helper.ts";

const firing = (interceptors: readonly Written[], value = "constant", more: Written = {}): Written => ({
  ...{ name: "a", interceptors, bindings: [{ name: "x", value }] },
  template: {
    spec: {
      params: [{ name: "x" }],
      resourcetemplates: [taskRun({ params: [{ name: "x", value: "$(tt.params.x)" }] })],
    },
  },
  ...more,
});
const told = async (...objects: readonly Written[]) => (await lintOf(...objects)).warnings;
const codes = async (...objects: readonly Written[]) => (await told(...objects)).map(({ code }) => code);

describe("headers in CEL", () => {
  const cases: readonly [string, readonly string[]][] = [
    ["header['X-GitHub-Event'][0] == 'push'", ["SLUICE_HEADER_NAME"]],
    ["'X-GitHub-Event' in header", ["SLUICE_HEADER_NAME"]],
    ["has(header.foo)", ["SLUICE_HEADER_NAME"]],
    ["header['X-Github-Event'] == 'push'", ["SLUICE_HEADER_LIST"]],
    ["'push' != header['X-Github-Event']", ["SLUICE_HEADER_LIST"]],
    ["header['X-Github-Event'] in ['push', 'tag']", ["SLUICE_HEADER_LIST"]],
    ["header['X-Github-Event'].startsWith('p')", ["SLUICE_HEADER_LIST"]],
    ["header['X-GitHub-Event'] == 'push'", ["SLUICE_HEADER_LIST", "SLUICE_HEADER_NAME"]],
    ["header['X-Github-Event'][0] == 'push'", []],
    ["header['X-Github-Event'] == ['push']", []],
    ["header.match('X-GitHub-Event', 'push')", []],
    ["header.canonical('X-GitHub-Event').startsWith('p')", []],
    ["body.header['X-GitHub-Event'] == 'push'", []],
  ];
  for (const [filter, expected] of cases)
    test(filter, async () => assert.deepEqual(await codes(open(firing([cel(filter)]))), expected));
  test("as an overlay, with its place", async () => {
    const overlay = { key: "event", expression: "header['X-Github-Event']" };
    const [one] = await told(open(firing([cel("true", [overlay])], "$(extensions.event)")));
    assert.equal(one?.code, "SLUICE_HEADER_LIST");
    assert.match(one.fix, /header\.canonical\('X-Github-Event'\)/);
  });
});

describe("extensions that nothing sets", () => {
  const sha = (key: string) => cel("true", [{ key, expression: "'x'" }]);
  const cases: readonly [string, readonly Written[], string, RegExp | undefined][] = [
    ["the prefix in the key", [sha("extensions.sha")], "$(extensions.sha)", /write its key as sha/],
    [
      "a misspelt one",
      [sha("short_sha")],
      "$(extensions.short_shaa)",
      /did you mean extensions\.short_sha\?/,
    ],
    ["without any overlay", [cel("true")], "$(extensions.sha)", /its chain sets none/],
    ["one that is set", [sha("sha")], "$(extensions.sha)", undefined],
    ["a part of one that is set", [sha("git.sha")], "$(extensions.git.sha)", undefined],
    ["behind an interceptor elsewhere", [{ ref: { name: "own" } }], "$(extensions.sha)", undefined],
    ["in a later filter", [cel("extensions.sha == 'x'")], "constant", /reads extensions\.sha/],
    [
      "in a later filter that asks first",
      [cel("has(extensions.sha) && extensions.sha == 'x'")],
      "constant",
      undefined,
    ],
    [
      "of the same interceptor",
      [cel("extensions.sha == 'x'", [{ key: "sha", expression: "'x'" }])],
      "constant",
      /later interceptors only/,
    ],
  ];
  for (const [what, chain, value, message] of cases)
    test(what, async () => {
      const all = await told(remote("own", "http://127.0.0.1:1"), open(firing(chain, value)));
      const unset = all.filter(({ code }) => code === "SLUICE_EXTENSION_UNSET");
      assert.equal(unset.length, message === undefined ? 0 : 1, JSON.stringify(all));
      if (message !== undefined) assert.match(unset[0]?.message ?? "", message);
    });
});

describe("literal text that breaks the template's JSON", () => {
  const cases: readonly [string, RegExp | undefined][] = [
    ["one\ntwo\n", /'one\\ntwo\\n'/],
    ['say "hi" $(body.n)', /'say \\"hi\\" \$\(body\.n\)'/],
    ["C:\\work\\$(body.n)", /'C:\\\\work\\\\\$\(body\.n\)'/],
    ["a\tb", /'a\\tb'/],
    ["one\\ntwo", undefined],
    ['\\"quoted\\"', undefined],
    ["it's $(body.n)", undefined],
  ];
  for (const [value, fix] of cases)
    test(JSON.stringify(value), async () => {
      const all = await told(open(firing([], value)));
      assert.deepEqual(
        all.map(({ code }) => code),
        fix === undefined ? [] : ["SLUICE_LITERAL_BROKEN"],
      );
      if (fix !== undefined) assert.match(all[0]?.fix ?? "", fix);
    });
  const escaped: readonly [string, RegExp | undefined][] = [
    ["C:\\new", /C:\\new,.*a line end where \\n stands/],
    ["dir=C:\\tools\\new", /a tab where \\t stands, a line end where \\n stands/],
    ["\\\\srv\\new", /one backslash where .* stands, a line end/],
    ["\\bmain\\b", /a backspace where \\b stands/],
    ["C:\\\\new", undefined],
    ["one\\ntwo\\tthree", undefined],
    ["http://host/x", undefined],
  ];
  for (const [value, message] of escaped)
    test(`${value} as JSON reads it`, async () => {
      const all = await told(open(firing([], value)));
      assert.deepEqual(
        all.map(({ code }) => code),
        message === undefined ? [] : ["SLUICE_LITERAL_ESCAPED"],
      );
      if (message !== undefined) assert.match(all[0]?.message ?? "", message);
    });
  test("the text that keeps its backslashes is told, and is right", async () => {
    const [one] = await told(open(firing([], "C:\\new $(body.it's)")));
    const kept = /: '(.*)'\.$/.exec(one?.fix ?? "")?.[1]?.replaceAll("''", "'") ?? "";
    assert.equal(kept, "C:\\\\new $(body.it's)");
    assert.deepEqual(await told(open(firing([], kept))), []);
  });
  test("a default counts, and a param that nothing uses does not", async () => {
    const template = (used: string) => ({
      spec: {
        params: [{ name: "x", default: 'a "b"' }],
        resourcetemplates: [taskRun({ params: [{ name: "x", value: used }] })],
      },
    });
    const bindings: Written[] = [];
    assert.deepEqual(await codes(open(firing([], "", { bindings, template: template("$(tt.params.x)") }))), [
      "SLUICE_LITERAL_BROKEN",
    ]);
    assert.deepEqual(await codes(open(firing([], "", { bindings, template: template("y") }))), []);
  });
});

describe("selectors", () => {
  const labelled = (name: string, labels: Written) =>
    written("Trigger", name, firing([], "c", { name: undefined }), { labels });
  const group = (matchLabels: Written) => ({
    ...{ name: "g", interceptors: [cel("true")] },
    triggerSelector: { labelSelector: { matchLabels } },
  });
  const el = (more: Written) => listener("git", [], { ...OPEN, ...more });
  test("a Trigger that stands behind a group and is selected directly is named with both ways", async () => {
    const [one, ...others] = await told(
      el({ namespaceSelector: { matchNames: ["*"] }, triggerGroups: [group({ type: "ci" })] }),
      labelled("a", { type: "ci" }),
      labelled("b", { type: "other" }),
    );
    assert.deepEqual([one?.code, others], ["SLUICE_TRIGGER_TWICE", []]);
    assert.match(one?.message ?? "", /Trigger ci\/a .* group g .* by spec\.namespaceSelector/);
  });
  test("two groups that select one Trigger are not", async () => {
    const groups = [
      group({ type: "ci" }),
      { ...group({ type: "ci" }), name: "h", interceptors: [cel("false")] },
    ];
    assert.deepEqual(await codes(el({ triggerGroups: groups }), labelled("a", { type: "ci" })), []);
  });
  for (const [labels, message] of [
    [{ typo: "ci" }, /none has the label "typo"; labels there: "type"/],
    [{ type: "cii" }, /"type" is "cii" on none; values there: "ci"/],
  ] as const)
    test(`labels that nothing has: ${JSON.stringify(labels)}`, async () => {
      const all = await told(el({ triggerGroups: [group(labels)] }), labelled("a", { type: "ci" }));
      const [one] = all.filter(({ code }) => code === "SLUICE_SELECTOR_UNMATCHED");
      assert.match(one?.message ?? "", message);
    });
  test("nothing is said where no Trigger is among the files: they stand elsewhere", async () => {
    assert.deepEqual(await codes(el({ triggerGroups: [group({ type: "ci" })] })), []);
  });
});

test("versions and kinds that Tekton Pipelines serves no more are named, others are not", async () => {
  const kinds = [
    ["tekton.dev/v1alpha1", "PipelineRun"],
    ["tekton.dev/v1alpha1", "PipelineResource"],
    ["tekton.dev/v1alpha1", "StepAction"],
    ["tekton.dev/v1beta1", "PipelineRun"],
  ];
  const resourcetemplates = kinds.map(([apiVersion, kind]) => ({
    apiVersion,
    kind,
    metadata: { generateName: "x-" },
  }));
  const all = await told(open({ name: "a", template: { spec: { resourcetemplates } } }));
  assert.deepEqual(
    all.map(({ code, fix }) => `${code} ${fix}`),
    [
      "SLUICE_VERSION_GONE Write apiVersion: tekton.dev/v1.",
      "SLUICE_VERSION_GONE Use params and workspaces.",
    ],
  );
});
