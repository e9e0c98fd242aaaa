/** What is stored of an unproved delivery: by its own size, and without a body where nobody wanted it. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { storedBytes, unprovedRecord } from "../../src/intake/unproved-record.ts";
import { newDelivery } from "../storage/ledger/samples.ts";

const body = Buffer.from('{"ref":"main"}');
const digest = createHash("sha256").update(body).digest("hex");

test("one that every trigger refused keeps its digest instead of its body", () => {
  const { keepsBody, digest: kept, decisions } = unprovedRecord(newDelivery({ body, decided: "nn" }));
  assert.deepEqual([keepsBody, kept, decisions?.length], [false, digest, 2]);
});

test("one that was accepted, or may be, keeps both", () => {
  for (const decided of [undefined, "w", "mw", "m", "f", "nm"]) {
    const { keepsBody, digest: kept } = unprovedRecord(newDelivery({ body, decided }));
    assert.deepEqual([keepsBody, kept], [undefined, digest], decided);
  }
});

test("decisions of 2,000 triggers are kept as far as the request is large, and the rest is counted", () => {
  const small = unprovedRecord(newDelivery({ body, decided: "n".repeat(2_000) }));
  const size = JSON.stringify(small.decisions).length;
  assert.ok(size < 20_000, `${size} bytes`);
  const last = small.decisions?.at(-1);
  const shown = (small.decisions?.length ?? 0) - 1;
  assert.match(last?.reason ?? "", new RegExp(`^${2_000 - shown} more triggers said no`));
  assert.ok(storedBytes(small) < 20_000);
  const large = unprovedRecord(newDelivery({ body: Buffer.alloc(2_000_000), decided: "n".repeat(2_000) }));
  assert.equal(large.decisions?.length, 2_000);
});
