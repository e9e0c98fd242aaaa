/** `sluice check`: what is wrong, where it stands, and what counts as wrong. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { sluice, sluiceProcess } from "./helper.ts";

interface Report {
  readonly ok: boolean;
  readonly files: number;
  readonly objects: number;
  readonly listeners: readonly { readonly namespace: string; readonly name: string }[];
  readonly unselected: readonly { readonly namespace: string; readonly name: string }[];
  readonly errors: readonly Found[];
  readonly warnings: readonly Found[];
  readonly notes: readonly Found[];
}
interface Found {
  readonly code: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A listener with one trigger; `interceptors` are lines as they stand under that key. */
function listener(interceptors: readonly string[], more: readonly string[] = []): string {
  return [
    "apiVersion: triggers.tekton.dev/v1beta1",
    "kind: EventListener",
    "metadata:",
    "  name: one",
    "spec:",
    "  triggers:",
    "    - name: first",
    "      interceptors:",
    ...interceptors.map((line) => `        ${line}`),
    "      template:",
    "        ref: build",
    ...more,
  ].join("\n");
}

const TEMPLATE = `
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata:
  name: build
spec:
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: PipelineRun
      metadata:
        generateName: build-
`;

const GITHUB = [
  "- ref:",
  "    name: github",
  "  params:",
  "    - name: secretRef",
  "      value: {secretName: hook, secretKey: token}",
];

/** Checks a text as the file listener.yaml. */
async function check(text: string, ...options: readonly string[]) {
  using folder = temporaryFolder();
  const path = join(folder.path, "listener.yaml");
  writeFileSync(path, text);
  const json = await sluice(["check", path, "-o", "json", ...options]);
  const people = await sluice(["check", path, ...options]);
  assert.equal(json.code, people.code);
  return { path, code: json.code, report: JSON.parse(json.stdout) as Report, text: people.stdout };
}

/** Where a fault stands: the line that holds `text`, and its column there. */
function place(document: string, text: string): { line: number; column: number } {
  const lines = document.split("\n");
  const index = lines.findIndex((line) => line.includes(text));
  return { line: index + 1, column: (lines[index] ?? "").indexOf(text) + 1 };
}

test("what is right is counted", async () => {
  const { code, report, text } = await check(listener(GITHUB) + TEMPLATE);
  assert.equal(code, 0);
  const listeners = [{ namespace: "default", name: "one" }];
  assert.partialDeepStrictEqual(report, {
    ok: true,
    files: 1,
    objects: 2,
    listeners,
    unselected: [],
    errors: [],
    warnings: [],
  });
  assert.match(text, /^✓ 2 objects in 1 file, 1 listener: 0 errors, 0 warnings$/m);
});

test("a Secret that is in none of the files is a note, also under --strict", async () => {
  const { code, report, text } = await check(listener(GITHUB) + TEMPLATE);
  assert.equal(code, 0);
  assert.deepEqual(
    report.notes.map(({ code }) => code),
    ["SLUICE_SECRET_ELSEWHERE"],
  );
  assert.match(
    text,
    /^note {4}Secret default\/hook \(key token\) is not among the files; trigger default\/first/m,
  );
  using folder = temporaryFolder();
  const again = join(folder.path, "objects.yaml");
  writeFileSync(again, listener(GITHUB) + TEMPLATE);
  assert.equal((await sluice(["check", again, "--strict"])).code, 0);
});

