/** The keys of the store: where they lie, how they are made, and which files are refused. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadSettings } from "../../src/config/load.ts";
import { loadStoreKeys, storeKeyFile } from "../../src/config/store-key.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const load = (flags: Record<string, unknown>, make = true, env = {}) =>
  loadStoreKeys(loadSettings({ flags }), env, make);

test("the file lies beside an embedded store, never in it, else in the user's state folder", () => {
  const at = (store: `embedded:${string}` | `redis://${string}`) =>
    storeKeyFile({ store }, { XDG_STATE_HOME: "/state" });
  assert.equal(at("embedded:/srv/store"), "/srv/store.key");
  assert.equal(at("embedded:/srv/store/"), "/srv/store.key");
  assert.equal(at("redis://host"), "/state/sluice/store-key");
  assert.equal(storeKeyFile({ store: "redis://host", storeKeyFile: "/a/key" }, {}), "/a/key");
});

test("a key is made once, for its owner alone, and is the same ever after", () => {
  using folder = temporaryFolder();
  const storeKeyFile = join(folder.path, "state", "key");
  assert.equal(load({ storeKeyFile }, false), undefined);
  assert.equal(existsSync(storeKeyFile), false);
  const made = load({ storeKeyFile });
  assert.equal(statSync(storeKeyFile).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder.path, "state")).mode & 0o777, 0o700);
  assert.match(readFileSync(storeKeyFile, "utf8"), /^[\w-]{43}\n$/);
  assert.equal(load({ storeKeyFile }, false)?.keyring.id, made?.keyring.id);
  assert.deepEqual([made?.adopt, made?.encrypt], [false, false]);
});

test("several keys are read, the first signs; the setting goes before the file", () => {
  using folder = temporaryFolder();
  const storeKeyFile = join(folder.path, "key");
  const [a, b] = ["a".repeat(32), "b".repeat(32)];
  writeFileSync(storeKeyFile, `${a}\n${b}\n`, { mode: 0o600 });
  const both = load({ storeKeyFile, storeIntegrity: "adopt", encryptBodies: true });
  assert.equal(both?.keyring.ids.length, 2);
  assert.deepEqual([both.adopt, both.encrypt], [true, true]);
  const set = load({ storeKeyFile, storeKey: `${b} ${a}` });
  assert.deepEqual(set?.keyring.ids, both.keyring.ids.toReversed());
});

test("a file that others may read or write, or that holds no keys, is refused without being quoted", () => {
  using folder = temporaryFolder();
  const storeKeyFile = join(folder.path, "key");
  const short = "hunter2hunter2";
  for (const [mode, text] of [
    [0o644, "a".repeat(32)],
    [0o620, "a".repeat(32)],
    [0o600, short],
    [0o600, ""],
    [0o600, "a".repeat(9_000)],
  ] as const) {
    writeFileSync(storeKeyFile, text);
    chmodSync(storeKeyFile, mode);
    assert.throws(
      () => load({ storeKeyFile }),
      (error: Error) => /storeKeyFile/.test(error.message) && !error.message.includes(short),
    );
  }
  writeFileSync(storeKeyFile, "a".repeat(32));
  chmodSync(storeKeyFile, 0o440);
  assert.ok(load({ storeKeyFile }), "as a cluster mounts a Secret");
  assert.throws(
    () => load({ storeKey: short }),
    (error: Error) => !error.message.includes(short),
  );
});
