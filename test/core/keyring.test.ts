/** The keyring: the first key signs and encrypts, all check and decrypt, and an unknown one is told from a forgery. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeJob, signDecisions } from "../../src/core/integrity.ts";
import { createKeyring } from "../../src/core/keyring.ts";
import { decisionsFor, newDelivery } from "../storage/ledger/samples.ts";
import { keysOf } from "../storage/ledger/seals.ts";

const [A, B] = ["a".repeat(32), "b".repeat(32)] as const;

test("signatures hold under every key of the ring, and are told from forgeries and unknown keys", () => {
  const [old, both, young] = [createKeyring([A]), createKeyring([B, A]), createKeyring([B])];
  const mac = old.sign("text");
  assert.match(mac, /^[0-9a-f]{8}\.[A-Za-z0-9_-]{43}$/);
  assert.equal(old.check("text", mac), "held");
  assert.equal(both.check("text", mac), "held");
  assert.equal(both.check("other", mac), "forged");
  assert.equal(both.check("text", `${old.id}.`), "forged");
  assert.equal(young.check("text", mac), "unknown");
  assert.equal(young.check("text", "no signature"), "unknown");
  assert.equal(young.check("text", undefined), "unsigned");
  assert.equal(both.id, young.id);
  assert.deepEqual(both.ids, [young.id, old.id]);
});

test("what is encrypted is bound to its name and its key", () => {
  const [old, both, young] = [createKeyring([A]), createKeyring([B, A]), createKeyring([B])];
  for (const bytes of [Buffer.alloc(0), Buffer.from("text")]) {
    const encrypted = old.encrypt("name", bytes);
    assert.notDeepEqual(old.encrypt("name", bytes), encrypted);
    assert.deepEqual(both.decrypt("name", encrypted), { bytes });
    assert.deepEqual(both.decrypt("other", encrypted), { verdict: "forged" });
    assert.deepEqual(young.decrypt("name", encrypted), { verdict: "unknown" });
    for (let i = 4; i < encrypted.length; i++) {
      const changed = Buffer.from(encrypted);
      changed[i] = (changed[i] as number) ^ 1;
      assert.deepEqual(old.decrypt("name", changed), { verdict: "forged" });
      assert.deepEqual(old.decrypt("name", encrypted.subarray(0, i)), { verdict: "forged" });
    }
    assert.deepEqual(old.decrypt("name", Buffer.alloc(0)), { verdict: "unknown" });
  }
});

test("a job is signed whole, but for how patient its tries are, and stays so through JSON", () => {
  const keys = keysOf([A]);
  const decisions = decisionsFor(newDelivery().delivery, "mnf");
  const job = signDecisions(keys, decisions)[0]?.job;
  assert.ok(job);
  assert.equal(signDecisions(undefined, decisions), decisions);
  const stored = JSON.parse(JSON.stringify(job)) as typeof job;
  assert.equal(judgeJob(keys, stored), undefined);
  assert.equal(judgeJob(undefined, { ...stored, mac: "" }), undefined);
  assert.equal(judgeJob(keys, { ...stored, reopened: { at: 1, attempts: 2 } }), undefined);
  const changes: readonly Partial<typeof job>[] = [
    { id: "other" },
    { delivery: "other" },
    { listener: { namespace: "other", name: "other" } },
    { trigger: { namespace: "other", name: "other" } },
    { receivedAt: 0 },
    { serviceAccount: "admin" },
    { listenerAccount: "admin" },
    { cluster: "other" },
    { objects: [] },
  ];
  for (const change of changes)
    assert.equal(
      judgeJob(keys, { ...stored, ...change })?.code,
      "SLUICE_STORE_FORGED",
      JSON.stringify(change),
    );
  const { mac: _, ...unsigned } = stored;
  assert.equal(judgeJob(keys, unsigned)?.code, "SLUICE_STORE_UNSIGNED");
  assert.equal(judgeJob(keysOf([B]), stored)?.code, "SLUICE_STORE_KEY");
  assert.equal(judgeJob(keysOf([B], { adopt: true }), stored), undefined);
  assert.equal(
    judgeJob(keysOf([A], { adopt: true }), { ...stored, objects: [] })?.code,
    "SLUICE_STORE_FORGED",
  );
});
