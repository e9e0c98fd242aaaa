/** The embedded database: what shares a commit, what a full disk and a lost thread come to, and what users see of it. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { SluiceError } from "../../../src/core/errors.ts";
import { runBatch } from "../../../src/storage/embedded/batch.ts";
import { sqliteFault } from "../../../src/storage/embedded/error.ts";
import { openSqliteFile } from "../../../src/storage/embedded/file.ts";
import { migrate, STEPS } from "../../../src/storage/embedded/schema.ts";
import { openEmbedded } from "../../../src/storage/embedded/store.ts";
import { openStore } from "../../../src/storage/open.ts";
import { createJob } from "../../contracts/jobs.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { NODE, start } from "../../helpers/process.ts";
import { lacksSmallDisk, mountSmallDisk } from "../../helpers/small-disk.ts";
import { newDelivery } from "../ledger/samples.ts";

const isFault = (code: string) => (error: unknown) => error instanceof SluiceError && error.code === code;

/** A file with a table, and operations on it. */
function openNumbers(path: string) {
  const db = openSqliteFile(join(path, "numbers.db"));
  db.run("CREATE TABLE number (n INTEGER PRIMARY KEY) STRICT");
  const test = {
    put: (n: number): void => void db.run("INSERT INTO number (n) VALUES (?)", n),
    putAndThrow(n: number): void {
      db.run("INSERT INTO number (n) VALUES (?)", n);
      throw new RangeError("on purpose");
    },
    all: () => db.all<{ n: number }>("SELECT n FROM number ORDER BY n").map(({ n }) => n),
  };
  const run = (...calls: readonly (readonly [string, ...unknown[]])[]) =>
    runBatch(
      db,
      { test },
      calls.map(([name, ...args]) => ({ driver: "test", name, args })),
    );
  return { db, run, all: test.all, [Symbol.dispose]: () => db.close() };
}

