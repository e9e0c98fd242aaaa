/** Help, versions and wrong questions: what somebody meets first. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadVerbs, VERBS } from "../../src/cli/index.ts";
import { ROOT } from "../helpers/process.ts";
import { run, sluice, systemNode } from "./helper.ts";

test("help lists every verb and the exit codes", async () => {
  const { code, stdout } = await sluice(["--help"]);
  assert.equal(code, 0);
  for (const { name, summary } of VERBS) {
    assert.match(stdout, new RegExp(`^  ${name} `, "m"));
    assert.ok(stdout.includes(summary), name);
  }
  assert.match(stdout, /Exit codes: 0 .* 1 .* 2 .* 3 /);
});

test("every verb has help with its options and examples as they are written", async () => {
  for (const { name, help, options } of await loadVerbs()) {
    const { code, stdout } = await sluice(["help", name]);
    assert.equal(code, 0, name);
    for (const { flags } of options) assert.ok(stdout.includes(flags), `${name}: ${flags}`);
    assert.ok(stdout.includes(help.replace(/^\n/, "")), `${name}: the help is not there as written`);
    assert.deepEqual((await sluice([name, "--help"])).stdout, stdout, name);
  }
});

test("the help that faults point to is there", async () => {
  const { code, stdout } = await sluice(["help", "settings"]);
  assert.equal(code, 0);
  assert.match(stdout, /--max-body <bytes>/);
});

test("the version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  assert.deepEqual(await sluice(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
});

test("what was asked wrongly ends with 2 and says what would be right, on standard error", async () => {
  const wrong: [readonly string[], RegExp][] = [
    [[], /Usage: sluice/],
    [["chekc"], /unknown command 'chekc'[\s\S]*check/],
    [["check", "--foo"], /unknown option '--foo'/],
    [["check", "--strcit"], /unknown option '--strcit'[\s\S]*--strict/],
    [["check", "-o", "xml", "examples/quickstart"], /xml[\s\S]*text, json/],
    [["check"], /name at least one file or folder/],
    [["check", "nowhere"], /nowhere does not exist/],
    [["send"], /missing required argument 'provider'/],
    [["send", "github"], /missing required argument 'event'/],
    [["try", "--config", "examples/quickstart"], /expected a provider and an event, or --request/],
    [["try", "github", "push", "--config", "nowhere"], /nowhere does not exist/],
    [["deliveries", "sow"], /"sow" is none of list, show, tail/],
    [["deliveries", "show"], /wants the id/],
    [["deliveries", "--limit", "many"], /expected a whole number from 1 to 200/],
    [["deliveries", "--outcome", "lost"], /--outcome: expected created, filtered.*got lost/],
    [["deliveries", "--since", "yesterday"], /--since: expected milliseconds.*got yesterday/],
    [["audit", "--store", "mysql://x"], /expected embedded:<dir>/],
    [["serve", "--listen", "here"], /expected host:port; got here from --listen/],
    [["deliveries", "--revision", "abc"], /--revision: expected 7 to 500 characters/],
    [["replay"], /wants ids, a --fingerprint, or filters/],
    [["replay", "019ab", "--event", "push"], /only one of them/],
    [["replay", "--event", "push", "--rate", "0"], /--rate: expected a number from 0.1 to 1000/],
    [["dead", "lst"], /"lst" is none of list, show, retry and drop/],
    [["dead", "show"], /wants the fingerprint/],
    [["dead", "retry"], /wants ids, a fingerprint, filters or --all/],
    [["dead", "retry", "one"], /"one" is neither the id of a delivery nor a fingerprint/],
    [["dead", "retry", "0".repeat(16), "f".repeat(16)], /one fingerprint at a time/],
    [["dead", "drop", "--all"], /wants to know why/],
    [["queue", "stop"], /"stop" is none of show, pause and resume/],
    [["settings", "--admin-token", "hunter2"], /adminToken: expected 16 to 512.*got something else/],
    [["settings", "--max-body", "huge"], /maxBody[\s\S]*got huge from --max-body/],
  ];
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await sluice(args);
    assert.equal(code, 2, `${args.join(" ")}: ${stdout}${stderr}`);
    assert.match(stdout + stderr, message);
    if (args[0] !== "check") assert.equal(stdout, "", args.join(" "));
  }
});

test("wrong variables are refused by verbs that read settings, all together", async () => {
  const { code, stderr } = await sluice(["settings"], { SLUICE_STROE: "x", SLUICE_ROLE: "boss" });
  assert.equal(code, 2);
  assert.match(stderr, /SLUICE_STROE[\s\S]*did you mean SLUICE_STORE/);
  assert.match(stderr, /expected all, ingress or worker; got boss from SLUICE_ROLE/);
});

test("settings shows what is in force and hides passwords", async () => {
  const store = "redis://user:hunter2@localhost:6379";
  const { code, stdout } = await sluice(["settings", "-o", "json", "--role", "worker"], {
    SLUICE_STORE: store,
  });
  assert.equal(code, 0);
  const shown = JSON.parse(stdout) as Record<string, string>;
  assert.equal(shown["role"], "worker");
  assert.equal(shown["listen"], "0.0.0.0:8080");
  assert.match(shown["store"] ?? "", /^redis:\/\/user:\*\*\*@localhost:6379/);
  assert.doesNotMatch((await sluice(["settings"], { SLUICE_STORE: store })).stdout, /hunter2/);
});

const node = systemNode();
test("the machine's own Node starts the CLI, and exit codes come through", {
  skip:
    node === undefined && "NO NODE OUTSIDE node_modules ON THE PATH: the start by another Node is not tested",
}, async () => {
  const sluiceJs = join(ROOT, "src/cli/sluice.js");
  const good = await run(node ?? "", [sluiceJs, "check", "examples/quickstart"]);
  assert.deepEqual([good.code, good.stderr], [0, ""]);
  assert.match(good.stdout, /✓ .* 0 errors, 1 warning$/m);
  assert.equal((await run(node ?? "", [sluiceJs, "check"])).code, 2);
});

test("npx sluice works in the project's folder", async () => {
  const { code, stdout, stderr } = await run("npx", ["--no-install", "sluice", "--help"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Usage: sluice/);
});
