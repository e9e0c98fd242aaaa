/** The SQL ledger's writers on one Postgres server: none waits for another that waits for it. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import type { Sql, SqlClient } from "../../../../src/core/sql.ts";
import { createSqlLedger } from "../../../../src/storage/ledger/sql/ledger.ts";
import { again } from "../../../../src/storage/ledger/sql/retry-conflicts.ts";
import { startPostgres } from "../../../helpers/postgres.ts";
import { attemptOf, jobsIn, newDelivery, START } from "../samples.ts";
import { poolSql } from "./bench.ts";

describe("writers that lock the same rows", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let pool: pg.Pool;
  before(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url, max: 10 });
    pool.on("error", () => {});
  });
  after(async () => {
    await pool.end();
    await server[Symbol.asyncDispose]();
  });

  test("jobs that die, are reopened and succeed at once never wait for each other in a circle", async () => {
    let undone = 0;
    const count = (error: unknown) => {
      undone++;
      throw error;
    };
    const raw = poolSql(pool);
    const counted: Sql = {
      query: (text, values) => raw.query<never>(text, values).catch(count),
      transaction: (work) => raw.transaction(work).catch(count),
    };
    const ledger = await createSqlLedger({ sql: counted });
    // Of one shard of the totals, where all of them meet.
    const entries = [];
    while (entries.length < 20) {
      const entry = newDelivery({ decided: "m" });
      const [row] = await raw.query<{ shard: number }>("SELECT abs(hashtext($1) % 16) AS shard", [
        entry.delivery.id,
      ]);
      if (row?.shard === 0) entries.push(entry);
    }
    await Promise.all(
      entries.map(async (entry) => {
        await ledger.accept(entry);
        for (let round = 0; round < 10; round++) {
          for (const job of jobsIn(entry)) await ledger.attempt(job, attemptOf(job, round + 1, "dead"));
          await ledger.reopen(entry.delivery.id, START + round);
          if (round % 3 === 0) await ledger.prune({ age: 0, deadAge: 1e12, payloadAge: 0 }, START, 5);
        }
        for (const job of jobsIn(entry)) await ledger.attempt(job, attemptOf(job, 11, "done"));
      }),
    );
    assert.equal(undone, 0);
    const { accepted, created, violations } = await ledger.audit();
    assert.deepEqual({ accepted, created, violations }, { accepted: 20, created: 20, violations: [] });
  });

  test("what the database undoes to break a circle is done again", async () => {
    const sql = again(poolSql(pool));
    await sql.query("CREATE TABLE circle (name text PRIMARY KEY, count integer NOT NULL DEFAULT 0)");
    await sql.query("INSERT INTO circle VALUES ('a'), ('b')");
    let begun = 0;
    const both = Promise.withResolvers<void>();
    const lock = (client: SqlClient, name: string) =>
      client.query("UPDATE circle SET count = count + 1 WHERE name = $1", [name]);
    const through = (first: string, then: string) =>
      sql.transaction(async (client) => {
        await lock(client, first);
        if (++begun === 2) both.resolve();
        await both.promise;
        await lock(client, then);
      });
    await Promise.all([through("a", "b"), through("b", "a")]);
    // The database may undo either, or both.
    assert.ok(begun >= 3, "one of them had to begin again");
    assert.deepEqual(await sql.query("SELECT name, count FROM circle ORDER BY name"), [
      { name: "a", count: 2 },
      { name: "b", count: 2 },
    ]);
  });

  test("what fails for a reason of its own is not repeated", async () => {
    let begun = 0;
    const wrong = again(poolSql(pool)).transaction(async (client) => {
      begun++;
      await client.query("SELECT 1 / 0");
    });
    await assert.rejects(wrong, { code: "22012" });
    assert.equal(begun, 1);
  });
});
