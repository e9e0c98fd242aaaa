/** `sluice dead` and `sluice audit` on a store that no gateway has open: what is refused, skipped, put away, taken back. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { FoldedAct } from "../../src/admin/acts.ts";
import type { DeadHint } from "../../src/core/dead-hint.ts";
import type { Act, DeadGroup, Ledger, Page } from "../../src/core/ledger.ts";
import { openStore } from "../../src/storage/open.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { attemptOf, jobsIn, newDelivery } from "../storage/ledger/samples.ts";
import { sluice } from "./helper.ts";

describe("somebody with dead letters", () => {
  let redis: RedisServer;
  let created: string;
  let failed: string;
  let died: string;

  beforeEach(async () => {
    redis = await startRedis({ appendfsync: "no" });
    const store = await openStore(redis.url);
    [created, failed, died] = [
      await fill(store.ledger, "m", "done"),
      await fill(store.ledger, "f"),
      await fill(store.ledger, "m", "dead"),
    ];
    await store.close();
  });
  afterEach(() => redis[Symbol.asyncDispose]());

  const dead = (...args: readonly string[]) =>
    sluice(["dead", ...args, "--store", redis.url], { USER: "ann" });
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse((await sluice([...args, "-o", "json", "--store", redis.url])).stdout) as T;
  const acts = async () => (await json<Page<Act>>("acts", "--each")).items;

  test("is told why a delivery is not tried again, and to replay only what never had a job", async () => {
    const one = await dead("retry", created);
    assert.match(one.stdout, new RegExp(`^${created}  skipped  it is created, not dead$`, "m"));
    assert.doesNotMatch(one.stdout, /replay it/);
    assert.equal(one.code, 1, "nothing could be done");
    const other = await dead("retry", failed);
    assert.match(other.stdout, /skipped {2}its decision failed, so it has no dead job: replay it instead/);
    const both = await dead("retry", created, died);
    assert.match(both.stdout, /1 tried again, 1 skipped of 2/);
    assert.equal(both.code, 0);
  });

  test("drops with a reason that says something", async () => {
    for (const reason of ["", "  ", " \t"]) {
      const mute = await dead("drop", died, "--reason", reason);
      assert.notEqual(mute.code, 0, JSON.stringify(reason));
    }
    assert.deepEqual(await acts(), []);
  });

  test("leaves one act for each delivery that was dropped by id, and none for one that was not", async () => {
    const skipped = await dead("drop", created, "--reason", "old");
    assert.match(skipped.stdout, /it is created, not dead\n0 dropped, 1 skipped of 1/);
    assert.equal(skipped.code, 1);
    assert.deepEqual(await acts(), []);
    assert.equal((await dead("drop", died, created, failed, "--reason", "old")).code, 0);
    const subjects = (await acts()).map(({ verb, subject, reason }) => [verb, subject, reason]);
    assert.deepEqual(
      subjects,
      [failed, died].map((id) => ["drop", id, "old"]),
    );
    const folded = (await json<Page<FoldedAct>>("acts")).items;
    assert.deepEqual(
      folded.map(({ verb, count, actor }) => [verb, count, actor]),
      [["drop", 2, "ann (owner)"]],
    );
    assert.match((await sluice(["acts", "--store", redis.url])).stdout, /ann \(owner\) {2}drop ×2 /);
  });

  test("is told of each cause what to put right, and which way leads back", async () => {
    const groups = (await json<{ items: (DeadGroup & { hint: DeadHint })[] }>("dead", "list")).items;
    assert.deepEqual(groups.map(({ code, hint }) => `${code} ${hint.way}`).sort(), [
      "SLUICE_CREATE_UNREACHABLE retry",
      "SLUICE_PATH_MISSING replay",
    ]);
    const { stderr } = await dead("list");
    for (const { fingerprint, hint } of groups) {
      const way = hint.way === "retry" ? "dead retry" : "replay --fingerprint";
      const line = stderr.split("\n").find((one) => one.includes(`sluice ${way} ${fingerprint}`));
      assert.ok(line?.includes(hint.fix), stderr);
      assert.match((await dead("show", fingerprint)).stderr, new RegExp(`sluice ${way} ${fingerprint}`));
    }
  });

  test("takes a drop back with a retry of the id; of all they stay away", async () => {
    await dead("drop", died, failed, "--reason", "old");
    const all = await dead("retry", "--all", "--yes");
    assert.match(all.stdout, /^0 tried again of 0/m);
    assert.equal(all.code, 0, "a filter that nothing fits is no mistake");
    assert.match((await dead("retry", died)).stdout, /^1 tried again of 1/m);
  });

  test("is told that a name is neither an id nor a fingerprint, and that a fingerprint has no letters", async () => {
    for (const names of [["created-nope"], [died, "created-nope"]]) {
      const wrong = await dead("drop", ...names, "--yes", "--reason", "old");
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /"created-nope" is neither the id of a delivery nor a fingerprint/);
    }
    const none = await dead("drop", "0123456789abcdef", "--yes", "--reason", "old");
    assert.match(none.stdout, /^0 dropped of 0/m);
    assert.equal(none.code, 1);
    const { items } = await json<{ items: readonly DeadGroup[] }>("dead");
    assert.equal(items.length, 2);
    for (const { fingerprint } of items)
      assert.equal((await dead("drop", fingerprint, "--yes", "--reason", "old")).code, 0);
  });

  test("audits a store in which a crash left a job that is not queued yet: said, and no alarm", async () => {
    const store = await openStore(redis.url);
    await fill(store.ledger, "m");
    await store.close();
    const { code, stdout } = await sluice(["audit", "--store", redis.url]);
    assert.match(stdout, /^! 1 pending job is not in the queue yet, as after a crash/m);
    assert.match(stdout, /nothing lost, nothing twice/);
    assert.equal(code, 0);
  });
});

/** Stores a delivery; the outcome of its only job's only try, if there was one. */
async function fill(ledger: Ledger, decided: "m" | "f", outcome?: "done" | "dead"): Promise<string> {
  const entry = newDelivery({ decided });
  await ledger.accept(entry);
  if (outcome !== undefined)
    for (const job of jobsIn(entry)) await ledger.attempt(job, attemptOf(job, 1, outcome));
  return entry.delivery.id;
}