test("every fault is told with file, line and column, to people and to programs", async () => {
  const faults: [string, string, string][] = [
    ["SLUICE_OBJECT_INVALID", listener(GITHUB, ["      templat: x"]) + TEMPLATE, "templat:"],
    ["SLUICE_INTERCEPTOR_UNKNOWN", listener(["- ref:", "    name: gihtub"]) + TEMPLATE, "ref:"],
    [
      "SLUICE_CEL_SYNTAX",
      listener([
        ...GITHUB,
        "- name: broken",
        "  ref: {name: cel}",
        "  params:",
        "    - {name: filter, value: body.action ===}",
      ]) + TEMPLATE,
      "value: body.action ===",
    ],
    [
      "SLUICE_INTERCEPTOR_PARAMS",
      listener([
        ...GITHUB,
        "- name: typed",
        "  ref: {name: github}",
        "  params:",
        "    - {name: eventTypes, value: push}",
      ]) + TEMPLATE,
      "value: push",
    ],
    ["SLUICE_YAML_SYNTAX", `${listener(GITHUB)}\n  broken: [1, 2\n`, ""],
  ];
  for (const [expected, document, at] of faults) {
    const { code, report, text, path } = await check(document);
    assert.equal(code, 1, expected);
    assert.equal(report.ok, false);
    const found = report.errors.find((error) => error.code === expected);
    assert.ok(found, `${expected}: got ${JSON.stringify(report.errors)}`);
    assert.equal(found.file, path);
    assert.ok(text.includes(`error   ${path}:${found.line}:${found.column} `), text);
    if (at !== "") {
      const { line, column } = found;
      assert.deepEqual({ line, column }, place(document, at), `${expected}: ${found.message}`);
    }
  }
});

test("a reference to nothing is a warning, and an error with --strict", async () => {
  const lenient = await check(listener(GITHUB));
  assert.equal(lenient.code, 0);
  assert.equal(lenient.report.ok, true);
  assert.deepEqual(
    lenient.report.warnings.map(({ code }) => code),
    ["SLUICE_REF_MISSING"],
  );
  assert.ok(lenient.text.includes(`warning ${lenient.path}:`), lenient.text);
  assert.match(lenient.text, /TriggerTemplate build does not exist in namespace default/);
  const strict = await check(listener(GITHUB), "--strict");
  assert.equal(strict.code, 1);
  assert.equal(strict.report.ok, false);
});

test("a trigger that demands no proof is a warning, unless that is allowed", async () => {
  const open = ["- ref: {name: cel}", "  params:", "    - {name: filter, value: 'true'}"];
  const { report } = await check(listener(open) + TEMPLATE);
  assert.deepEqual(
    report.warnings.map(({ code }) => code),
    ["SLUICE_PROOF_UNDECLARED"],
  );
  const allowed = await check(listener(open) + TEMPLATE, "--strict", "--unverified", "allow");
  assert.equal(allowed.code, 0);
});

test("a parameter that its interceptor ignores is a warning with its place", async () => {
  const document = listener([...GITHUB, "    - {name: eventType, value: [push]}"]) + TEMPLATE;
  const { code, report, text } = await check(document);
  assert.equal(code, 0);
  const [warning = assert.fail("no warning"), ...others] = report.warnings;
  assert.deepEqual(others, []);
  assert.equal(warning.code, "SLUICE_INTERCEPTOR_PARAMS");
  assert.deepEqual({ line: warning.line, column: warning.column }, place(document, "value: [push]"));
  assert.match(text, /interceptor github: eventType is unknown and has no effect; did you mean eventTypes\?/);
});

test("paths come from arguments, --config, or else the settings", async () => {
  const from = async (args: readonly string[], env = {}) => {
    const { code, stdout } = await sluice(["check", "-o", "json", ...args], env);
    assert.equal(code, 0, stdout);
    return (JSON.parse(stdout) as Report).listeners.map(({ namespace, name }) => `${namespace}/${name}`);
  };
  assert.deepEqual(await from(["examples/github"]), ["ci/github"]);
  assert.deepEqual(await from(["examples/github", "-c", "examples/gitlab"]), ["ci/github", "ci/gitlab"]);
  assert.deepEqual(await from([], { SLUICE_CONFIG: "examples/gitlab" }), ["ci/gitlab"]);
  assert.deepEqual(await from(["examples/github"], { SLUICE_CONFIG: "examples/gitlab" }), ["ci/github"]);
});

test("sluice.yaml of the working folder counts too", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "sluice.yaml"), "config: [triggers.yaml]\nnamespace: team\n");
  writeFileSync(join(folder.path, "triggers.yaml"), listener(GITHUB) + TEMPLATE);
  const { code, stdout } = await sluiceProcess(["check", "-o", "json"], { cwd: folder.path });
  assert.equal(code, 0);
  assert.deepEqual((JSON.parse(stdout) as Report).listeners, [{ namespace: "team", name: "one" }]);
});

