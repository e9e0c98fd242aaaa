/** `sluice try`: matched, filtered, failed; from examples, payloads and raw requests. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Decision } from "../../src/core/decision.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { cel, listener, written } from "../helpers/objects.ts";
import { SECRET, sluice } from "./helper.ts";

const QUICKSTART = ["--config", "examples/quickstart"];

async function decisions(...args: readonly string[]) {
  const { code, stdout, stderr } = await sluice(["try", ...args, "-o", "json"]);
  assert.ok(stdout.startsWith("{"), stderr);
  const { listener, decisions } = JSON.parse(stdout) as { listener: string; decisions: readonly Decision[] };
  return { code, listener, decisions, results: decisions.map(({ result }) => result) };
}

test("a delivery that matches shows its steps and its objects, and ends with 0", async () => {
  const people = await sluice(["try", "github", "pull_request.opened", ...QUICKSTART]);
  assert.equal(people.code, 0);
  assert.match(people.stdout, /^trigger default\/pull-request {2}matched$/m);
  assert.match(people.stdout, /✓ verify {4}github Secret default\/github-webhook/);
  assert.match(people.stdout, /^kind: PipelineRun$/m);
  const { listener, decisions: found } = await decisions("github", "pull_request.opened", ...QUICKSTART);
  assert.equal(listener, "default/github");
  assert.equal(found[0]?.job?.objects[0]?.kind, "PipelineRun");
});

test("a delivery that matches nothing says why, and ends with 1", async () => {
  const { code, results, decisions: found } = await decisions("github", "pull_request.closed", ...QUICKSTART);
  assert.equal(code, 1);
  assert.deepEqual(results, ["filtered"]);
  assert.match(found[0]?.reason ?? "", /filter is false/);
});

test("without proof, and with another provider's, it is stopped at the proof", async () => {
  for (const args of [
    ["github", "pull_request.opened", "--unsigned"],
    ["gitlab", "push"],
  ]) {
    const { code, decisions: found } = await decisions(...args, ...QUICKSTART);
    assert.equal(code, 1);
    assert.equal(found[0]?.trace.at(-1)?.station, "verify");
    assert.match(found[0]?.reason ?? "", /X-Hub-Signature-256 is missing/);
  }
});

test("a payload of one's own that lacks a value makes the trigger fail, with the error's code", async () => {
  using folder = temporaryFolder();
  const payload = join(folder.path, "payload.json");
  writeFileSync(payload, JSON.stringify({ action: "opened", pull_request: { head: { sha: "0123456789" } } }));
  const args = ["github", "pull_request", "--payload", payload, ...QUICKSTART];
  const { code, decisions: found } = await decisions(...args);
  assert.equal(code, 1);
  assert.equal(found[0]?.result, "failed");
  assert.equal(found[0]?.code, "SLUICE_PATH_MISSING");
  assert.match(
    (await sluice(["try", ...args])).stdout,
    /pull-request {2}failed[\s\S]*\[SLUICE_PATH_MISSING\]/,
  );
});

test("a raw request is taken as it is: its own signature, LF or CRLF, cut at Content-Length", async () => {
  using folder = temporaryFolder();
  const body = JSON.stringify({
    action: "opened",
    number: 7,
    repository: { clone_url: "https://git.example/a.git" },
    pull_request: { head: { sha: "0123456789abcdef" }, title: "hello" },
  });
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const request = (newline: string, after = "") =>
    [
      "POST /default/github HTTP/1.1",
      "Host: hooks.example",
      "Content-Type: application/json",
      "X-GitHub-Event: pull_request",
      `X-Hub-Signature-256: sha256=${signature}`,
      `Content-Length: ${body.length}`,
      "",
      body + after,
    ].join(newline);
  for (const [name, text] of Object.entries({ lf: request("\n"), crlf: request("\r\n", "\r\n") })) {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    const { code, decisions: found } = await decisions("--request", path, ...QUICKSTART);
    assert.equal(code, 0, found[0]?.reason);
    assert.match(found[0]?.reason ?? "", /^creates PipelineRun default\/build-0123456-/);
  }
  const tampered = join(folder.path, "tampered");
  writeFileSync(tampered, request("\n").replace("hello", "hullo"));
  const { code, decisions: found } = await decisions("--request", tampered, ...QUICKSTART);
  assert.equal(code, 1);
  assert.match(found[0]?.reason ?? "", /does not match the body/);
});

test("a file that is no request is refused with the line that is wrong", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "request.txt");
  writeFileSync(path, "hello\n");
  const { code, stderr } = await sluice(["try", "--request", path, ...QUICKSTART]);
  assert.equal(code, 2);
  assert.match(stderr, /the first line is "hello", not like "POST \/ HTTP\/1.1"/);
  assert.equal((await sluice(["try", "--request", "nowhere", ...QUICKSTART])).code, 2);
});

test("headers can be added, and what is no header is refused", async () => {
  const header = ["--header", "X-GitHub-Event: push"];
  const { decisions: found } = await decisions("github", "pull_request.opened", ...header, ...QUICKSTART);
  assert.match(found[0]?.reason ?? "", /event type push is not among pull_request/);
  const broken = await sluice(["try", "github", "push", "--header", "nonsense", ...QUICKSTART]);
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /"nonsense" is not like "Name: value"/);
});

test("of several listeners one must be named, and each provider's own secret signs", async () => {
  const both = ["--config", "examples/github", "examples/gitlab"];
  const unclear = await sluice(["try", "gitlab", "push", ...both]);
  assert.equal(unclear.code, 2);
  assert.match(unclear.stderr, /say which one; declared: ci\/github, ci\/gitlab/);
  const unknown = await sluice(["try", "gitlab", "push", "--listener", "ci/other", ...both]);
  assert.match(unknown.stderr, /ci\/other is not declared; declared: ci\/github, ci\/gitlab/);
  assert.equal((await decisions("gitlab", "push", "--listener", "ci/gitlab", ...both)).code, 0);
});

test("events without an example are refused with those there are", async () => {
  const wrong: [readonly string[], RegExp][] = [
    [["github", "pull_reqest"], /no example of "pull_reqest"; there are .*pull_request/],
    [["github", "pull_request.oppened"], /pull_request\.opened/],
    [["gitlab", "pipelin"], /there are push, merge_request, .*did you mean pipeline\?/],
    [["gitlab", "merge_request.opened"], /there are merge_request, merge_request\.open, /],
    [["github", "__proto__"], /no example/],
    [["svn", "commit"], /"svn" is none of github, gitlab/],
  ];
  for (const [args, message] of wrong) {
    const { code, stderr } = await sluice(["try", ...args, ...QUICKSTART]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});

test("a listener without triggers says what keeps them from it", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "objects.yaml");
  const triggerSelector = { namespaceSelector: { matchNames: ["yellow"] } };
  const triggerGroups = [{ name: "g", interceptors: [cel("true")], triggerSelector }];
  const spec = {
    bindings: [],
    template: { spec: { resourcetemplates: [{ apiVersion: "v1", kind: "Pod" }] } },
  };
  const objects = [
    written("Trigger", "one", spec, { namespace: "red" }),
    listener("git", [], { triggerGroups }),
    listener("refs", [{ triggerRef: "absent" }]),
  ];
  writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
  const told = async (name: string) =>
    (await sluice(["try", "github", "push", "--config", file, "--listener", `ci/${name}`])).stderr;
  assert.match(await told("git"), /ci\/git has no triggers: .*none stands in namespace "yellow".* in red/);
  assert.match(await told("refs"), /ci\/refs has no triggers: .*Trigger absent does not exist/);
});
