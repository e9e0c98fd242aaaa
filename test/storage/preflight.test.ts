/** Checks of stores: asked seldom, honest when nobody answers, and right about folders and Postgres. */

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import pg from "pg";
import type { Check } from "../../src/core/check.ts";
import { FOLDER_JUDGES, folderChecks } from "../../src/storage/embedded/preflight.ts";
import { openStore } from "../../src/storage/open.ts";
import { postgresJudges, surveyPostgres } from "../../src/storage/postgres/preflight.ts";
import { ok, surveyChecks } from "../../src/storage/survey.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { STORE_DRIVERS } from "../helpers/stores.ts";

test("many checks, asked often, share one survey", async () => {
  let asked = 0;
  const checks = surveyChecks(async () => ++asked, { a: (n) => ok(`${n}`), b: (n) => ok(`${n}`) });
  const answers = await Promise.all([...checks, ...checks].map(({ check }) => check()));
  assert.deepEqual(
    answers.map(({ message }) => message),
    ["1", "1", "1", "1"],
  );
});

test("a survey that fails degrades, says why, and is tried again at the next question", async () => {
  let asked = 0;
  const [check] = surveyChecks(
    async () => {
      if (++asked === 1) throw new Error("nobody home");
      return asked;
    },
    { a: () => ok("fine") },
  );
  const first = await check?.check();
  assert.equal(first?.state, "degraded");
  assert.match(first?.message ?? "", /could not be asked: .*nobody home/);
  assert.deepEqual(await check?.check(), ok("fine"));
});

test("an embedded store has room and a folder that it may write to", async () => {
  using folder = temporaryFolder();
  assert.deepEqual(await states(folderChecks(folder.path)), { "store-disk": "ok", "store-folder": "ok" });
  const disk = FOLDER_JUDGES["store-disk"];
  const mebibyte = 1_048_576;
  assert.equal(disk({ free: 199 * mebibyte, refusal: undefined }).state, "degraded");
  assert.equal(disk({ free: 10 * mebibyte, refusal: undefined }).state, "failed");
  assert.equal(FOLDER_JUDGES["store-folder"]({ free: 1, refusal: "EROFS" }).state, "failed");
});

test("a folder that is gone cannot be asked", async () => {
  const folder = temporaryFolder();
  rmSync(folder.path, { recursive: true });
  const [check] = folderChecks(folder.path);
  assert.equal((await check?.check())?.state, "degraded");
});

test("a Postgres that may be written and commits to disk is ok; one that does not is named", {
  timeout: 60_000,
}, async () => {
  await using driver = await STORE_DRIVERS.postgres();
  await using fresh = await driver.open();
  const store = await openStore(fresh.url);
  // The tests' own server has fsync off, and is told so.
  assert.deepEqual(await states(store.checks?.() ?? []), {
    "store-fsync": "failed",
    "store-commit": "ok",
    "store-role": "ok",
    "store-replication": "ok",
    "store-version": "ok",
    "store-clock": "ok",
    "store-session": "ok",
  });
  await store.close();
  const relaxed = await openStore(fresh.url, { durability: "relaxed" });
  assert.equal((await states(relaxed.checks?.() ?? []))["store-fsync"], "degraded");
  await relaxed.close();

  const client = new pg.Client(fresh.url);
  await client.connect();
  await client.query("SET synchronous_commit = off; SET default_transaction_read_only = on");
  const sql = {
    query: async <Row extends object>(text: string) => (await client.query<Row>(text)).rows,
    transaction: () => Promise.reject(new Error("not asked for")),
  };
  const survey = { ...(await surveyPostgres(sql)), fsync: "on" };
  await client.end();
  const judge = (name: string, more: Partial<typeof survey> = {}) =>
    postgresJudges("strict")[name]?.({ ...survey, ...more }).state;
  assert.equal(judge("store-commit"), "failed");
  assert.equal(judge("store-role"), "failed");
  assert.equal(judge("store-role", { readOnly: false }), "ok");
  assert.equal(judge("store-role", { readOnly: false, recovering: true }), "failed");
  assert.equal(judge("store-fsync"), "ok");
  assert.equal(judge("store-fsync", { fullPageWrites: "off" }), "degraded");
  const standby = { synchronousCommit: "on", standbys: 1 };
  assert.equal(judge("store-replication", standby), "degraded");
  assert.equal(judge("store-replication", { ...standby, standbyNames: "*" }), "ok");
});

async function states(checks: readonly Check[]): Promise<Record<string, string>> {
  const answers = checks.map(async ({ name, check }) => [name, (await check()).state] as const);
  return Object.fromEntries(await Promise.all(answers));
}