test("an interceptor that is in none of the files may be in the cluster; a misspelt one is in neither", async () => {
  for (const [name, code, cure] of [
    ["sign-off", 0, /kubectl get clusterinterceptor sign-off -o yaml/],
    ["githb", 1, /Did you mean github\?/],
  ] as const) {
    const found = await check(listener([...GITHUB, "- ref:", `    name: ${name}`]) + TEMPLATE);
    assert.equal(found.code, code, found.text);
    assert.match(found.text, new RegExp(`no interceptor is called ${name}`));
    assert.match(found.text, cure);
  }
});

test("names that drive a terminal are shown without their power", async () => {
  const { text, code } = await check(
    listener(["- ref:", '    name: "\\e[2Jgone\\u202e\\u009b31m"']) + TEMPLATE,
  );
  assert.equal(code, 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are looked for
  assert.doesNotMatch(text, /[\u001b\u009b\u202e]/);
  assert.match(text, /gone/);
});

const ALONE = `
apiVersion: triggers.tekton.dev/v1beta1
kind: Trigger
metadata: {name: alone}
spec:
  interceptors:
    - ref: {name: cel}
      params: [{name: filter, value: "body.ref =="}]
    - ref: {name: cell}
  bindings: [{name: rev, value: "$(body.x[)"}]
  template: {ref: build}
`;

test("what no listener of the files selects is checked by itself, and counted", async () => {
  const { code, report, text } = await check(ALONE + TEMPLATE);
  assert.equal(code, 1);
  assert.deepEqual(
    report.errors.map((error) => error.code),
    ["SLUICE_CEL_SYNTAX", "SLUICE_INTERCEPTOR_UNKNOWN", "SLUICE_PATH_SYNTAX"],
  );
  assert.deepEqual(report.unselected, [{ namespace: "default", name: "alone" }]);
  assert.deepEqual(report.listeners, []);
  assert.match(text, /1 Trigger that no listener of these files selects: checked by itself/);
});

test("a right Trigger without its listener is right: who proves its senders is the listener's affair", async () => {
  const right = ALONE.replace(" ==", " == 'x'")
    .replace(/ +- ref: \{name: cell\}\n/, "")
    .replace("x[", "x");
  const { code, report } = await check(right + TEMPLATE);
  // The listener's group may set it; only the param that the template does not take is known.
  assert.deepEqual([code, report.warnings.map((one) => one.code)], [0, ["SLUICE_PARAM_UNUSED"]]);
});

test("bindings, templates and interceptors that nothing names are checked", async () => {
  const objects = [
    ["TriggerBinding", "v1beta1", "{params: [{name: a, value: '$(body.x[)'}]}"],
    [
      "TriggerTemplate",
      "v1beta1",
      "{resourcetemplates: [{apiVersion: v1, kind: ConfigMap, metadata: {name: Bad}}]}",
    ],
    ["ClusterInterceptor", "v1alpha1", "{clientConfig: {}}"],
  ].map(([kind, version, spec]) =>
    [
      `apiVersion: triggers.tekton.dev/${version}`,
      `kind: ${kind}`,
      "metadata: {name: own}",
      `spec: ${spec}`,
    ].join("\n"),
  );
  const { report } = await check(objects.join("\n---\n"));
  assert.deepEqual(report.errors.map(({ code }) => code).sort(), [
    "SLUICE_INTERCEPTOR_PARAMS",
    "SLUICE_METADATA_INVALID",
    "SLUICE_PATH_SYNTAX",
  ]);
  assert.ok(report.errors.every(({ line }) => line >= 1));
});

test("standard input is read for `-`; an empty one is an error", async () => {
  const right = await sluiceProcess(["check", "-", "-o", "json"], { input: listener(GITHUB) + TEMPLATE });
  assert.equal(right.code, 0, right.stderr);
  assert.equal((JSON.parse(right.stdout) as Report).objects, 2);
  const wrong = await sluiceProcess(["check", "/dev/stdin"], { input: ALONE });
  assert.match(wrong.stdout, /error {3}<stdin>:8:31 Trigger default\/alone/);
  const empty = await sluiceProcess(["check", "-"], { input: "" });
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /it is empty/);
});

