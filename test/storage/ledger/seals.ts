/** What every ledger must hold of records under keys: signed, encrypted where asked for, checked before they are used. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../../src/core/error-table.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import type { StoreKeys } from "../../../src/core/integrity.ts";
import { createKeyring } from "../../../src/core/keyring.ts";
import type { Ledger } from "../../../src/core/ledger.ts";
import type { LedgerBench } from "../../contracts/ledger.ts";
import { newDelivery } from "./samples.ts";

const OLD = "the key of last year, of thirty-two characters and more";
const NEW = "the key of this year, of thirty-two characters and more";
const MARKER = "nobody-else-may-read-this";

export const keysOf = (
  secrets: readonly [string, ...string[]],
  more: Partial<StoreKeys> = {},
): StoreKeys => ({
  keyring: createKeyring(secrets),
  adopt: false,
  encrypt: false,
  ...more,
});

export function sealContract(parts: () => { readonly ledger: Ledger; readonly bench: LedgerBench }): void {
  const small = Buffer.from(JSON.stringify({ text: MARKER }));
  const large = Buffer.from(JSON.stringify({ text: MARKER.repeat(200) }));
  const refused = (code: ErrorCode) => (error: unknown) =>
    error instanceof SluiceError && error.code === code;

  for (const body of [small, large]) {
    test(`a body of ${body.length} bytes is encrypted at rest, and read by two keys in turn`, async () => {
      const { bench } = parts();
      const entry = newDelivery({ body });
      const { id } = entry.delivery;
      await (await bench.reopen(keysOf([OLD], { encrypt: true }))).accept(entry);
      assert.equal((await bench.dump()).includes(MARKER), false);
      // Both while keys are rotated; encryption may be off again by then.
      for (const keys of [keysOf([OLD]), keysOf([NEW, OLD])]) {
        const loaded = await (await bench.reopen(keys)).load(id);
        assert.deepEqual(loaded, { ...entry.delivery, proof: "github" });
      }
      const adopting = keysOf([NEW], { adopt: true });
      for (const keys of [keysOf([NEW]), adopting, undefined]) {
        await assert.rejects((await bench.reopen(keys)).load(id), refused("SLUICE_STORE_KEY"));
      }
    });
  }

  test("a record is used only under its own signature", async () => {
    const { bench } = parts();
    const signed = newDelivery({ body: small });
    await (await bench.reopen(keysOf([OLD]))).accept(signed);
    const { id } = signed.delivery;
    assert.equal((await bench.dump()).includes(MARKER), true);
    assert.equal((await (await bench.reopen(keysOf([NEW, OLD]))).load(id))?.proof, "github");
    await assert.rejects((await bench.reopen(keysOf([NEW]))).load(id), refused("SLUICE_STORE_KEY"));
    assert.ok(await (await bench.reopen(keysOf([NEW], { adopt: true }))).load(id));
    // As the version before, which passes the signature over.
    assert.deepEqual((await (await bench.reopen()).load(id))?.headers, signed.delivery.headers);
    // What is shown needs no signature.
    assert.equal((await (await bench.reopen(keysOf([NEW]))).find(id))?.outcome, "filtered");
  });

  test("a record without a signature is used only where an operator says so", async () => {
    const { ledger, bench } = parts();
    const unsigned = newDelivery({ body: small });
    const { id } = unsigned.delivery;
    await ledger.accept(unsigned);
    await assert.rejects((await bench.reopen(keysOf([OLD]))).load(id), refused("SLUICE_STORE_UNSIGNED"));
    assert.ok(await (await bench.reopen(keysOf([OLD], { adopt: true }))).load(id));
  });
}
