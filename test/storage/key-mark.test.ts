/** The mark of a store's key: written once, moved by a rotation, and never by a gateway with another key. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type KeyMark, keyCheck, markKey } from "../../src/storage/key-mark.ts";
import { keysOf } from "./ledger/seals.ts";

const [A, B] = ["a".repeat(32), "b".repeat(32)] as const;

function memory(): KeyMark {
  let mark: string | undefined;
  return {
    read: async () => mark,
    write: async (id) => {
      mark = id;
    },
  };
}

test("a gateway with another key is not ready, until the keys are shared or the old one is given up", async () => {
  const mark = memory();
  const [old, young, both] = [keysOf([A]), keysOf([B]), keysOf([B, A])];
  const stateOf = async (keys: typeof old) => (await keyCheck(mark, keys).check()).state;
  await markKey(mark, old);
  await markKey(mark, young);
  assert.equal(await mark.read(), old.keyring.id);
  assert.deepEqual([await stateOf(old), await stateOf(young), await stateOf(both)], ["ok", "failed", "ok"]);
  await markKey(mark, both);
  assert.equal(await mark.read(), young.keyring.id);
  assert.deepEqual([await stateOf(old), await stateOf(young), await stateOf(both)], ["failed", "ok", "ok"]);
  const adopting = keysOf([A], { adopt: true });
  await markKey(mark, adopting);
  assert.equal(await mark.read(), old.keyring.id);
  assert.equal(await stateOf(adopting), "degraded");
});
