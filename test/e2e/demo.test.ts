/** `npm run demo` as a newcomer runs it: from whichever Node, with nothing around it. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { temporaryFolder } from "../helpers/folder.ts";
import { NODE, ROOT } from "../helpers/process.ts";

test("the demo ends with exit code 0, the trace, and the PipelineRun printed and written", () => {
  using folder = temporaryFolder("sluice-demo-test-");
  const runs = join(folder.path, "runs");
  const output = execFileSync(NODE, [join(ROOT, "src/cli/sluice.js"), "demo", "--runs", runs], {
    encoding: "utf8",
    cwd: folder.path,
    timeout: 120_000,
  });
  assert.ok(!output.includes("\u001b"), "plain in a pipe");
  assert.match(output, /202 \{"eventListener":"github"/);
  assert.match(output, /✓ verify +github Secret default\/github-webhook/);
  assert.match(output, /✓ intercept cel "only when there is something new to build"/);
  const [, path = ""] = /✓ written to (\S+)/.exec(output) ?? [];
  assert.ok(path.startsWith(runs), path);
  const written = parse(readFileSync(path, "utf8")) as {
    kind: string;
    metadata: { name: string; labels: Record<string, string> };
    spec: { params: { name: string; value: string }[] };
  };
  assert.equal(written.kind, "PipelineRun");
  assert.match(written.metadata.name, /^build-ec26c3e-[a-z0-9]{10}$/);
  assert.equal(written.metadata.labels["triggers.tekton.dev/trigger"], "pull-request");
  assert.equal(written.spec.params[1]?.value, "ec26c3e57ca3a959ca5aad62de7213c562f8c821");
  const printed = output.slice(output.indexOf("apiVersion: tekton.dev/v1"), output.indexOf("✓ written to"));
  assert.deepEqual(
    parseAllDocuments(printed).map((document) => document.toJS()),
    [written],
  );
});

test("where no temporary folder can be made, the demo says which setting helps", () => {
  using folder = temporaryFolder("sluice-demo-test-");
  const { status, stderr } = spawnSync(NODE, [join(ROOT, "src/cli/sluice.js"), "demo"], {
    encoding: "utf8",
    cwd: folder.path,
    env: { ...process.env, TMPDIR: join(folder.path, "absent") },
    timeout: 120_000,
  });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /no folder can be made in .*absent/);
  assert.match(stderr, /Set TMPDIR/);
  assert.doesNotMatch(stderr, /\n +at /);
});
