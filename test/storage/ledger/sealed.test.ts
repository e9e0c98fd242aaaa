/** Sealed records: what is changed, or put into another record, is noticed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { encodeHead } from "../../../src/storage/ledger/codec.ts";
import { factsOf } from "../../../src/storage/ledger/record.ts";
import { createSeals, type Signed } from "../../../src/storage/ledger/sealed.ts";
import { newDelivery } from "./samples.ts";
import { keysOf } from "./seals.ts";

const forged = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_FORGED";

for (const encrypt of [false, true]) {
  test(`each field that a decision relies on is signed${encrypt ? ", of an encrypted record too" : ""}`, async () => {
    const seals = createSeals(keysOf(["x".repeat(32)], { encrypt }));
    const entries = [newDelivery(), newDelivery({ url: "/ci/github?other" })].map(async (entry) => {
      const body = await seals.body(entry.delivery);
      const facts: Signed = factsOf(entry);
      return { entry, facts, body, head: seals.head(entry.delivery, facts, body) };
    });
    const [one, other] = await Promise.all(entries);
    assert.ok(one && other);
    const { facts, head, body } = one;
    assert.deepEqual((await seals.open(facts, head, body)).body, one.entry.delivery.body);
    const listener = { namespace: "ci", name: "other" };
    for (const changed of [
      { ...facts, id: other.facts.id },
      { ...facts, listener },
      { ...facts, receivedAt: facts.receivedAt + 1 },
      { ...facts, proof: "github(ci/hook/token)" },
      { ...facts, replayOf: other.facts.id },
    ]) {
      assert.throws(() => seals.open(changed, head, body), forged);
    }
    assert.throws(() => seals.open(facts, other.head, body), forged);
    assert.throws(() => seals.open(facts, head, Buffer.concat([body, Buffer.of(0)])), forged);
    const bare = encodeHead(other.entry.delivery);
    assert.throws(() => seals.open(facts, bare, body), { code: "SLUICE_STORE_UNSIGNED" });
  });
}

test("an encrypted body belongs to its delivery, whoever signs", async () => {
  const adopting = createSeals(keysOf(["x".repeat(32)], { encrypt: true, adopt: true }));
  const [one, other] = [newDelivery(), newDelivery()];
  const body = await adopting.body(one.delivery);
  assert.throws(() => adopting.open(factsOf(other), encodeHead(other.delivery), body), forged);
});