suite("the embedded database", { timeout: 120_000 }, () => {
  test("every commit is forced to disk", () => {
    using folder = temporaryFolder();
    const db = openSqliteFile(join(folder.path, "one.db"));
    assert.deepEqual({ ...db.get("PRAGMA journal_mode") }, { journal_mode: "wal" });
    assert.deepEqual({ ...db.get("PRAGMA synchronous") }, { synchronous: 2 }, "FULL");
    db.close();
  });

  test("what shares a transaction is answered in its order, and what throws is undone alone", () => {
    using folder = temporaryFolder();
    using numbers = openNumbers(folder.path);
    const outcomes = numbers.run(
      ["put", 1],
      ["putAndThrow", 2],
      ["put", 1],
      ["no such"],
      ["put", 3],
      ["all"],
    );
    assert.deepEqual(
      outcomes.map((outcome) => ("thrown" in outcome ? "thrown" : outcome.value)),
      [undefined, "thrown", "thrown", "thrown", undefined, [1, 3]],
    );
    assert.deepEqual(numbers.all(), [1, 3]);
  });

  test("a commit that cannot be made fails all that it carried, and the next one goes on", () => {
    using folder = temporaryFolder();
    using numbers = openNumbers(folder.path);
    const other = openSqliteFile(join(folder.path, "numbers.db"));
    other.run("BEGIN IMMEDIATE");
    const [first, second] = numbers.run(["put", 1], ["put", 2]);
    for (const outcome of [first, second])
      assert.ok(
        outcome &&
          "thrown" in outcome &&
          "code" in outcome.thrown &&
          outcome.thrown.code === "SLUICE_STORE_AWAY",
      );
    other.run("ROLLBACK");
    other.close();
    numbers.run(["put", 3]);
    assert.deepEqual(numbers.all(), [3]);
  });

  test("SQLite's result codes are the troubles that they are, and a wrong statement is a defect", () => {
    const of = (errcode: number) => sqliteFault(Object.assign(new Error("said so"), { errcode }));
    for (const [errcode, code] of [
      [13, "SLUICE_STORE_FULL"],
      [10, "SLUICE_STORE_AWAY"],
      // SQLITE_IOERR_FSYNC, SQLITE_READONLY_DBMOVED.
      [1_034, "SLUICE_STORE_AWAY"],
      [1_032, "SLUICE_STORE_REFUSES"],
      [11, "SLUICE_STORE_AWAY"],
    ] as const)
      assert.ok(isFault(code)(of(errcode)), `${errcode}`);
    assert.ok(!(of(1) instanceof SluiceError));
  });

  test("a step that fails leaves the version before it; a newer file is refused, unless it only has more", () => {
    using folder = temporaryFolder();
    const db = openSqliteFile(join(folder.path, "steps.db"));
    migrate(db);
    const half = ["CREATE TABLE half (id TEXT) STRICT", "CREATE TABLE nowhere.whole (id TEXT)"];
    assert.throws(() => migrate(db, [...STEPS, { statements: half }]));
    assert.equal(db.get("SELECT 1 FROM sqlite_schema WHERE name = 'half'"), undefined);
    const more = { statements: ["CREATE TABLE more (id TEXT) STRICT"], adds: true } as const;
    for (let i = 0; i < 2; i++) {
      migrate(db, [...STEPS, more]);
      migrate(db);
    }
    migrate(db, [...STEPS, more, { statements: ["DROP TABLE more"] }]);
    for (const known of [STEPS, [...STEPS, more]])
      assert.throws(() => migrate(db, known), isFault("SLUICE_STORE_VERSION"));
    db.close();
  });

  const lacking = lacksSmallDisk("16m");
  test("a full disk is told by every ping, from the first refusal on until there is room; nothing is half written", {
    skip: lacking ?? false,
  }, async () => {
    using disk = mountSmallDisk("16m");
    const { ledger, queue, close } = await openStore(`embedded:${disk.path}`);
    await ledger.accept(newDelivery({ decided: "m" }));
    disk.fill();
    let accepted = 1;
    await assert.rejects(async () => {
      for (; accepted < 5_000; accepted++) await ledger.accept(newDelivery({ decided: "m" }));
    }, isFault("SLUICE_STORE_FULL"));
    await assert.rejects(ledger.ping(), isFault("SLUICE_STORE_FULL"));
    await assert.rejects(ledger.ping(), isFault("SLUICE_STORE_FULL"));
    assert.equal((await ledger.audit()).accepted, accepted, "what is there can be read");
    disk.free();
    await ledger.ping();
    await ledger.accept(newDelivery({ decided: "m" }));
    await queue.enqueue([createJob()]);
    const audit = await ledger.audit();
    assert.deepEqual([audit.accepted, audit.violations], [accepted + 1, []]);
    await close();
  });

  test("a thread that ended is followed by another: what it had not answered is refused, the rest goes on", async () => {
    using folder = temporaryFolder();
    const begun = once(process, "worker");
    const parts = await openEmbedded({ folder: folder.path, admin: "", onError: () => {} });
    const [thread] = (await begun) as [Worker];
    await parts.queue.enqueue([createJob({ id: "before" })]);
    const lost = parts.queue.depth();
    const refused = assert.rejects(lost, isFault("SLUICE_STORE_AWAY"));
    await Promise.all([thread.terminate(), refused]);
    await parts.queue.enqueue([createJob({ id: "after" })]);
    assert.deepEqual(await parts.queue.holds(["before", "after"]), new Set(["before", "after"]));
    await parts.close();
  });

  test("users see no warning that node:sqlite is experimental, and every other one", async () => {
    using folder = temporaryFolder();
    const opens = `
import { openStore } from ${JSON.stringify(join(import.meta.dirname, "../../../src/storage/open.ts"))};
const store = await openStore("embedded:" + process.argv[1]);
process.emitWarning("of somebody else", "ExperimentalWarning");
await store.close();
setImmediate(() => console.log("closed"));`;
    const said: string[] = [];
    const running = await start(
      "sh",
      ["-c", 'exec "$0" "$@" 2>&1', NODE, "--input-type=module", "-e", opens, folder.path],
      (line) => {
        said.push(line);
        return line === "closed";
      },
    );
    await running.kill();
    const warnings = said.filter((line) => /Warning/.test(line));
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0] ?? "", /of somebody else/);
  });
});
