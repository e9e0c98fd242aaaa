/** The part of the ledger's contract that is about what becomes of runs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../../src/core/ledger.ts";
import type { OpenRun, RunProgress } from "../../../src/core/progress.ts";
import type { LedgerBench } from "../../contracts/ledger.ts";
import { attemptOf, jobsIn, newDelivery, runOf, START } from "./samples.ts";

const RUNNING: RunProgress = { phase: "running", createdAt: START + 1_000, startedAt: START + 3_000 };
const DONE: RunProgress = { ...RUNNING, phase: "succeeded", endedAt: START + 9_000, reason: "Succeeded" };

export function followContract(current: () => { ledger: Ledger; bench: LedgerBench }): void {
  /** A delivery that made one run. */
  const made = async (receivedAt = START) => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "m", receivedAt });
    const [job] = jobsIn(entry);
    assert.ok(job);
    await ledger.accept(entry);
    await ledger.attempt(job, attemptOf(job, 1, "done"));
    return { id: entry.delivery.id, run: runOf(job) };
  };
  const progressOf = async (id: string) => (await current().ledger.find(id))?.jobs[0]?.runs[0]?.progress;
  const open = async () => {
    const found: OpenRun[] = [];
    let cursor: string | undefined;
    do {
      const page = await current().ledger.running({ limit: 2, ...(cursor !== undefined && { cursor }) });
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return found.map(({ run }) => run.name).toSorted();
  };

  test("a run's start and end are new once, and stand in the record", async () => {
    const { ledger } = current();
    const { id, run } = await made();
    assert.equal(await progressOf(id), undefined);
    assert.deepEqual(await ledger.follow(id, run, RUNNING), { started: true, ended: false });
    assert.deepEqual(await ledger.follow(id, run, RUNNING), { started: false, ended: false });
    assert.deepEqual(await progressOf(id), RUNNING);
    assert.deepEqual(await ledger.follow(id, run, DONE), { started: false, ended: true });
    assert.deepEqual(await ledger.follow(id, run, DONE), { started: false, ended: false });
    assert.deepEqual(await progressOf(id), DONE);
    const record = await ledger.find(id);
    assert.deepEqual(record?.jobs[0]?.runs, [{ ...run, progress: DONE }]);
    assert.equal(record?.outcome, "created");
    assert.deepEqual((await ledger.audit()).violations, []);
  });

  test("what comes late or out of order turns nothing back", async () => {
    const { ledger } = current();
    const { id, run } = await made();
    assert.deepEqual(await ledger.follow(id, run, DONE), { started: true, ended: true });
    const { startedAt: _, ...deleted } = { ...DONE, phase: "deleted" as const };
    for (const late of [RUNNING, deleted, { ...DONE, phase: "failed" as const }])
      assert.deepEqual(await ledger.follow(id, run, late), { started: false, ended: false });
    assert.deepEqual(await progressOf(id), DONE);
    assert.deepEqual(await open(), []);
  });

  test("a run that ended before it started has only an end", async () => {
    const { ledger } = current();
    const { id, run } = await made();
    const cancelled = { phase: "cancelled", createdAt: START, endedAt: START + 5 } as const;
    assert.deepEqual(await ledger.follow(id, run, cancelled), { started: false, ended: true });
    assert.deepEqual(await progressOf(id), cancelled);
  });

  test("of two gateways that tell the same at once, one says something new", async () => {
    const { ledger, bench } = current();
    const other = await bench.reopen();
    const { id, run } = await made();
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? ledger : other).follow(id, run, DONE)),
    );
    assert.deepEqual(told.filter((one) => one?.started && one.ended).length, 1);
    assert.deepEqual(told.filter((one) => one?.started || one?.ended).length, 1);
    await other.close();
  });

  test("a run that this delivery did not make is not taken", async () => {
    const { ledger } = current();
    const { id, run } = await made();
    const other = await made(START + 1);
    for (const name of ["forged", `${run.name}-pod`, run.name.slice(0, -1), "a\tb", "x".repeat(5_000)])
      assert.equal(await ledger.follow(id, { ...run, name }, RUNNING), undefined, name.slice(0, 20));
    for (const change of [{ kind: "TaskRun" }, { namespace: "prod" }])
      assert.equal(await ledger.follow(id, { ...run, ...change }, RUNNING), undefined);
    assert.equal(await ledger.follow(other.id, run, RUNNING), undefined);
    assert.equal(await ledger.follow("no-such-delivery", run, RUNNING), undefined);
    assert.equal(await progressOf(id), undefined);
  });

  test("a run whose attempt is not recorded yet is not taken, and is as soon as it is recorded", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "m" });
    const [job] = jobsIn(entry);
    assert.ok(job);
    await ledger.accept(entry);
    assert.equal(await ledger.follow(job.delivery, runOf(job), RUNNING), undefined);
    await ledger.attempt(job, attemptOf(job, 1, "done"));
    assert.deepEqual(await ledger.follow(job.delivery, runOf(job), RUNNING), { started: true, ended: false });
  });

  test("texts of the cluster are cleaned and cut", async () => {
    const { ledger } = current();
    const { id, run } = await made();
    const message = `evil\u0000\t\n\u001b[31m${"x".repeat(10_000)}`;
    await ledger.follow(id, run, { ...DONE, phase: "failed", reason: "a\nb", message });
    const kept = await progressOf(id);
    assert.equal(kept?.reason, "a␊b");
    assert.equal(kept?.message?.length, 1_000);
    assert.match(kept?.message ?? "", /^evil␀␉␊␛\[31mxxx/);
  });

  test("the runs that have not ended are listed in pages; a forgotten delivery's are not", async () => {
    const { ledger } = current();
    const all = [];
    for (let i = 0; i < 5; i++) all.push(await made(START + i));
    for (const { id, run } of all) await ledger.follow(id, run, RUNNING);
    const names = all.map(({ run }) => run.name);
    assert.deepEqual(await open(), names.toSorted());
    const [first, second] = all;
    assert.ok(first && second);
    await ledger.follow(first.id, first.run, DONE);
    assert.deepEqual(await open(), names.slice(1).toSorted());
    const policy = { age: 10, deadAge: 10, payloadAge: 10 };
    assert.equal((await ledger.prune(policy, START + 2 + 10, 100)).deliveries, 2);
    assert.deepEqual(await open(), names.slice(2).toSorted());
    assert.equal(await ledger.follow(second.id, second.run, DONE), undefined);
    const last = all[4];
    const found = (await ledger.running({ limit: 500 })).items.find(({ delivery }) => delivery === last?.id);
    assert.ok(last);
    const { kind, namespace, name } = last.run;
    assert.deepEqual(found, { delivery: last.id, run: { kind, namespace, name } });
  });
}
