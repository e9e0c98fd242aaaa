/** Settings as help, docs and logs show them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeSettings, maskCredentials, printSettings } from "../../src/config/describe.ts";
import { environment, wantsColor } from "../../src/config/env.ts";
import { loadSettings } from "../../src/config/load.ts";
import { nearest } from "../../src/core/nearest.ts";

test("every setting has a flag, a variable and a description that follow from its key", () => {
  const rows = describeSettings();
  const maxBody = rows.find(({ key }) => key === "maxBody");
  assert.equal(maxBody?.flag, "--max-body <bytes>");
  assert.equal(maxBody?.env, "SLUICE_MAX_BODY");
  assert.equal(maxBody?.default, "25MB");
  assert.equal(rows.find(({ key }) => key === "fromCluster")?.flag, "--from-cluster");
  for (const row of rows) {
    assert.match(row.description, /\.$/, row.key);
    assert.match(row.env, /^SLUICE_[A-Z_]+$/);
  }
  assert.equal(new Set(rows.map(({ env }) => env)).size, rows.length);
});

test("every printed setting but masked ones can be given back as a flag", () => {
  const settings = loadSettings({
    flags: {
      listen: "[::1]:81",
      defaultListener: "a/b",
      config: ["x"],
      kubeconfig: "k",
      unverifiedReply: "202",
    },
  });
  const flags = Object.fromEntries(
    printSettings(settings)
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  assert.deepEqual(loadSettings({ flags }), settings);
});

test("printed settings hold no password, wherever in the store URL it stands", () => {
  const store = "postgres://me:hunter2@db:5432/x?sslpassword=hunter2&application_name=a";
  const printed = printSettings(loadSettings({ flags: { store } }));
  assert.doesNotMatch(printed, /hunter2/);
  assert.match(printed, /store: postgres:\/\/me:\*\*\*@db:5432\/x\?sslpassword=\*\*\*&application_name=a/);
  assert.equal(maskCredentials("embedded:./.sluice"), "embedded:./.sluice");
  assert.equal(
    maskCredentials("redis+sentinel://u:hunter2@a:1,b:2/m?db=0&sentinelPassword=hunter2"),
    "redis+sentinel://u:***@a:1,b:2/m?db=0&sentinelPassword=***",
  );
  assert.equal(maskCredentials("redis+cluster://:hunter2@a:1,b:2"), "redis+cluster://:***@a:1,b:2");
});

test("a token is masked as a whole, and times are printed as one writes them", () => {
  const printed = printSettings(
    loadSettings({ flags: { adminToken: "hunter2-hunter2-hunter2", decideWithin: "1500ms" } }),
  );
  assert.match(printed, /^adminToken: \*\*\*$/m);
  assert.match(printed, /^retention: 14d$/m);
  assert.match(printed, /^decideWithin: 1500ms$/m);
  assert.doesNotMatch(printed, /hunter2/);
});

test("the nearest word is found within reason", () => {
  assert.equal(nearest("lisen", ["admin", "listen"]), "listen");
  assert.equal(nearest("MAXBODY", ["maxBody"]), "maxBody");
  assert.equal(nearest("banana", ["listen", "admin"]), undefined);
  assert.equal(nearest("x".repeat(100_000), ["listen"]), undefined);
});

test("the environment is a frozen copy", () => {
  const env = environment();
  assert.ok(Object.isFrozen(env));
  assert.equal(env["PATH"], process.env["PATH"]);
});

test("NO_COLOR beats FORCE_COLOR, which beats the terminal", () => {
  assert.equal(wantsColor({ NO_COLOR: "1", FORCE_COLOR: "1" }, true), false);
  assert.equal(wantsColor({ NO_COLOR: "", FORCE_COLOR: "1" }, false), true);
  assert.equal(wantsColor({ FORCE_COLOR: "0" }, true), false);
  assert.equal(wantsColor({}, true), true);
  assert.equal(wantsColor({ TERM: "dumb" }, true), false);
  assert.equal(wantsColor({}, false), false);
});
