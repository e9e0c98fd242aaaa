/** The part of the ledger's contract that is about dead letters: their groups, reopening, dropping, and acts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import type { Act, Ledger } from "../../../src/core/ledger.ts";
import type { LedgerBench } from "../../contracts/ledger.ts";
import { attemptOf, jobFor, jobsIn, newDelivery, START } from "./samples.ts";

export function deadContract(current: () => { ledger: Ledger; bench: LedgerBench }): void {
  const refused = (code: string) => (error: unknown) => error instanceof SluiceError && error.code === code;

  /** A delivery whose every job died. */
  const deadOne = async (i: number, reason: string, kinds = "m") => {
    const { ledger } = current();
    const entry = newDelivery({
      receivedAt: START + i,
      decided: kinds,
      facts: { repository: `acme/${i % 2}` },
    });
    await ledger.accept(entry);
    for (const job of jobsIn(entry)) await ledger.attempt(job, { ...attemptOf(job, 1, "dead"), reason });
    return entry.delivery.id;
  };
  const drop = (subject: string): Act => ({
    at: START + 99,
    verb: "drop",
    subject,
    actor: "ops",
    reason: "old",
  });

  test("dead letters are grouped by cause, whether a job died or a decision failed", async () => {
    const { ledger } = current();
    const ids: string[] = [];
    for (let i = 0; i < 12; i++)
      ids.push(await deadOne(i, `PipelineRun ci/build-x${i} refused after ${i} s`));
    const other = await deadOne(20, "namespace prod does not exist");
    const failed = newDelivery({ receivedAt: START + 30, decided: "f" });
    await ledger.accept(failed);
    await ledger.accept(newDelivery({ receivedAt: START + 31, decided: "n" }));
    const groups = await ledger.deadGroups();
    assert.deepEqual(
      groups.map(({ fingerprint: _, ...group }) => group),
      [
        {
          ...{ code: "SLUICE_CREATE_UNREACHABLE", reason: "PipelineRun ci/build-x11 refused after 11 s" },
          ...{ count: 12, firstAt: START, lastAt: START + 11, deliveries: ids.toReversed().slice(0, 10) },
        },
        {
          ...{ code: "SLUICE_PATH_MISSING", reason: "param sha: body.sha is missing" },
          ...{ count: 1, firstAt: START + 30, lastAt: START + 30, deliveries: [failed.delivery.id] },
        },
        {
          ...{ code: "SLUICE_CREATE_UNREACHABLE", reason: "namespace prod does not exist" },
          ...{ count: 1, firstAt: START + 20, lastAt: START + 20, deliveries: [other] },
        },
      ],
    );
    assert.equal(new Set(groups.map((group) => group.fingerprint)).size, 3);
    const [first] = await ledger.deadGroups({ repository: "acme/0", since: START + 4 });
    assert.deepEqual([first?.count, first?.firstAt], [4, START + 4]);
    assert.deepEqual(await ledger.deadGroups({ outcome: "created" }), []);

    const [largest] = groups;
    assert.ok(largest);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: 5, ...(cursor !== undefined && { cursor }) };
      const { items, next } = await ledger.deadOf(largest.fingerprint, page);
      paged.push(...items);
      cursor = next;
    } while (cursor !== undefined);
    assert.deepEqual(paged, ids.toReversed());
    assert.deepEqual((await ledger.deadOf("nothing", { limit: 5 })).items, []);
  });

  test("what died of a job and of a decision counts once, by the job", async () => {
    await deadOne(0, "no such kind", "fm");
    const groups = await current().ledger.deadGroups();
    assert.deepEqual(
      groups.map(({ code, count }) => [code, count]),
      [["SLUICE_CREATE_UNREACHABLE", 1]],
    );
  });

  test("only the jobs that are named are reopened; the others stay dead", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "mm" });
    const { id } = entry.delivery;
    const [first, second] = jobsIn(entry);
    assert.ok(first && second);
    await ledger.accept(entry);
    for (const job of [first, second]) await ledger.attempt(job, attemptOf(job, 1, "dead"));
    const at = START + 50_000;
    const states = async () => (await ledger.find(id))?.jobs.map(({ state }) => state);
    assert.deepEqual(await ledger.reopen(id, at, new Set()), []);
    assert.deepEqual(await states(), ["dead", "dead"]);
    const again = [{ ...second, reopened: { at, attempts: 1 } }];
    assert.deepEqual(await ledger.reopen(id, at, new Set([second.id, "stranger"])), again);
    assert.deepEqual(await ledger.reopen(id, at, new Set([second.id])), again, "and twice is once");
    assert.deepEqual(await states(), ["dead", "pending"]);
    await ledger.attempt(second, attemptOf(second, 2, "done"));
    assert.equal((await ledger.find(id))?.outcome, "dead");
    assert.deepEqual((await ledger.audit()).violations, []);
  });

  test("reopening makes dead jobs pending, counts tries on, and doing it twice changes nothing", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "mmm" });
    const { id } = entry.delivery;
    const [dead, done, worn] = jobsIn(entry);
    assert.ok(dead && done && worn);
    await ledger.accept(entry);
    for (let i = 1; i <= 30; i++) await ledger.attempt(worn, attemptOf(worn, i, i < 30 ? "retry" : "dead"));
    await ledger.attempt(done, attemptOf(done, 1, "done"));
    await ledger.attempt(dead, attemptOf(dead, 2, "dead"));
    assert.equal((await ledger.find(id))?.outcome, "dead");

    const at = START + 50_000;
    const again = [
      { ...dead, reopened: { at, attempts: 2 } },
      { ...worn, reopened: { at, attempts: 30 } },
    ];
    assert.deepEqual(await ledger.reopen(id, at), again);
    assert.deepEqual(await ledger.reopen(id, at), again, "asked again by one that lost the answer");
    assert.deepEqual(await ledger.reopen(id, at + 1), [], "nothing of it is dead any more");
    const open = await ledger.find(id);
    assert.equal(open?.outcome, "pending");
    assert.deepEqual(
      open?.jobs.map(({ state }) => state),
      ["pending", "created", "pending"],
    );
    assert.deepEqual(open?.jobs[0]?.job, again[0]);
    assert.deepEqual((await ledger.pending(at, { limit: 5 })).jobs, again, "the sweeper sees the same jobs");
    const { pending, dead: left, pendingJobs, violations } = await ledger.audit();
    assert.deepEqual({ pending, left, violations }, { pending: 1, left: 0, violations: [] });
    assert.deepEqual(pendingJobs.toSorted(), [dead.id, worn.id].toSorted());
    assert.equal(await ledger.count({ outcome: "pending" }), 1);

    // A try from before, recorded late or twice, no longer kills it.
    await ledger.attempt(dead, attemptOf(dead, 2, "dead"));
    assert.equal((await ledger.find(id))?.jobs[0]?.state, "pending");
    await ledger.attempt(dead, attemptOf(dead, 3, "dead"));
    await ledger.attempt(worn, attemptOf(worn, 31, "done"));
    const after = await ledger.find(id);
    assert.deepEqual(
      after?.jobs.map(({ state }) => state),
      ["dead", "created", "created"],
    );
    assert.deepEqual(
      after?.jobs[0]?.attempts.map(({ number }) => number),
      [2, 3],
    );
    assert.equal(after?.jobs[2]?.attempts.at(-1)?.number, 31);
    assert.deepEqual(await ledger.reopen(id, at + 2), [{ ...dead, reopened: { at: at + 2, attempts: 3 } }]);
    await ledger.attempt(dead, attemptOf(dead, 4, "done"));
    assert.equal((await ledger.find(id))?.outcome, "created");
    assert.deepEqual((await ledger.audit()).violations, []);
  });

  test("what has nothing dead is reopened to nothing, and a failed decision stays dead", async () => {
    const { ledger } = current();
    const entries = ["f", "n", "m", "fm"].map((decided) => newDelivery({ decided }));
    for (const entry of entries) await ledger.accept(entry);
    for (const { delivery } of entries) assert.deepEqual(await ledger.reopen(delivery.id, START), []);
    const [failed, , , both] = entries;
    assert.ok(failed && both);
    assert.equal((await ledger.find(failed.delivery.id))?.outcome, "dead");
    const [job] = jobsIn(both);
    assert.ok(job);
    await ledger.attempt(job, attemptOf(job, 1, "dead"));
    assert.equal((await ledger.reopen(both.delivery.id, START)).length, 1);
    await ledger.attempt(job, attemptOf(job, 2, "done"));
    assert.equal((await ledger.find(both.delivery.id))?.outcome, "dead", "its failed decision still waits");
    await assert.rejects(ledger.reopen("unknown", START), refused("SLUICE_DELIVERY_UNKNOWN"));
  });

  test("a dropped delivery stays dead but needs nobody; that is an act, once", async () => {
    const { ledger } = current();
    const [first, second] = [await deadOne(0, "same"), await deadOne(1, "same")];
    await ledger.drop(first, drop(first));
    await ledger.drop(first, drop(first));
    const dropped = { at: START + 99, actor: "ops", reason: "old" };
    assert.deepEqual((await ledger.find(first))?.dropped, dropped);
    assert.deepEqual((await ledger.list({ outcome: "dead" }, { limit: 5 })).items[1]?.dropped, dropped);
    const [group] = await ledger.deadGroups();
    assert.deepEqual([group?.count, group?.deliveries], [1, [second]]);
    assert.deepEqual((await ledger.deadOf(group?.fingerprint ?? "", { limit: 5 })).items, [second]);
    assert.deepEqual((await ledger.acts({ limit: 5 })).items, [drop(first)]);
    const { dead, violations } = await ledger.audit();
    assert.deepEqual({ dead, violations }, { dead: 2, violations: [] });
    // Who tries it again takes the word back.
    assert.equal((await ledger.reopen(first, START)).length, 1);
    assert.equal((await ledger.find(first))?.dropped, undefined);
  });

  test("only what is dead can be dropped", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "m" });
    await ledger.accept(entry);
    const { id } = entry.delivery;
    await assert.rejects(ledger.drop(id, drop(id)), refused("SLUICE_REQUEST_INVALID"));
    await assert.rejects(ledger.drop("unknown", drop("unknown")), refused("SLUICE_DELIVERY_UNKNOWN"));
    assert.deepEqual((await ledger.acts({ limit: 5 })).items, []);
  });

  test("acts are newest first, cleaned, and their pages go on whatever is added meanwhile", async () => {
    const { ledger } = current();
    const act = (i: number): Act => ({ at: START + i, verb: "replay", subject: `delivery-${i}` });
    for (let i = 0; i < 7; i++) await ledger.record(act(i));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { items, next } = await ledger.acts({ limit: 3, ...(cursor !== undefined && { cursor }) });
      seen.push(...items.map(({ subject }) => subject));
      cursor = next;
      await ledger.record(act(100));
    } while (cursor !== undefined);
    assert.deepEqual(
      seen,
      [6, 5, 4, 3, 2, 1, 0].map((i) => `delivery-${i}`),
    );
    await ledger.record({ ...act(8), actor: "mona\u0000", reason: "r".repeat(9_000) });
    const [last] = (await ledger.acts({ limit: 1 })).items;
    assert.deepEqual([last?.actor, last?.reason?.length], ["mona␀", 1_000]);
    await assert.rejects(ledger.acts({ limit: 1, cursor: "x'" }), refused("SLUICE_REQUEST_INVALID"));
  });

  test("a job that nobody decided is refused with a fault that is never retried", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "m" });
    await ledger.accept(entry);
    const stranger = jobFor(entry.delivery, { namespace: "ci", name: "stranger" });
    await assert.rejects(
      ledger.attempt(stranger, attemptOf(stranger, 1, "done")),
      (error) =>
        error instanceof SluiceError && error.code === "SLUICE_DELIVERY_UNKNOWN" && error.retry === "never",
    );
  });

  test("orders of many are kept by id, the latest word of each, newest first, and only the latest fifty", async () => {
    const { ledger, bench } = current();
    assert.deepEqual(await ledger.batches(), []);
    const order = (i: number, state = "running\u0000☃") => {
      return { id: `b-${100 + i}`, at: START + i, text: JSON.stringify({ i, state }) };
    };
    for (let i = 0; i < 50; i++) await ledger.keepBatch(order(i));
    await ledger.keepBatch(order(7, "done"));
    const other = await bench.reopen();
    const kept = await other.batches();
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, order(49), order(0)]);
    assert.equal(kept.find(({ id }) => id === "b-107")?.text, order(7, "done").text);
    assert.deepEqual(await other.batch("b-107"), order(7, "done"));
    assert.equal(await other.batch("b-999"), undefined);
    await other.keepBatch(order(50));
    assert.equal(await other.batch("b-100"), undefined);
    const later = await ledger.batches();
    assert.deepEqual([later.length, later[0], later.at(-1)], [50, order(50), order(1)]);
    await other.close();
  });

  test("a drop and an act keep by what it was made good, and of which order they were part", async () => {
    const { ledger } = current();
    const id = await deadOne(0, "no");
    const act: Act = { ...drop(id), by: "019ab-replay", batch: "019ab-batch" };
    await ledger.drop(id, act);
    const dropped = { at: act.at, actor: "ops", reason: "old", by: "019ab-replay" };
    assert.deepEqual((await ledger.find(id))?.dropped, dropped);
    const { items } = await ledger.list({ outcome: "dead" }, { limit: 5 });
    assert.deepEqual(items[0]?.dropped, dropped);
    assert.deepEqual((await ledger.acts({ limit: 5 })).items[0], act);
  });
}
