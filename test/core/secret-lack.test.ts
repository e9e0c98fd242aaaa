/** Why a Secret gives no value, with what was meant: absent, without the key, or empty under it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { lackOf } from "../../src/core/secret-lack.ts";

const WANTED = { namespace: "ci", name: "hook", key: "token" };
const FILES = { names: () => ["hooks", "other"] };

const lack = (keys: Readonly<Record<string, string>> | null, secrets = {}) => {
  const data =
    keys === null ? null : new Map(Object.entries(keys).map(([key, value]) => [key, Buffer.from(value)]));
  return lackOf(WANTED, data, secrets);
};

test("a Secret that does not exist is to be created; one of nearly its name is told", () => {
  assert.match(lack(null).cure, /^Create it in namespace ci with a value under key token/);
  assert.equal(lack(null).lack, "does not exist");
  assert.equal(lack(null, FILES).lack, "does not exist (did you mean Secret ci/hooks?)");
});

test("a key that is absent: nothing is to be created, and the key that was meant is told", () => {
  for (const [keys, meant] of [
    [["tok", "other-thing"], "tok"],
    [["Token", "x"], "Token"],
    [["webhook-token", "ca.crt"], "webhook-token"],
    [["tokne", "a"], "tokne"],
    [["secret"], "secret"],
  ] as const) {
    const { lack: told, cure } = lack(Object.fromEntries(keys.map((key) => [key, "v"])));
    assert.equal(told, `has no key token (did you mean its key ${meant}?)`);
    assert.match(cure, /^The Secret is there/);
  }
  assert.equal(lack({ user: "a", pass: "b" }).lack, "has no key token");
  assert.equal(lack({}).lack, "has no key token");
});

test("a key without a value is named as that", () => {
  const { lack: told, cure } = lack({ token: "" });
  assert.deepEqual([told, cure], ["holds nothing under key token", "Put a value under that key."]);
});
