/** A database without room: its ledger says so when it is asked whether it takes writes, and says when there is room again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { SluiceError } from "../../../../src/core/errors.ts";
import { createSqlLedger } from "../../../../src/storage/ledger/sql/ledger.ts";
import { poolSql } from "../../../../src/storage/postgres/store.ts";
import { lacksSmallDisk, openPostgresStage } from "../../../faults/postgres-stage.ts";
import { newDelivery } from "../samples.ts";

const isFull = (error: unknown): boolean =>
  error instanceof SluiceError && error.code === "SLUICE_STORE_FULL";

/** More than is free in the pages that the tables have. */
const MANY = 200;

test("a full disk is told by every ping, from the first refusal on until there is room", {
  skip: lacksSmallDisk() ?? false,
  timeout: 120_000,
}, async () => {
  await using stage = await openPostgresStage("small-disk");
  const pool = new pg.Pool({ connectionString: stage.url, max: 2 });
  pool.on("error", () => {});
  const ledger = await createSqlLedger({ sql: poolSql(pool) });
  await ledger.accept(newDelivery());
  stage.disk.fill();
  await assert.rejects(async () => {
    for (let i = 0; i < MANY; i++) await ledger.accept(newDelivery());
  }, isFull);
  // Which is why a row that is changed in place tells nothing.
  await pool.query("UPDATE sluice.sluice_migration SET at = at WHERE version = 1");
  await assert.rejects(ledger.ping(), isFull);
  await assert.rejects(ledger.ping(), isFull);
  stage.disk.free();
  await ledger.ping();
  await ledger.accept(newDelivery());
  await pool.end();
});