test("an old or misspelt API group of our kinds is an error; other projects' kinds are not", async () => {
  const objects = [
    ["tekton.dev/v1alpha1", "EventListener"],
    ["trigger.tekton.dev/v1beta1", "Trigger"],
    ["eventing.knative.dev/v1", "Trigger"],
    ["apps/v1", "Interceptor"],
  ].map(([apiVersion, kind], i) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: n${i}}`);
  const { report } = await check(objects.join("\n---\n"));
  assert.deepEqual(
    report.errors.map(({ code, line }) => [code, line]),
    [
      ["SLUICE_GROUP_UNKNOWN", 1],
      ["SLUICE_GROUP_UNKNOWN", 5],
    ],
  );
});

test("an object that is broken is not also said to be absent", async () => {
  const { report } = await check(
    listener(GITHUB) + TEMPLATE.replace("spec:", "spec:\n  params: [{name: a, default: [b]}]"),
  );
  assert.deepEqual([report.errors.map(({ code }) => code), report.warnings], [["SLUICE_OBJECT_INVALID"], []]);
});

test("findings come in the order of files and lines, whatever their objects are called", async () => {
  using folder = temporaryFolder();
  const bound = (name: string, value: string) =>
    `apiVersion: triggers.tekton.dev/v1beta1\nkind: TriggerBinding\nmetadata: {name: ${name}}\nspec:\n  params: [{name: a, value: "${value}"}]\n`;
  writeFileSync(
    join(folder.path, "a.yaml"),
    `${bound("zed", "$(boddy.a)")}---\n${bound("young", "$(boddy.b)")}`,
  );
  writeFileSync(join(folder.path, "b.yaml"), `${bound("c", "$(boddy.c)")}---\n${bound("b", "{{ body.d }}")}`);
  const people = await sluice(["check", folder.path]);
  const places = [...people.stdout.matchAll(/(\w\.yaml:\d+):/g)].map(([, place]) => place);
  assert.deepEqual(places, ["a.yaml:5", "a.yaml:11", "b.yaml:5", "b.yaml:11"]);
  const json = await sluice(["check", folder.path, "-o", "json"]);
  const report = JSON.parse(json.stdout) as Report;
  assert.deepEqual(
    report.errors.map(({ line }) => line),
    [5, 11, 5],
  );
});

test("a folder without objects of Tekton Triggers is not checked, and that is no good result", async () => {
  using folder = temporaryFolder();
  const empty = await sluice(["check", folder.path]);
  assert.equal(empty.code, 2);
  assert.match(empty.stdout, /holds no object of Tekton Triggers \(0 files read\), so nothing was checked/);
  const foreign = await check("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
  assert.deepEqual(
    [foreign.code, foreign.report.ok, foreign.report.errors.map(({ code }) => code)],
    [2, false, ["SLUICE_CONFIG_EMPTY"]],
  );
  const alone = await check("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n");
  assert.equal(alone.code, 0);
  assert.match(alone.text, /^✓ 1 object in 1 file, 0 listeners: 0 errors, 0 warnings$/m);
});

test("a Secret of another namespace is named as what it is", async () => {
  const elsewhere =
    "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: hook, namespace: other}\nstringData: {token: 5fd1d2c0a9f04d5e8c5e}\n";
  const { report } = await check(listener(GITHUB) + TEMPLATE + elsewhere);
  assert.deepEqual(
    report.warnings.map(({ code }) => code),
    ["SLUICE_SECRET_NAME"],
  );
  assert.match(report.warnings[0]?.message ?? "", /there is other\/hook, but .* in its own namespace/);
});

test("many warnings of one kind are shown as a few, and all of them with --all and as JSON", async () => {
  const triggers = [2, 3, 4, 5, 6, 7].flatMap((i) => [`    - name: t${i}`, "      template: {ref: build}"]);
  const document = listener(GITHUB, triggers) + TEMPLATE;
  const { text, report } = await check(document);
  assert.equal(report.warnings.length, 6);
  assert.equal(text.match(/demands no proof/g)?.length, 3);
  assert.match(text, /… and 3 more of this kind \(SLUICE_PROOF_UNDECLARED\); --all shows them/);
  const all = await check(document, "--all");
  assert.equal(all.text.match(/demands no proof/g)?.length, 6);
});
