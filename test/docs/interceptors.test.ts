/** docs/interceptors.md: every built-in with every parameter, and examples that compile and decide. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { BUILT_IN } from "../../interceptors/index.ts";
import { loadOffline } from "../../src/cli/offline.ts";
import type { Decision } from "../../src/core/decision.ts";
import { sluice } from "../cli/helper.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { blocks, page } from "./pages.ts";

const doc = page("docs/interceptors.md");
const examples = blocks(doc).filter(({ info }) => info === "yaml");
const REFUSE = { namespace: "default", unverified: "refuse" } as const;

/** What a listener of forms declares, as the page says. */
const FORMS = { annotations: { "tekton.dev/payload-validation": "false" } };

/** A listener as text: one trigger with these interceptors, and what else the metadata hold. */
function listener(interceptors: unknown, metadata: object = {}): string {
  const run = { apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { generateName: "run-" } };
  return stringify({
    apiVersion: "triggers.tekton.dev/v1beta1",
    kind: "EventListener",
    metadata: { name: "one", ...metadata },
    spec: { triggers: [{ name: "first", interceptors, template: { spec: { resourcetemplates: [run] } } }] },
  });
}

/** The text between a heading and the next. */
function section(heading: string): string {
  return (doc.text.split(`\n## ${heading}\n`)[1] ?? "").split("\n## ")[0] ?? "";
}

test("every built-in has a section that names each of its parameters", () => {
  for (const { name, shape } of BUILT_IN) {
    const own = section(name);
    assert.notEqual(own, "", `docs/interceptors.md has no heading "## ${name}"`);
    for (const parameter of Object.keys(shape?.shape ?? {}))
      assert.ok(own.includes(`| \`${parameter}\` |`), `${name}: ${parameter}`);
    assert.match(own, /```yaml\n/, `${name} has no example`);
  }
});

for (const { text, line } of examples) {
  test(`the example in line ${line} compiles without a warning`, async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "example.yaml");
    const value: unknown = parse(text);
    const whole = typeof value === "object" && value !== null && "kind" in value;
    if (whole) writeFileSync(path, text);
    else if (Array.isArray(value))
      writeFileSync(path, listener(value, text.includes("name: slack") ? FORMS : {}));
    else {
      const { metadata } = value as { metadata: object };
      writeFileSync(path, listener([], metadata));
    }
    const { errors, warnings, objects } = await loadOffline([path], REFUSE);
    assert.deepEqual([errors, warnings, objects], [[], [], 1]);
  });
}

test("while a secret rotates the values of both keys prove, and no other", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "all.yaml");
  const secret = examples.find(({ text }) => text.includes("kind: Secret"))?.text ?? "";
  const gitlab = blocks({ path: doc.path, text: section("gitlab") })[0]?.text ?? "";
  writeFileSync(path, `${secret}---\n${listener(parse(gitlab))}`);
  const codes: (number | string)[] = [];
  for (const token of ["the new value", "the old value", "the", ""]) {
    const args = ["try", "gitlab", "push", "--unsigned", "--header", `X-Gitlab-Token: ${token}`];
    const { code } = await sluice([...args, "--config", path]);
    codes.push(code);
  }
  assert.deepEqual(codes, [0, 0, 1, 1]);
});

test("the annotation none lets everybody send, and nothing else does", async () => {
  using folder = temporaryFolder();
  const decide = async (metadata: object) => {
    const path = join(folder.path, "listener.yaml");
    writeFileSync(path, listener([], metadata));
    const { stdout } = await sluice(["try", "generic", "any", "--config", path, "-o", "json"]);
    return (JSON.parse(stdout) as { decisions: readonly Decision[] }).decisions[0]?.result;
  };
  const annotated = (value: string) => ({ annotations: { "sluice.dev/verification": value } });
  assert.equal(await decide(annotated("none")), "matched");
  assert.equal(await decide({}), "filtered");
  assert.equal(await decide(annotated("nothing")), "filtered");
});

test("the slack example decides a signed slash command", async () => {
  using folder = temporaryFolder();
  const { createHmac } = await import("node:crypto");
  const path = join(folder.path, "all.yaml");
  const slack = blocks({ path: doc.path, text: section("slack") })[0]?.text ?? "";
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "slack" },
    stringData: { "signing-secret": "s" },
  };
  writeFileSync(path, `${stringify(secret)}---\n${listener(parse(slack), FORMS)}`);
  const body = "command=%2Fbuild&text=main";
  const time = Math.floor(Date.now() / 1_000);
  const signature = createHmac("sha256", "s").update(`v0:${time}:${body}`).digest("hex");
  const request = (signed: string) =>
    [
      "POST /default/one HTTP/1.1",
      "Content-Type: application/x-www-form-urlencoded",
      `X-Slack-Request-Timestamp: ${time}`,
      `X-Slack-Signature: v0=${signed}`,
      "",
      body,
    ].join("\n");
  const codes = [];
  for (const signed of [signature, signature.replace(/./g, "0")]) {
    writeFileSync(join(folder.path, "request"), request(signed));
    codes.push((await sluice(["try", "--request", join(folder.path, "request"), "--config", path])).code);
  }
  assert.deepEqual(codes, [0, 1]);
});
