/** The ledger on the embedded database, in its thread as a store has it. */

import { DatabaseSync } from "node:sqlite";
import { after } from "node:test";
import type { StoreKeys } from "../../src/core/integrity.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite.ts";
import { DATABASE_FILE, type EmbeddedParts, openEmbedded } from "../../src/store/embedded.ts";
import { type LedgerBench, ledgerContract } from "../contracts/ledger.ts";
import { temporaryFolder } from "../helpers/folder.ts";

ledgerContract("SQLite", async () => {
  const folder = temporaryFolder();
  after(() => folder[Symbol.dispose]());
  let opened = 0;
  let parts: EmbeddedParts | undefined;
  let clock = Date.now;
  const path = () => `${folder.path}/${opened}`;
  const ledger = (keys?: StoreKeys) => {
    if (parts === undefined) throw new Error("it is not open");
    return createSqliteLedger({ ...parts, keys, clock: () => clock() });
  };
  return {
    async open(now) {
      clock = now;
      await parts?.close();
      opened++;
      parts = await openEmbedded({ folder: path(), admin: "", onError: () => {} });
      return ledger();
    },
    reopen: async (keys) => ledger(keys),
    async removeRecord(id) {
      using db = new DatabaseSync(`${path()}/${DATABASE_FILE}`, { timeout: 5_000 });
      db.prepare("DELETE FROM delivery WHERE id = ?").run(id);
    },
    async dump() {
      using db = new DatabaseSync(`${path()}/${DATABASE_FILE}`);
      const tables = ["delivery", "content", "attempt", "run", "claim", "fired"];
      const values = tables.flatMap((table) => db.prepare(`SELECT * FROM ${table}`).all().flatMap(Object.values));
      return Buffer.concat(
        values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(`${value}\n`))),
      );
    },
    async [Symbol.asyncDispose]() {
      await parts?.close();
    },
  } satisfies LedgerBench;
});
