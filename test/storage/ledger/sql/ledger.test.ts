/** The SQL ledger on a real Postgres server, and its tables. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { SluiceError } from "../../../../src/core/errors.ts";
import type { Sql } from "../../../../src/core/sql.ts";
import { createSqlLedger } from "../../../../src/storage/ledger/sql/ledger.ts";
import { ADDITIVE, migrate, STEPS } from "../../../../src/storage/ledger/sql/migrations.ts";
import { poolSql as storeSql } from "../../../../src/storage/postgres/store.ts";
import { ledgerContract } from "../../../contracts/ledger.ts";
import { startPostgres } from "../../../helpers/postgres.ts";
import { newDelivery } from "../samples.ts";
import { poolSql, sqlBench } from "./bench.ts";

ledgerContract("Postgres", async () => {
  const server = await startPostgres();
  const pool = poolOf(server.url);
  return sqlBench(poolSql(pool), async () => {
    await pool.end();
    await server[Symbol.asyncDispose]();
  });
});

describe("the SQL ledger's tables", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let sql: Sql;
  let pool: pg.Pool;
  before(async () => {
    server = await startPostgres();
    pool = poolOf(server.url);
    sql = poolSql(pool);
  });
  after(async () => {
    await pool.end();
    await server[Symbol.asyncDispose]();
  });

  test("migrations are taken once, and what was stored stays", async () => {
    const ledger = await createSqlLedger({ sql });
    const entry = newDelivery();
    await ledger.accept(entry);
    const again = await createSqlLedger({ sql });
    assert.equal((await again.find(entry.delivery.id))?.outcome, "filtered");
    const taken = await sql.query<{ version: number }>(
      "SELECT version FROM sluice.sluice_migration ORDER BY version",
    );
    assert.deepEqual(
      taken.map(({ version }) => version),
      STEPS.map((_, i) => i + 1).filter((step) => !ADDITIVE.has(step)),
    );
  });

  test("a clock that may have jumped ahead ages no dedupe key", async () => {
    const days = 86_400_000;
    const at = Date.now();
    const first = newDelivery({ decided: "m", dedupeKey: "jumped" });
    await (await createSqlLedger({ sql, clock: () => at })).accept(first);
    const clock = () => at + 15 * days;
    const doubted = await createSqlLedger({ sql, clock, jumped: () => 15 * days });
    const again = newDelivery({ decided: "m", dedupeKey: "jumped" });
    const duplicate = { kind: "duplicate", of: first.delivery.id, outcome: "pending" };
    assert.deepEqual(await doubted.accept(again), duplicate);
    const { delivery } = newDelivery({ decided: "m" });
    assert.equal(await doubted.claim(delivery, "jumped"), first.delivery.id);
    const believed = await createSqlLedger({ sql, clock });
    const later = newDelivery({ decided: "m", dedupeKey: "jumped" });
    assert.deepEqual(await believed.accept(later), { kind: "accepted" });
  });

  test("a step that only adds is not counted among those that keep older versions out", async () => {
    const numbers = async (table: string) =>
      (await sql.query<{ version: number }>(`SELECT version FROM ${table} ORDER BY version`)).map(
        ({ version }) => version,
      );
    const before = await numbers("sluice.sluice_migration");
    const added = await numbers("sluice.addition");
    assert.deepEqual(added, [...ADDITIVE]);
    assert.equal(Math.max(...before), 5, "version 0.1 knows five, and refuses more");
    // As trees between 0.1 and 0.2 counted it.
    await sql.query("DELETE FROM sluice.addition WHERE version = 6");
    await sql.query("INSERT INTO sluice.sluice_migration (version) VALUES (6)");
    await migrate(sql);
    assert.deepEqual(await numbers("sluice.sluice_migration"), before);
    assert.deepEqual(await numbers("sluice.addition"), added);
  });

  test("a migration that fails leaves the version before it", async () => {
    const broken = [
      ...STEPS,
      ["CREATE TABLE sluice.half (id text)", "CREATE TABLE no_schema.whole (id text)"],
    ];
    await assert.rejects(migrate(sql, broken));
    assert.equal((await sql.query("SELECT FROM pg_tables WHERE tablename = 'half'")).length, 0);
    assert.equal(await migrate(sql), STEPS.length);
  });

  test("a store that a newer version wrote is refused", async () => {
    await sql.query("INSERT INTO sluice.sluice_migration (version) VALUES ($1)", [STEPS.length + 1]);
    const newer = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_VERSION";
    await assert.rejects(createSqlLedger({ sql }), newer);
  });

  test("a pool that is closed is SLUICE_STORE_AWAY", async () => {
    const own = poolOf(await server.createDatabase());
    const ledger = await createSqlLedger({ sql: storeSql(own) });
    await own.end();
    const away = (error: unknown) => error instanceof SluiceError && error.code === "SLUICE_STORE_AWAY";
    await assert.rejects(ledger.ping(), away);
    await assert.rejects(ledger.accept(newDelivery()), away);
  });
});

/** Its connections say so when the server goes. */
function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 10 });
  pool.on("error", () => {});
  return pool;
}
