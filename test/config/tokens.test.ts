/** Tokens of the admin port: the operators' file, the setting, and this user's own. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keepLocalToken, localTokenFile, readLocalToken } from "../../src/config/local-token.ts";
import { adminTokens, readAdminTokens } from "../../src/config/tokens.ts";
import { SluiceError } from "../../src/core/errors.ts";
import { hashOfToken } from "../../src/core/permission.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const TOKEN = "hunter2-hunter2-hunter2";
const sha256 = hashOfToken(TOKEN).toString("hex");

function file(text: string) {
  const folder = temporaryFolder();
  const path = join(folder.path, "tokens.yaml");
  writeFileSync(path, text, { mode: 0o600 });
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

test("a file names tokens by hash or in clear, as YAML or JSON", () => {
  const yaml = `- {name: ci, sha256: ${sha256}, permissions: [view, operate]}\n- {name: ann@acme, token: ${TOKEN}, permissions: [view]}`;
  using written = file(yaml);
  const [ci, ann, ...more] = readAdminTokens(written.path);
  assert.deepEqual(more, []);
  assert.deepEqual([ci?.name, [...(ci?.permissions ?? [])]], ["ci", ["view", "operate"]]);
  assert.deepEqual(ci?.sha256, ann?.sha256);
  using json = file(JSON.stringify([{ name: "ci", sha256, permissions: ["payload"] }]));
  assert.equal(readAdminTokens(json.path).length, 1);
});

for (const [text, reason] of [
  ["", /expected a list/],
  ["[]", /expected a list/],
  ["{", /no valid YAML/],
  [`- {name: ci, sha256: ${sha256}}`, /0\.permissions/],
  [`- {name: ci, sha256: ${sha256}, permissions: []}`, /0\.permissions/],
  [`- {name: ci, sha256: ${sha256}, permissions: [root]}`, /0\.permissions/],
  [`- {name: ci, sha256: hunter2, permissions: [view]}`, /0\.sha256/],
  [`- {name: ci, token: hunter2, permissions: [view]}`, /0\.token/],
  [`- {name: ci, permissions: [view]}`, /^(?!.*hunter2).*expected/],
  [`- {name: ci, token: ${TOKEN}, sha256: ${sha256}, permissions: [view]}`, /expected/],
  [`- {name: "a b", token: ${TOKEN}, permissions: [view]}`, /0\.name/],
  [`- {name: ci, token: ${TOKEN}, permissions: [view], admin: true}`, /expected/],
  [
    `- {name: ci, token: ${TOKEN}, permissions: [view]}\n- {name: ci, sha256: ${sha256}, permissions: [view]}`,
    /twice/,
  ],
  ["x".repeat(70_000), /larger than 65536/],
] as const) {
  test(`a file of tokens with ${JSON.stringify(text.slice(0, 70))} is refused, and nothing of it quoted`, () => {
    using written = file(text);
    assert.throws(
      () => readAdminTokens(written.path),
      (error) =>
        error instanceof SluiceError &&
        error.values["key"] === "adminTokens" &&
        reason.test(error.message) &&
        !error.message.includes("hunter2"),
    );
  });
}

test("a file that is not there is said to be missing, by the name of the setting", () => {
  assert.throws(() => readAdminTokens("/nowhere/tokens"), { message: /adminTokens.*ENOENT/ });
});

test("a file that every user of the machine may use is refused; one of its owner and a group is taken", () => {
  using written = file(`- {name: ci, sha256: ${sha256}, permissions: [view]}`);
  for (const mode of [0o604, 0o644, 0o602, 0o666, 0o607]) {
    chmodSync(written.path, mode);
    assert.throws(() => readAdminTokens(written.path), { message: /adminTokens: .*every user.*chmod o=/ });
  }
  for (const mode of [0o400, 0o440, 0o600, 0o640, 0o660]) {
    chmodSync(written.path, mode);
    assert.equal(readAdminTokens(written.path).length, 1, mode.toString(8));
  }
});

test("this user's token is made once, is his alone, and is read again", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "deep", "admin-token");
  assert.equal(readLocalToken(path), undefined);
  const made = keepLocalToken(path);
  assert.match(made, /^[\w-]{43}$/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(keepLocalToken(path), made);
  assert.equal(readLocalToken(path), made);
});

test("a token that others could read or have written is not trusted but replaced", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "admin-token");
  writeFileSync(path, `${TOKEN}\n`);
  chmodSync(path, 0o644);
  assert.equal(readLocalToken(path), undefined);
  assert.notEqual(keepLocalToken(path), TOKEN);
  assert.doesNotMatch(readFileSync(path, "utf8"), /hunter2/);
});

test("a place that cannot be written is said by the name of the setting", () => {
  using folder = temporaryFolder();
  const taken = join(folder.path, "file");
  writeFileSync(taken, "");
  assert.throws(() => keepLocalToken(join(taken, "admin-token")), { message: /setting adminToken: .*file/ });
});

test("it lies beside an embedded store, else under the user's state folder", () => {
  assert.equal(localTokenFile({ store: "embedded:/x/y" }, {}), "/x/y/admin-token");
  const store = "redis://localhost";
  assert.equal(localTokenFile({ store }, { XDG_STATE_HOME: "/s", HOME: "/h" }), "/s/sluice/admin-token");
  assert.equal(localTokenFile({ store }, { HOME: "/h" }), "/h/.local/state/sluice/admin-token");
});

test("tokens that the settings name leave no room for this user's own", () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "store"));
  const local = join(folder.path, "store", "admin-token");
  using written = file(`- {name: ci, sha256: ${sha256}, permissions: [view]}`);
  const names = (settings: object, path?: string) => adminTokens(settings, path).map(({ name }) => name);
  assert.deepEqual(names({ adminTokens: written.path, adminToken: TOKEN }, local), ["ci", "admin"]);
  assert.equal(existsSync(local), false);
  assert.deepEqual(names({}, undefined), []);
  assert.deepEqual(names({}, local), ["local"]);
  assert.equal(existsSync(local), true);
});
