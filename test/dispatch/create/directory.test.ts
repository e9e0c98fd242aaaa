/** The directory target, on a real folder. */

import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import type { KubernetesObject } from "../../../src/core/job.ts";
import { createDirectoryTarget } from "../../../src/dispatch/create/directory.ts";
import { jobOf, labelsOf, pipelineRun, runOf, targetContract } from "../../contracts/target.ts";
import { temporaryFolder } from "../../helpers/folder.ts";

const pathOf = (dir: string, { kind, metadata }: KubernetesObject): string =>
  join(dir, metadata.namespace ?? "ci", `${kind.toLowerCase()}-${metadata.name}.yaml`);

targetContract("directory", async () => {
  const folder = temporaryFolder();
  const dir = join(folder.path, "runs");
  return {
    target: createDirectoryTarget({ dir }),
    namespace: "ci",
    async read(object) {
      const text = await readFile(pathOf(dir, object), "utf8").catch(() => undefined);
      return text === undefined ? undefined : parse(text, { version: "1.1" });
    },
    async plant(object) {
      await mkdir(dirname(pathOf(dir, object)), { recursive: true });
      await writeFile(pathOf(dir, object), JSON.stringify(object));
    },
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
});

test("a file lies at <namespace>/<kind>-<name>.yaml, and nothing else is left", async () => {
  using folder = temporaryFolder();
  const target = createDirectoryTarget({ dir: folder.path });
  const run = runOf(await target.create(pipelineRun("d", "ci", "build-1"), jobOf("d", "ci")));
  assert.equal(run.where, join(folder.path, "ci", "pipelinerun-build-1.yaml"));
  assert.deepEqual(await readdir(join(folder.path, "ci")), ["pipelinerun-build-1.yaml"]);
});

test("texts that YAML 1.1 and 1.2 read differently come in quotes", async () => {
  using folder = temporaryFolder();
  const words = [
    "on",
    "y",
    "No",
    "~",
    "null",
    "010",
    "0x1f",
    "1e3",
    "1_000",
    "1:20",
    "2001-01-01",
    "<<",
    "=",
    "",
    "-",
    "true",
    "0o7",
    ".inf",
    "+1",
    "0b1",
  ];
  const data = Object.fromEntries(words.map((word, index) => [`k${index}`, word]));
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "words", namespace: "ci" }, data };
  const { where } = runOf(await createDirectoryTarget({ dir: folder.path }).create(object, jobOf("d", "ci")));
  const text = await readFile(where, "utf8");
  for (const version of ["1.1", "1.2"] as const) {
    assert.deepEqual(parse(text, { version }).data, data, `YAML ${version}`);
  }
});

const HOSTILE = [
  "../../../etc/passwd",
  "..",
  ".",
  "a/b",
  "a\\b",
  "nul\0byte",
  "C:evil",
  "-rf",
  "ümlaut",
  "Upper",
  "x".repeat(5_000),
  ".hidden",
  "tail.",
  "line\nbreak",
];

for (const text of HOSTILE) {
  test(`name and namespace ${JSON.stringify(text.slice(0, 20))} stay inside the folder`, async () => {
    using folder = temporaryFolder();
    const dir = join(folder.path, "runs");
    const target = createDirectoryTarget({ dir });
    const object = pipelineRun("d", text, text);
    const { where } = runOf(await target.create(object, jobOf("d", "ci")));
    assert.match(relative(dir, where), /^[a-z0-9_-][a-z0-9_.-]*\/pipelinerun-[a-z0-9_.-]+\.yaml$/);
    assert.deepEqual(await readdir(folder.path), ["runs"]);
    assert.equal(runOf(await target.create(object, jobOf("d", "ci"))).outcome, "exists");
  });
}

test("objects whose plain file names are equal get files of their own", async () => {
  using folder = temporaryFolder();
  const target = createDirectoryTarget({ dir: folder.path });
  const labels = labelsOf("d");
  const metadata = { name: "web", namespace: "ci", labels };
  const objects = [
    { apiVersion: "v1", kind: "Service", metadata },
    { apiVersion: "serving.knative.dev/v1", kind: "Service", metadata },
    { apiVersion: "v1", kind: "SERVICE", metadata },
  ];
  const runs = [];
  for (const object of objects) runs.push(runOf(await target.create(object, jobOf("d", "ci"))));
  assert.deepEqual(
    runs.map((run) => run.outcome),
    ["created", "created", "created"],
  );
  assert.equal(new Set(runs.map((run) => run.where)).size, 3);
  for (const [index, object] of objects.entries()) {
    const again = runOf(await target.create(object, jobOf("d", "ci")));
    assert.deepEqual(again, { ...runs[index], outcome: "exists" });
  }
});

test("the same object in another version is the same object", async () => {
  using folder = temporaryFolder();
  const target = createDirectoryTarget({ dir: folder.path });
  const object = pipelineRun("d", "ci", "one");
  runOf(await target.create(object, jobOf("d", "ci")));
  const beta = { ...object, apiVersion: "tekton.dev/v1beta1" };
  assert.equal(runOf(await target.create(beta, jobOf("d", "ci"))).outcome, "exists");
});

test("a file that is no object is left alone", async () => {
  using folder = temporaryFolder();
  const target = createDirectoryTarget({ dir: folder.path });
  const object = pipelineRun("d", "ci", "one");
  const path = pathOf(folder.path, object);
  await mkdir(dirname(path));
  await writeFile(path, "a: [1, &x 2\n");
  const run = runOf(await target.create(object, jobOf("d", "ci")));
  assert.notEqual(run.where, path);
  assert.equal(await readFile(path, "utf8"), "a: [1, &x 2\n");
});

test("a folder that cannot be written to is tried again, and ready() says so", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "file");
  await writeFile(file, "");
  await chmod(file, 0o400);
  const target = createDirectoryTarget({ dir: join(file, "runs") });
  const answer = await target.create(pipelineRun("d", "ci"), jobOf("d", "ci"));
  assert.partialDeepStrictEqual(answer, {
    outcome: "failed",
    retry: "soon",
    code: "SLUICE_CREATE_DIRECTORY",
  });
  await assert.rejects(target.ready(), { code: "SLUICE_CREATE_DIRECTORY" });
});
