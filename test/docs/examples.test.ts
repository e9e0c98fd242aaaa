/** Every example folder is right, and its events do what its README says. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Decision } from "../../src/core/decision.ts";
import { sluice } from "../cli/helper.ts";
import { ROOT } from "../helpers/process.ts";

const folders = readdirSync(join(ROOT, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `examples/${name}`);

/** Names of the triggers that match, and of the kinds they create. */
async function matches(folder: string, provider: string, event: string): Promise<readonly string[]> {
  const { stdout, stderr } = await sluice(["try", provider, event, "--config", folder, "-o", "json"]);
  assert.ok(stdout.startsWith("{"), stderr);
  const { decisions } = JSON.parse(stdout) as { decisions: readonly Decision[] };
  assert.deepEqual(
    decisions.filter(({ result }) => result === "failed"),
    [],
  );
  return decisions.flatMap(({ trigger, job }) => (job === undefined ? [] : [trigger.name]));
}

for (const folder of folders) {
  test(`${folder} is right; only its secret is an example, and check says so`, async () => {
    const { code, stdout } = await sluice(["check", folder, "-o", "json"]);
    assert.equal(code, 0, stdout);
    const { warnings } = JSON.parse(stdout) as { warnings: readonly { code: string }[] };
    for (const warning of warnings) assert.equal(warning.code, "SLUICE_SECRET_WEAK", stdout);
    assert.ok(warnings.length > 0);
  });
}

const PROMISES: [folder: string, provider: string, event: string, triggers: readonly string[]][] = [
  ["examples/quickstart", "github", "pull_request.opened", ["pull-request"]],
  ["examples/quickstart", "github", "pull_request.closed", []],
  ["examples/github", "github", "pull_request.opened", ["test-pull-request"]],
  ["examples/github", "github", "pull_request.ready_for_review", ["test-pull-request"]],
  ["examples/github", "github", "pull_request.converted_to_draft", []],
  ["examples/github", "github", "pull_request.closed", []],
  ["examples/github", "github", "push", ["build-default-branch"]],
  ["examples/github", "github", "push.tag", ["release-tag"]],
  ["examples/github", "github", "issues.opened", []],
  ["examples/gitlab", "gitlab", "push", ["push"]],
  ["examples/gitlab", "gitlab", "merge_request", ["merge-request"]],
  ["examples/gitlab", "gitlab", "tag_push", []],
];

for (const [folder, provider, event, triggers] of PROMISES) {
  const does = triggers.length === 0 ? "does nothing" : `fires ${triggers.join(", ")}`;
  test(`${folder}: ${provider} ${event} ${does}`, async () => {
    assert.deepEqual(await matches(folder, provider, event), triggers);
  });
}
