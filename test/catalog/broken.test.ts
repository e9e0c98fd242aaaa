/** What is wrong in files takes out itself alone, and what is somebody else's is passed over. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { loadCatalog } from "../../src/catalog/load.ts";
import { bindingYaml, folderWith } from "./objects-helper.ts";

const listenerYaml = (name: string, more = "") =>
  `apiVersion: triggers.tekton.dev/v1beta1\nkind: EventListener\nmetadata:\n  name: ${name}\n  labels: {team: a}\nspec:\n${more}  triggers:\n    - template: {ref: t}\n`;

async function load(t: TestContext, files: Record<string, string>) {
  const folder = await folderWith(t, files);
  const loaded = await loadCatalog({ paths: [folder] });
  return {
    ...loaded,
    codes: loaded.faults.map(({ code }) => code),
    passed: loaded.warnings.map(({ at, message }) => `${at?.file.slice(folder.length + 1)}: ${message}`),
    listener: (name: string) => loaded.declarations.find("EventListener", "default", name),
  };
}

test("a listener with a mistake stands there with its fault; the others are as they were", async (t) => {
  const { listener, codes, unread } = await load(t, {
    "a.yaml": listenerYaml("good"),
    "b.yaml": listenerYaml("bad", "  serviceType: NodePort\n"),
  });
  assert.equal(listener("good")?.fault, undefined);
  assert.match(
    listener("bad")?.fault?.message ?? "",
    /default\/bad cannot be used: spec\.serviceType is no field any more/,
  );
  assert.deepEqual([codes, unread], [["SLUICE_OBJECT_INVALID"], undefined]);
});

for (const [what, text] of [
  ["a tab", listenerYaml("bad").replace("    - template", "\t- template")],
  ["an open bracket", `${listenerYaml("bad")}      bindings: [\n`],
  ["an open quote", `${listenerYaml("bad")}      name: "x\n`],
  ["a key twice", `${listenerYaml("bad")}spec: {}\n`],
  ["a name beside braces", listenerYaml("bad").replace("{ref: t}", "{ref: t}}")],
] as const) {
  test(`of a file with ${what} kind and metadata are still known`, async (t) => {
    const { listener, codes, unread } = await load(t, { "a.yaml": listenerYaml("good"), "b.yaml": text });
    assert.match(listener("bad")?.fault?.message ?? "", /its file is no valid YAML/);
    assert.deepEqual(listener("bad")?.metadata.labels, { team: "a" });
    assert.deepEqual([codes[0], unread], ["SLUICE_YAML_SYNTAX", undefined]);
  });
}

test("a file that hides a listener, and files of which no listener can be made, leave unknown paths in doubt", async (t) => {
  const list = `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: triggers.tekton.dev/v1beta1\n    kind: EventListener\n    metadata: {name: x}\n    spec: [\n`;
  assert.equal(
    (await load(t, { "a.yaml": listenerYaml("good"), "b.yaml": list })).unread?.code,
    "SLUICE_YAML_SYNTAX",
  );
  assert.equal((await load(t, { "b.yaml": "kind: [\n" })).unread?.code, "SLUICE_YAML_SYNTAX");
  assert.equal((await load(t, { "a.yaml": listenerYaml("good"), "b.yaml": "kind: [\n" })).unread, undefined);
});

test("a listener by a name that no object can have leaves unknown paths in doubt, whatever else there is", async (t) => {
  const { unread, codes } = await load(t, {
    "a.yaml": listenerYaml("good"),
    "b.yaml": listenerYaml("GitHub"),
  });
  assert.deepEqual([unread?.code, codes], ["SLUICE_OBJECT_INVALID", ["SLUICE_OBJECT_INVALID"]]);
  assert.match(unread?.message ?? "", /"GitHub" must consist of lower case letters.*; write github$/);
});

test("a Secret that is broken is neither there nor missing", async (t) => {
  const { secrets, codes } = await load(t, {
    "a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: no base64 at all}\n",
  });
  assert.deepEqual(codes, ["SLUICE_OBJECT_INVALID"]);
  await assert.rejects(secrets.read("default", "s"), { code: "SLUICE_SECRET_BROKEN", status: 503 });
  assert.equal(await secrets.read("default", "other"), null);
});

test("files of others are passed over with one warning each", async (t) => {
  const { codes, passed } = await load(t, {
    "a.yaml": listenerYaml("good"),
    "devfile.yaml": "schemaVersion: 2.2.0\nmetadata: {name: x}\nspec: 1\n",
    "json-patch.yaml": "- op: replace\n  path: /spec\n---\n- op: remove\n  path: /a\n",
    "values.yaml": "image: [\n",
    "chart.yaml": "{{- if .Values.x }}\na: b\n{{- end }}\n",
    "task.yaml": "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec: {}\n",
    "half.yaml": "kind: Task\nmetadata: {name: t}\n",
  });
  assert.deepEqual(codes, []);
  assert.equal(passed.length, 5);
  assert.match(passed.join("\n"), /chart\.yaml: passed over: a Helm template/);
  assert.match(
    passed.join("\n"),
    /json-patch\.yaml: passed over: 2 documents have neither apiVersion nor kind/,
  );
  assert.match(
    passed.join("\n"),
    /values\.yaml: passed over: it is no file of Tekton Triggers, and no valid YAML/,
  );
});

test("a kustomization's patches are no objects, and that it changes what it lists is said once", async (t) => {
  const { codes, passed } = await load(t, {
    "kustomization.yaml": "resources: [el.yaml]\npatches:\n  - path: patch.yaml\n",
    "el.yaml": listenerYaml("good"),
    "patch.yaml": listenerYaml("good").replace("triggers", "serviceAccountName: x\n  triggerz"),
  });
  assert.deepEqual(codes, []);
  assert.match(passed.join("\n"), /patch\.yaml: passed over: a patch of .*kustomization\.yaml/);
  assert.match(passed.join("\n"), /kustomization\.yaml: .*changes what it lists \(patches\)/);
});

test("a source of Helm or with variables is one line, however much is wrong with it", async (t) => {
  const { faults } = await load(t, {
    "helm.yaml": `{{- range .Values.x }}\n${listenerYaml("{{ .name }}")}---\n${listenerYaml("{{ .other }}")}{{- end }}\n`,
    "env.yaml": `${bindingYaml("$" + "{NAME}")}---\n${bindingYaml("$" + "{NAME}-2")}`,
  });
  assert.deepEqual(faults.map(({ code, values }) => [code, values["what"]]).toSorted(), [
    ["SLUICE_SOURCE_UNRENDERED", "a Helm template"],
    ["SLUICE_SOURCE_UNRENDERED", "a source with variables"],
  ]);
});
