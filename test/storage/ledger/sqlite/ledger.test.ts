/** The ledger on the embedded database, in its thread as a store has it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { StoreKeys } from "../../../../src/core/integrity.ts";
import { DATABASE_FILE, openEmbedded } from "../../../../src/storage/embedded/store.ts";
import { createSqliteLedger } from "../../../../src/storage/ledger/sqlite/ledger.ts";
import { type LedgerBench, ledgerContract } from "../../../contracts/ledger.ts";
import { temporaryFolder } from "../../../helpers/folder.ts";
import { attemptOf, jobsIn, newDelivery } from "../samples.ts";

ledgerContract("SQLite", async () => {
  const folder = temporaryFolder();
  const parts = await openEmbedded({ folder: folder.path, admin: "", onError: () => {} });
  let clock = Date.now;
  const ledger = (keys?: StoreKeys) => createSqliteLedger({ ...parts, keys, clock: () => clock() });
  const backDoor = () => new DatabaseSync(join(folder.path, DATABASE_FILE), { timeout: 5_000 });
  const tables = (db: DatabaseSync) =>
    db
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('step', 'sqlite_sequence')",
      )
      .all()
      .map(({ name }) => String(name));
  return {
    async open(now) {
      clock = now;
      using db = backDoor();
      for (const table of tables(db)) db.exec(`DELETE FROM ${table}`);
      return ledger();
    },
    reopen: async (keys) => ledger(keys),
    async removeRecord(id) {
      using db = backDoor();
      db.prepare("DELETE FROM delivery WHERE id = ?").run(id);
    },
    async dump() {
      using db = backDoor();
      const values = tables(db).flatMap((table) =>
        db.prepare(`SELECT * FROM ${table}`).all().flatMap(Object.values),
      );
      return Buffer.concat(
        values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(`${value}\n`))),
      );
    },
    async [Symbol.asyncDispose]() {
      await parts.close();
      folder[Symbol.dispose]();
    },
  } satisfies LedgerBench;
});

describe("the SQLite ledger", () => {
  test("an audit of many goes step by step in one snapshot, while others write", async () => {
    using folder = temporaryFolder();
    const parts = await openEmbedded({ folder: folder.path, admin: "", onError: () => {} });
    const ledger = createSqliteLedger(parts);
    const accept = async () => {
      const entry = newDelivery({ decided: "m" });
      await ledger.accept(entry);
      for (const job of jobsIn(entry)) await ledger.attempt(job, attemptOf(job, 1, "done"));
    };
    await Promise.all(Array.from({ length: 2_100 }, accept));
    const writes = Array.from({ length: 300 }, accept);
    const audits = await Promise.all([ledger.audit(), ledger.audit()]);
    await Promise.all(writes);
    for (const { accepted, runs, violations } of [...audits, await ledger.audit()]) {
      assert.ok(accepted >= 2_100 && runs >= 2_100 && runs <= accepted, `${accepted} and ${runs}`);
      assert.deepEqual(violations, []);
    }
    await parts.close();
  });

  test("an audit names an outcome that a delivery's own jobs contradict", async () => {
    using folder = temporaryFolder();
    const parts = await openEmbedded({ folder: folder.path, admin: "", onError: () => {} });
    const ledger = createSqliteLedger(parts);
    const entry = newDelivery({ decided: "m" });
    await ledger.accept(entry);
    using db = new DatabaseSync(`${folder.path}/${DATABASE_FILE}`, { timeout: 5_000 });
    db.exec("UPDATE delivery SET outcome = 'created'");
    const { violations } = await ledger.audit();
    assert.match(
      violations.join("; "),
      new RegExp(`${entry.delivery.id} says created, but its jobs say pending`),
    );
    await parts.close();
  });

  test("a search begins at an index, whatever it is for", async () => {
    using folder = temporaryFolder();
    const parts = await openEmbedded({ folder: folder.path, admin: "", onError: () => {} });
    await parts.close();
    using db = new DatabaseSync(`${folder.path}/${DATABASE_FILE}`);
    for (const where of [
      ...["outcome = 'dead'", "namespace = 'ci'", "listener = 'x'", "provider = 'x'", "event = 'x'"],
      ...[
        "repository = 'x'",
        "ref = 'x'",
        "substr(d.revision, 1, 7) = 'x'",
        "pull_request = 1",
        "actor = 'x'",
      ],
      ...["provider_id = 'x'", "replay_of = 'x'"],
    ]) {
      const sql = `EXPLAIN QUERY PLAN SELECT d.* FROM delivery AS d WHERE true AND ${where} ORDER BY received_at DESC, id DESC`;
      const plan = db
        .prepare(sql)
        .all()
        .map(({ detail }) => String(detail))
        .join("; ");
      assert.match(plan, /^SEARCH d USING INDEX delivery_by_\d+ \(/, where);
      assert.doesNotMatch(plan, /TEMP B-TREE/, where);
    }
  });
});
