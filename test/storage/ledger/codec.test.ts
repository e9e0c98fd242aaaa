/** Bytes in storage: round trips, the format byte, cleaning, and telling busy from away. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Decision } from "../../../src/core/decision.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import { decode, decodeDecisions, encode, encodeDecisions } from "../../../src/storage/ledger/codec.ts";
import { createPatience, storeFault } from "../../../src/storage/ledger/stall-timeout.ts";
import { clean } from "../../../src/storage/ledger/text.ts";
import { decisionsFor, newDelivery } from "./samples.ts";

test("any bytes come back as they were, and repetitive ones are stored small", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6_000, size: "max" }), (bytes) => {
      assert.deepEqual(decode(encode(Buffer.from(bytes))), Buffer.from(bytes));
    }),
  );
  const large = Buffer.from('{"key":"value"},'.repeat(10_000));
  assert.deepEqual(decode(encode(large)), large);
  assert.ok(encode(large).length < 1_000);
});

test("a format of another version is refused, not guessed at", () => {
  const newer = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_VERSION";
  assert.throws(() => decode(Buffer.from([9, 1, 2])), newer);
  assert.throws(() => decode(Buffer.alloc(0)), newer);
});

test("a stored length bounds what decompression may give", () => {
  const stored = encode(Buffer.alloc(1_000_000));
  stored.writeUInt32BE(1_000, 1);
  assert.throws(() => decode(stored), { code: "ERR_BUFFER_TOO_LARGE" });
});

test("a decision that waits is stored in words that versions without waiting know, and comes back as it was", () => {
  const { delivery } = newDelivery();
  const decisions = decisionsFor(delivery, "mwfn");
  const stored = encodeDecisions(decisions);
  const words = (JSON.parse(decode(stored).toString()) as Decision[]).map(({ result }) => result);
  assert.deepEqual(words, ["matched", "failed", "failed", "filtered"]);
  assert.deepEqual(decodeDecisions(stored), decisions);
});

test("cleaned text has no control characters, no half characters and no more than its limit", () => {
  assert.equal(clean("a\u0000b\n\u007f"), "a␀b␊␡");
  assert.equal(clean("x".repeat(300)).length, 256);
  assert.equal(clean("😀".repeat(3), 4), "😀\ufffd…");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 50 }), (text, limit) => {
      const cleaned = clean(text, limit);
      assert.ok(cleaned.length <= limit && cleaned.isWellFormed());
      assert.equal(clean(cleaned, limit), cleaned);
    }),
  );
});

test("a store that answers others is busy, one that answers nobody is away", async () => {
  const ask = createPatience(300);
  const after = (ms: number) => new Promise<string>((resolve) => setTimeout(resolve, ms, "late"));
  const busy = ask(after(500));
  for (const ms of [100, 200, 300, 400]) void ask(after(ms));
  assert.equal(await busy, "late");
  const away = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_AWAY";
  await assert.rejects(ask(new Promise(() => {})), away);
});

test("faults of connections are told from faults of statements by their codes", () => {
  const coded = (code: string) => Object.assign(new Error("text that means nothing"), { code });
  for (const code of ["ECONNREFUSED", "ECONNRESET", "EPIPE", "08006", "57P01", "53300"]) {
    assert.ok(storeFault(coded(code)) instanceof SluiceError, code);
  }
  for (const code of ["28P01", "28000", "3D000"]) {
    assert.equal((storeFault(coded(code)) as SluiceError).code, "SLUICE_STORE_LOGIN", code);
  }
  for (const error of [coded("42P01"), coded("23505"), new TypeError("a defect")]) {
    assert.equal(storeFault(error), error);
  }
});
