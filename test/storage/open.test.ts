/** Stores as wholes: queue and ledger in one place, durable, versioned, held by one process where they must be. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { Redis } from "ioredis";
import pg from "pg";
import { SluiceError } from "../../src/core/errors.ts";
import { DATABASE_FILE } from "../../src/storage/embedded/store.ts";
import { openStore } from "../../src/storage/open.ts";
import { poolSql } from "../../src/storage/postgres/store.ts";
import { createJob } from "../contracts/jobs.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import type { StoreDriver } from "../helpers/stores.ts";
import { STORE_DRIVERS } from "../helpers/stores.ts";

const isFault = (code: string) => (error: unknown) => error instanceof SluiceError && error.code === code;

for (const [name, start] of Object.entries(STORE_DRIVERS)) {
  suite(`store on ${name}`, { timeout: 60_000 }, () => {
    let driver: StoreDriver;
    before(async () => {
      driver = await start();
    });
    after(() => driver[Symbol.asyncDispose]());

    test("queue and ledger answer side by side, and what they hold outlives them", async () => {
      await using fresh = await driver.open();
      const store = await openStore(fresh.url, { owner: { admin: "127.0.0.1:9000" } });
      assert.ok(store.name.startsWith(`${name} `), store.name);
      await Promise.all([store.queue.ping(), store.ledger.ping()]);
      await store.queue.enqueue([createJob({ id: "kept" })]);
      await store.close();

      const again = await openStore(fresh.url);
      assert.deepEqual(await again.queue.holds(["kept"]), new Set(["kept"]));
      assert.equal((await again.ledger.audit()).accepted, 0);
      await again.close();
    });

    test("what a newer version wrote is left alone", async () => {
      await using fresh = await driver.open();
      await (await openStore(fresh.url)).close();
      await writeVersion(fresh.url, 99);
      await assert.rejects(openStore(fresh.url), isFault("SLUICE_STORE_VERSION"));
      // Nothing stays locked or connected after the refusal.
      await assert.rejects(openStore(fresh.url), isFault("SLUICE_STORE_VERSION"));
    });
  });
}

suite("embedded store", { timeout: 60_000 }, () => {
  let driver: StoreDriver;
  before(async () => {
    driver = await STORE_DRIVERS.embedded();
  });
  after(() => driver[Symbol.asyncDispose]());

  test("a start waits a little for one that is just ending, and no longer for one that stays", async () => {
    await using fresh = await driver.open();
    const first = await openStore(fresh.url);
    const next = openStore(fresh.url, { waitMs: 30_000 });
    await first.close();
    const second = await next;
    const from = performance.now();
    await assert.rejects(openStore(fresh.url, { waitMs: 30_000 }), isFault("SLUICE_STORE_BUSY"));
    const took = performance.now() - from;
    assert.ok(took >= 1_900 && took < 6_000, `${took} ms`);
    await second.close();
  });

  test("a second opener is told who has it, and where to ask", async () => {
    await using fresh = await driver.open();
    const store = await openStore(fresh.url, { owner: { admin: "127.0.0.1:9000" } });
    await assert.rejects(
      openStore(fresh.url),
      (error) =>
        isFault("SLUICE_STORE_BUSY")(error) && (error as SluiceError).values["admin"] === "127.0.0.1:9000",
    );
    await store.close();
  });

  test("a first start that was cut off does not spoil the next", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, DATABASE_FILE), "");
    const store = await openStore(`embedded:${folder.path}`);
    await store.queue.ping();
    await store.close();
    assert.deepEqual(readdirSync(folder.path), [DATABASE_FILE]);
  });

  test("a folder of the time when Postgres was embedded is left alone, with words that tell the way", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "postgres"));
    writeFileSync(join(folder.path, "postgres/PG_VERSION"), "18\n");
    for (let i = 0; i < 2; i++)
      await assert.rejects(
        openStore(`embedded:${folder.path}`),
        (error) =>
          isFault("SLUICE_STORE_KIND")(error) &&
          /ledger export/.test((error as SluiceError).fix) &&
          (error as SluiceError).fix.includes(`ledger import old.ndjson --store embedded:${folder.path}`),
      );
    assert.deepEqual(readdirSync(folder.path), ["postgres"]);
  });

  test("a folder that cannot be used is a fault of the setting", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    await assert.rejects(
      openStore(`embedded:${folder.path}/file/store`),
      (error) => isFault("SLUICE_CONFIG_INVALID")(error) && (error as SluiceError).values["key"] === "store",
    );
  });
});

test("Sql tells a refused statement from a database that is away, and undoes a transaction that throws", async () => {
  await using driver = await STORE_DRIVERS.postgres();
  await using fresh = await driver.open();
  const pool = new pg.Pool({ connectionString: fresh.url, max: 1 });
  pool.on("error", () => {});
  const sql = poolSql(pool);
  await sql.query("CREATE TABLE t (a integer PRIMARY KEY)");
  await assert.rejects(sql.query("SELCT"), (error) => (error as { code?: string }).code === "42601");
  const own = new RangeError("own");
  await assert.rejects(
    sql.transaction(async (client) => {
      await client.query("INSERT INTO t VALUES (1)");
      throw own;
    }),
    (error) => error === own,
  );
  assert.deepEqual(await sql.query("SELECT * FROM t"), []);
  assert.equal(
    await sql.transaction(async (client) => (await client.query("INSERT INTO t VALUES (2)")).length),
    0,
  );
  await assert.rejects(
    sql.transaction((client) => client.query("SELECT pg_terminate_backend(pg_backend_pid())")),
    isFault("SLUICE_STORE_AWAY"),
  );
  assert.deepEqual(await sql.query("SELECT a::bigint FROM t"), [{ a: "2" }]);
  await pool.end();
  await assert.rejects(sql.query("SELECT 1"), isFault("SLUICE_STORE_AWAY"));
});

test("a Postgres that knows no such user or database says so, and is no defect", {
  timeout: 60_000,
}, async () => {
  await using driver = await STORE_DRIVERS.postgres();
  await using fresh = await driver.open();
  const [nobody, nowhere] = [new URL(fresh.url), new URL(fresh.url)];
  nobody.username = "nobody";
  nowhere.pathname = "/nowhere";
  for (const { href } of [nobody, nowhere])
    await assert.rejects(openStore(href), isFault("SLUICE_STORE_LOGIN"));
});

async function writeVersion(url: string, version: number): Promise<void> {
  if (url.startsWith("redis:")) {
    const redis = new Redis(url);
    await redis.set("{sluice}:store-version", version);
    redis.disconnect();
  } else if (url.startsWith("embedded:")) {
    using db = new DatabaseSync(join(url.slice("embedded:".length), DATABASE_FILE));
    db.exec(`PRAGMA user_version = ${version}`);
  } else {
    const client = new pg.Client(url);
    await client.connect();
    await client.query("UPDATE sluice.store SET version = $1", [version]);
    await client.end();
  }
}
