/** Loading: which files are read, which objects are taken, which faults are told, with their places. */

import assert from "node:assert/strict";
import { symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { faultReport, formatFault } from "../../src/catalog/faults.ts";
import { loadCatalog } from "../../src/catalog/load.ts";
import { bindingYaml, folderWith } from "./objects-helper.ts";

async function faultsOf(paths: readonly string[], folder: string): Promise<string[]> {
  const { faults, away } = await loadCatalog({ paths });
  return [...faults, ...away].map((fault) => formatFault(fault).replaceAll(`${folder}/`, ""));
}

test("folders are read recursively, by extension, without what is hidden", async (t) => {
  const folder = await folderWith(t, {
    "a.yaml": bindingYaml("a"),
    "sub/b.yml": bindingYaml("b"),
    "sub/deeper/c.json": JSON.stringify({
      apiVersion: "triggers.tekton.dev/v1beta1",
      kind: "TriggerBinding",
      metadata: { name: "c" },
      spec: { params: [{ name: "a", value: "1" }] },
    }),
    "readme.md": "no YAML: [",
    ".hidden.yaml": "no YAML: [",
    ".git/config.yaml": "no YAML: [",
  });
  const loaded = await loadCatalog({ paths: [folder], defaultNamespace: "team" });
  assert.deepEqual(loaded.faults, []);
  assert.equal(loaded.files, 3);
  for (const name of ["a", "b", "c"])
    assert.ok(loaded.declarations.find("TriggerBinding", "team", name), name);
});

test("a file that the user names is read whatever its extension, but not a hidden one", async (t) => {
  const folder = await folderWith(t, { "objects.txt": bindingYaml("a"), ".hidden.yaml": bindingYaml("b") });
  const loaded = await loadCatalog({ paths: [join(folder, "objects.txt")] });
  assert.equal(loaded.objects, 1);
  assert.match((await faultsOf([join(folder, ".hidden.yaml")], folder)).join(), /is hidden/);
});

test("a Kubernetes mount is read through its links, once", async (t) => {
  const folder = await folderWith(t, { "..2024_1/a.yaml": bindingYaml("a") });
  await symlink("..2024_1", join(folder, "..data"));
  await symlink("..data/a.yaml", join(folder, "a.yaml"));
  await symlink("..data/a.yaml", join(folder, "again.yaml"));
  const loaded = await loadCatalog({ paths: [folder] });
  assert.deepEqual([loaded.faults, loaded.files, loaded.objects], [[], 1, 1]);
});

test("circles of links end, and links to nothing are passed over", async (t) => {
  const folder = await folderWith(t, { "sub/a.yaml": bindingYaml("a") });
  await symlink("..", join(folder, "sub/up"));
  await symlink("nowhere.yaml", join(folder, "lock.yaml"));
  const loaded = await loadCatalog({ paths: [folder] });
  assert.deepEqual([loaded.faults, loaded.objects], [[], 1]);
});

test("what is missing, too large or no text is refused by name where it names Tekton's group, else passed over", async (t) => {
  const folder = await folderWith(t, {
    "huge.yaml": `# ${bindingYaml("a")}`,
    "binary.yaml": "",
    "other.yaml": "",
  });
  await truncate(join(folder, "huge.yaml"), 4 * 1024 * 1024 + 1);
  const binary = Buffer.from([0x61, 0x3a, 0xff, 0xfe]);
  await writeFile(join(folder, "binary.yaml"), Buffer.concat([binary, Buffer.from(bindingYaml("a"))]));
  await writeFile(join(folder, "other.yaml"), binary);
  const { warnings } = await loadCatalog({ paths: [folder] });
  assert.match(
    warnings.map(formatFault).join("\n"),
    /other\.yaml:1:1 passed over: the path is not UTF-8 text/,
  );
  const faults = await faultsOf([folder, join(folder, "absent")], folder);
  assert.equal(faults.length, 3);
  assert.match(faults.join("\n"), /absent does not exist/);
  assert.match(faults.join("\n"), /huge\.yaml:1:1 .*larger than 4194304 bytes/);
  assert.match(faults.join("\n"), /binary\.yaml:1:1 .*is not UTF-8 text/);
});

test("objects of other kinds are counted and passed over", async (t) => {
  const folder = await folderWith(t, {
    "a.yaml": `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n---\n${bindingYaml("a")}---\napiVersion: tekton.dev/v1\nkind: Task\nanything: [goes]\n`,
    "requests.json": '{"about": "no Kubernetes object"}',
  });
  const { faults, objects, ignored } = await loadCatalog({ paths: [folder] });
  assert.deepEqual([faults, objects, ignored], [[], 1, 3]);
});

test("an object that lacks apiVersion or kind is a mistake; what has neither is somebody else's", async (t) => {
  const folder = await folderWith(t, {
    "a.yaml":
      "kind: TriggerBinding\nspec: {}\n---\nspec: {}\n---\n- a\n---\napiVersion: triggers.tekton.dev/v1beta1\nmetadata: {name: x}\n",
  });
  assert.deepEqual(
    (await faultsOf([folder], folder)).map((line) => line.replace(/ {2}→.*/, "")),
    [
      "a.yaml:1:1 TriggerBinding default/(without a name): apiVersion: is missing or not a string",
      "a.yaml:8:1 object default/x: kind: is missing or not a string",
    ],
  );
  assert.deepEqual(
    (await loadCatalog({ paths: [folder] })).warnings.map(({ message, at }) => [message, at?.line]),
    [["passed over: 2 documents have neither apiVersion nor kind", 4]],
  );
});

test("a param that is written twice, and a field that metadata does not have, are warnings with their places", async (t) => {
  const folder = await folderWith(t, {
    "a.yaml": [
      "apiVersion: triggers.tekton.dev/v1beta1",
      "kind: EventListener",
      "metadata: {name: a, label: {b: c}, sluice.dev/verification: none}",
      "spec:",
      "  triggers:",
      "    - interceptors: [{ref: {name: cel}, params: [{name: filter, value: a}, {name: filter, value: b}]}]",
      "      template: {ref: t}",
      "---",
      "apiVersion: triggers.tekton.dev/v1beta1",
      "kind: TriggerTemplate",
      "metadata: {name: t}",
      "spec: {params: [{name: x}, {name: x}], resourcetemplates: [{apiVersion: v1, kind: Pod}]}",
    ].join("\n"),
  });
  const { warnings, faults } = await loadCatalog({ paths: [folder] });
  assert.deepEqual(faults, []);
  assert.deepEqual(
    warnings.map(({ code, values, at }) => [code, values["field"], at?.line]),
    [
      ["SLUICE_FIELD_IGNORED", "metadata.label", 3],
      ["SLUICE_FIELD_IGNORED", 'metadata["sluice.dev/verification"]', 3],
      ["SLUICE_PARAM_REPEATED", "spec.triggers[0].interceptors[0].params[1].name", 6],
      ["SLUICE_PARAM_REPEATED", "spec.params[1].name", 12],
    ],
  );
});

for (const [what, text, reason] of [
  ["a quote inside of quotes", 'value: "a "b""', /write the other kind of quotes inside/],
  ["a colon in a text", "value: a: b", /has to stand in quotes/],
  [
    "braces without quotes",
    "value: {{ body.ref }}",
    /put it into quotes; a binding's variable is written \$\(body\.ref\)/,
  ],
  ["two objects without a line between", "kind: TriggerBinding", /a line --- is missing between two objects/],
  ["a tab", "\tvalue: b", /write spaces/],
  ["a space of a web page", "a\u00a0: [", /U\+00A0/],
  ["an alias of another document", "---\na: *b", /an anchor ends with its document/],
] as const) {
  test(`what is no YAML is told with what helps: ${what}`, async (t) => {
    const ours = "apiVersion: triggers.tekton.dev/v1beta1\nkind: TriggerBinding\n";
    const folder = await folderWith(t, { "a.yaml": `${ours}${text}\n` });
    const { faults } = await loadCatalog({ paths: [folder] });
    assert.match(faults[0]?.message ?? "", reason);
  });
}

test("a list of objects is no document", async (t) => {
  const text = "- apiVersion: triggers.tekton.dev/v1beta1\n  kind: TriggerBinding\n  metadata: {name: a}\n";
  const { faults } = await loadCatalog({ paths: [await folderWith(t, { "a.yaml": text })] });
  assert.match(faults[0]?.message ?? "", /must be an object, is a list: separate its objects by ---/);
});

test("Lists are unfolded, and faults inside them keep their place", async (t) => {
  const item = (name: string, value: string) =>
    `  - apiVersion: triggers.tekton.dev/v1beta1\n    kind: TriggerBinding\n    metadata: {name: ${name}}\n    spec:\n      params:\n        - {name: a, value: ${value}}\n`;
  const folder = await folderWith(t, {
    "list.yaml": `apiVersion: v1\nkind: List\nitems:\n${item("a", "x")}${item("b", "5")}`,
    "typed.yaml": `apiVersion: triggers.tekton.dev/v1beta1\nkind: TriggerBindingList\nitems:\n  - metadata: {name: c}\n    spec: {params: [{name: a, value: x}]}\n`,
  });
  const { faults, declarations } = await loadCatalog({ paths: [folder] });
  assert.deepEqual(
    faults.map(formatFault).map((line) => line.replace(`${folder}/`, "").replace(/ {2}→.*/, "")),
    [
      "list.yaml:15:21 TriggerBinding default/b: spec.params[0].value: must be a string, is the number 5; put it into quotes",
    ],
  );
  assert.ok(declarations.find("TriggerBinding", "default", "a"));
  assert.ok(declarations.find("TriggerBinding", "default", "c"));
});

test("names must be such as the API server takes", async (t) => {
  const folder = await folderWith(t, {
    "a.yaml":
      "apiVersion: triggers.tekton.dev/v1beta1\nkind: EventListener\nmetadata: {name: Upper_Case}\nspec: {labelSelector: {}}\n",
  });
  assert.match(
    (await faultsOf([folder], folder)).join(),
    /^a\.yaml:3:12 EventListener default\/Upper_Case: metadata\.name: "Upper_Case" must consist/,
  );
});

test("an object that is declared twice is refused, with the other place", async (t) => {
  const folder = await folderWith(t, {
    "a.yaml": bindingYaml("same"),
    "b.yaml": `---\n${bindingYaml("same", "other")}`,
  });
  const { faults, declarations } = await loadCatalog({ paths: [folder] });
  assert.deepEqual(
    faults.map(({ code }) => code),
    ["SLUICE_OBJECT_DUPLICATE"],
  );
  const report = faultReport(faults[0] ?? assert.fail());
  assert.equal(report.file, join(folder, "b.yaml"));
  assert.equal(report.line, 2);
  assert.match(report.fix, /a\.yaml:1; keep one/);
  assert.equal(
    declarations.find("TriggerBinding", "default", "same"),
    undefined,
    "nobody can tell which is meant",
  );
  await writeFile(join(folder, "b.yaml"), bindingYaml("same"));
  const twice = await loadCatalog({ paths: [folder] });
  assert.deepEqual([twice.faults.length, twice.warnings.length], [0, 1]);
  assert.ok(
    twice.declarations.find("TriggerBinding", "default", "same"),
    "word for word the same harms nobody",
  );
});

test("secrets are read from data and stringData", async (t) => {
  const folder = await folderWith(t, {
    "s.yaml":
      "apiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata: {name: s, namespace: team}\ndata: {a: aGVsbG8=, b: eA==, empty: null}\nstringData: {b: plain}\n",
  });
  const { faults, secrets } = await loadCatalog({ paths: [folder] });
  assert.deepEqual(faults, []);
  const data = secrets.peek("team", "s");
  assert.deepEqual(
    [...(data ?? [])].map(([key, value]) => [key, value.toString()]),
    [
      ["a", "hello"],
      ["b", "plain"],
      ["empty", ""],
    ],
  );
  assert.equal(await secrets.read("team", "other"), null);
  assert.equal(secrets.peek("default", "s"), null);
});

test("a secret's value never stands in a fault", async (t) => {
  const folder = await folderWith(t, {
    "s.yaml":
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: topsecret!, b: 31337}\nstringData: {c: 31337, topsecret: x, 'bad key': x}\n",
  });
  const lines = await faultsOf([folder], folder);
  assert.deepEqual(
    lines.map((line) => line.replace(/ {2}→.*/, "")),
    [
      "s.yaml:4:8 Secret default/s: data.a: must be base64 text",
      "s.yaml:4:23 Secret default/s: data.b: must be base64 text",
      "s.yaml:5:14 Secret default/s: stringData.c: must be text; quote numbers and booleans",
      's.yaml:4:1 Secret default/s: data["bad key"]: must be a key of letters, digits, "-", "_" and ".", at most 253',
    ],
  );
});

test("a hundred thousand entries, good or bad, load and end", async (t) => {
  const head =
    "apiVersion: triggers.tekton.dev/v1beta1\nkind: TriggerBinding\nmetadata: {name: x}\nspec:\n  params:\n";
  const folder = await folderWith(t, {
    "many.yaml": head + Array.from({ length: 100_000 }, (_, i) => `  - {name: p${i}, value: v}\n`).join(""),
    "bad.yaml": head.replace("name: x", "name: y") + "  - {nme: 1}\n".repeat(10_000),
  });
  const { objects, faults } = await loadCatalog({ paths: [folder] });
  assert.deepEqual([objects, faults.length], [1, 50]);
});

test("control signs of file and field names do not reach the terminal", async (t) => {
  const folder = await folderWith(t, {
    "a\u001b[31m.yaml": 'apiVersion: triggers.tekton.dev/v1beta1\nkind: Trigger\n"\\e[2J\\n": 1\n',
  });
  const lines = await faultsOf([folder], folder);
  assert.ok(lines.length > 0);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f]/);
});
