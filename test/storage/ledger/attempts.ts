/** The part of the ledger's contract that is about attempts: what is kept of them and what follows for the outcome. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../../src/core/ledger.ts";
import type { LedgerBench } from "../../contracts/ledger.ts";
import { attemptOf, jobsIn, newDelivery, runOf } from "./samples.ts";

export function attemptContract(current: () => { ledger: Ledger; bench: LedgerBench }): void {
  test("attempts are kept once by number, and runs and state follow from them", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "mm" });
    const [one, two] = jobsIn(entry);
    assert.ok(one && two);
    await ledger.accept(entry);
    await ledger.attempt(one, attemptOf(one, 1, "retry"));
    await ledger.attempt(one, { ...attemptOf(one, 1, "retry"), reason: "told twice" });
    await ledger.attempt(two, attemptOf(two, 1, "done"));
    const half = await ledger.find(entry.delivery.id);
    assert.deepEqual(half?.jobs, [
      { job: one, state: "pending", attempts: [attemptOf(one, 1, "retry")], runs: [] },
      { job: two, state: "created", attempts: [attemptOf(two, 1, "done")], runs: [runOf(two)] },
    ]);
    assert.equal(half?.outcome, "pending");
    assert.match(half?.reason ?? "", /will be tried again: .*try 1: connection refused/);
    await ledger.attempt(one, attemptOf(one, 2, "done"));
    await ledger.attempt(one, attemptOf(one, 2, "done"));
    const whole = await ledger.find(entry.delivery.id);
    assert.deepEqual(whole?.jobs[0]?.attempts, [attemptOf(one, 1, "retry"), attemptOf(one, 2, "done")]);
    assert.deepEqual([whole?.outcome, whole?.runs.length], ["created", 2]);
  });

  test("a job never goes back: created stays created, dead becomes created when a retry succeeds", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "m" });
    const [job] = jobsIn(entry);
    assert.ok(job);
    await ledger.accept(entry);
    await ledger.attempt(job, attemptOf(job, 2, "dead"));
    await ledger.attempt(job, attemptOf(job, 1, "retry"));
    const dead = await ledger.find(entry.delivery.id);
    assert.equal(dead?.outcome, "dead");
    assert.match(dead?.reason ?? "", /try 2: connection refused/);
    // A person's retry may count from 1 again: its success must not be taken for something known.
    await ledger.attempt(job, attemptOf(job, 1, "done"));
    await ledger.attempt(job, attemptOf(job, 3, "dead"));
    await ledger.attempt(job, attemptOf(job, 4, "retry"));
    const record = await ledger.find(entry.delivery.id);
    assert.deepEqual([record?.outcome, record?.jobs[0]?.state], ["created", "created"]);
    const told = record?.jobs[0]?.attempts.map(({ number, outcome }) => `${number} ${outcome}`);
    assert.deepEqual(told, ["1 done", "2 dead", "3 dead", "4 retry"]);
    assert.deepEqual(record?.reason, `created PipelineRun ci/${runOf(job).name}`);
    assert.deepEqual((await ledger.audit()).violations, []);
  });

  test("the last twenty attempts are kept, and every object that any of them made", async () => {
    const { ledger } = current();
    const entry = newDelivery({ decided: "m" });
    const [job] = jobsIn(entry);
    assert.ok(job);
    await ledger.accept(entry);
    await ledger.attempt(job, { ...attemptOf(job, 1, "retry"), runs: [runOf(job)] });
    for (let number = 2; number <= 23; number++) await ledger.attempt(job, attemptOf(job, number, "retry"));
    const kept = (await ledger.find(entry.delivery.id))?.jobs[0];
    assert.deepEqual(
      kept?.attempts.map((attempt) => attempt.number),
      Array.from({ length: 20 }, (_, i) => i + 4),
    );
    assert.deepEqual(kept?.runs, [runOf(job)]);
  });

  test("attempts of one delivery's jobs at the same time do not overwrite each other", async () => {
    const { ledger, bench } = current();
    const entry = newDelivery({ decided: "mmmmmmmm" });
    await ledger.accept(entry);
    const other = await bench.reopen();
    const tries = jobsIn(entry).flatMap((job, i) => [
      ledger.attempt(job, attemptOf(job, 1, i === 3 ? "dead" : "done")),
      other.attempt(job, attemptOf(job, 1, i === 3 ? "dead" : "done")),
    ]);
    await Promise.all(tries);
    const record = await ledger.find(entry.delivery.id);
    assert.deepEqual([record?.outcome, record?.runs.length], ["dead", 7]);
    assert.ok(record?.jobs.every((job) => job.attempts.length === 1));
    assert.deepEqual((await ledger.audit()).violations, []);
    await other.close();
  });

  test("a success and a giving up of one job at the same time come to a success", async () => {
    const { ledger, bench } = current();
    const other = await bench.reopen();
    const entries = Array.from({ length: 30 }, () => newDelivery({ decided: "m" }));
    for (const entry of entries) await ledger.accept(entry);
    const tries = entries
      .flatMap(jobsIn)
      .flatMap((job) => [
        ledger.attempt(job, attemptOf(job, 2, "done")),
        other.attempt(job, attemptOf(job, 1, "dead")),
      ]);
    await Promise.all(tries);
    const { created, violations } = await ledger.audit();
    assert.deepEqual({ created, violations }, { created: entries.length, violations: [] });
    await other.close();
  });
}
