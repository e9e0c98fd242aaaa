/** The part of the ledger's contract that is the law: accepted = created + filtered + duplicate + dead + pending. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createJobId, decideJobId } from "../../../src/core/identity.ts";
import type { Attempt } from "../../../src/core/job.ts";
import type { Audit, JobRecord, Ledger, NewDelivery, Outcome } from "../../../src/core/ledger.ts";
import { outcomeOf } from "../../../src/core/outcome.ts";
import type { LedgerBench } from "../../contracts/ledger.ts";
import { attemptOf, decisionsFor, jobsIn, newDelivery, runOf, START } from "./samples.ts";

/** What a ledger should hold, in the plainest terms. */
interface Known {
  readonly entry: NewDelivery;
  readonly duplicateOf?: string;
  decided: NewDelivery["decisions"];
  readonly states: Map<string, JobRecord["state"]>;
  /** Highest number of a try, by job; and what it was when the job was reopened. */
  readonly tries: Map<string, number>;
  readonly reopened: Map<string, number>;
}

const operation = fc.oneof(
  fc.record({
    do: fc.constant("accept"),
    kinds: fc.stringMatching(/^[mfnw]{0,3}$/),
    key: fc.option(fc.nat(4)),
  }),
  fc.record({ do: fc.constant("postpone"), key: fc.option(fc.nat(4)) }),
  fc.record({ do: fc.constant("decide"), kinds: fc.stringMatching(/^[mfnw]{0,3}$/), which: fc.nat() }),
  fc.record({ do: fc.constant("late"), late: fc.stringMatching(/^[mfnw]{3}$/), one: fc.nat() }),
  fc.record({
    do: fc.constant("attempt"),
    which: fc.nat(),
    number: fc.integer({ min: 1, max: 4 }),
    outcome: fc.constantFrom<Attempt["outcome"]>("done", "retry", "dead"),
  }),
  fc.record({ do: fc.constant("reopen"), dead: fc.nat() }),
);

export function conservationContract(current: () => { ledger: Ledger; bench: LedgerBench }): void {
  test("the law holds after any sequence of operations", async () => {
    const { ledger } = current();
    const known: Known[] = [];
    const holders = new Map<string, Known>();
    let clock = START;

    const accept = async (kinds: string | undefined, key: number | null) => {
      const dedupeKey = key === null ? undefined : `key-${key}-${known.length >> 5}`;
      const entry = newDelivery({
        decided: kinds,
        receivedAt: clock++,
        ...(dedupeKey !== undefined && { dedupeKey }),
      });
      const holder = dedupeKey === undefined ? undefined : holders.get(dedupeKey);
      // A claim of one that was filtered in the end is void.
      const first = holder && expectedOutcome(holder) === "filtered" ? undefined : holder;
      const states = new Map(jobsIn(entry).map((job) => [job.id, "pending" as const]));
      const origin = first === undefined ? {} : { duplicateOf: first.entry.delivery.id };
      const made: Known = {
        entry,
        ...origin,
        decided: entry.decisions,
        states,
        tries: new Map(),
        reopened: new Map(),
      };
      const expected =
        first === undefined
          ? { kind: "accepted" }
          : { kind: "duplicate", of: first.entry.delivery.id, outcome: expectedOutcome(first) };
      known.push(made);
      if (dedupeKey !== undefined && first === undefined) holders.set(dedupeKey, made);
      assert.deepEqual(await ledger.accept(entry), expected);
    };

    const attempt = async (which: number, number: number, outcome: Attempt["outcome"]) => {
      const jobs = known.flatMap((one) =>
        one.duplicateOf === undefined
          ? (one.decided ?? []).flatMap((d) => (d.job ? [{ one, job: d.job }] : []))
          : [],
      );
      const chosen = jobs[which % jobs.length];
      if (chosen === undefined) return;
      const { one, job } = chosen;
      const state = one.states.get(job.id);
      if (outcome === "done") one.states.set(job.id, "created");
      const stale = number <= (one.reopened.get(job.id) ?? 0);
      if (outcome === "dead" && state === "pending" && !stale) one.states.set(job.id, "dead");
      one.tries.set(job.id, Math.max(number, one.tries.get(job.id) ?? 0));
      await ledger.attempt(job, attemptOf(job, number, outcome));
    };

    const reopen = async (which: number) => {
      const dead = known.filter((one) => [...one.states.values()].includes("dead"));
      const one = dead[which % dead.length];
      if (one === undefined) return;
      const expected = [...one.states].flatMap(([job, state]) => (state === "dead" ? job : []));
      for (const job of expected) {
        one.states.set(job, "pending");
        one.reopened.set(job, one.tries.get(job) ?? 0);
      }
      const jobs = await ledger.reopen(one.entry.delivery.id, clock++);
      assert.deepEqual(
        jobs.map((job) => [job.id, job.reopened?.attempts]),
        expected.map((job) => [job, one.reopened.get(job)]),
      );
    };

    const decideLate = async (kinds: string, which: number) => {
      const waiting = known.filter((one) => one.decided?.some(({ result }) => result === "waiting"));
      const one = waiting[which % waiting.length];
      if (one === undefined || one.duplicateOf !== undefined) return;
      const late = decisionsFor(one.entry.delivery, kinds).map((decision, at) => ({ at, decision }));
      await ledger.decideLate(one.entry.delivery.id, late);
      one.decided = one.decided?.map((old, at) => {
        const now = late[at]?.decision;
        if (old.result !== "waiting" || now === undefined) return old;
        if (now.job !== undefined) one.states.set(now.job.id, "pending");
        return now;
      });
    };

    const property = fc.asyncProperty(fc.array(operation, { maxLength: 20 }), async (operations) => {
      for (const op of operations) {
        if ("dead" in op) await reopen(op.dead);
        else if ("late" in op) await decideLate(op.late, op.one);
        else if ("outcome" in op) await attempt(op.which, op.number, op.outcome);
        else if ("which" in op) {
          const one = known[op.which % known.length];
          if (one === undefined) continue;
          const decisions = decisionsFor(one.entry.delivery, op.kinds);
          await ledger.decide(one.entry.delivery.id, decisions);
          if (one.duplicateOf !== undefined || one.decided !== undefined) continue;
          one.decided = decisions;
          for (const { job } of decisions) if (job !== undefined) one.states.set(job.id, "pending");
        } else await accept("kinds" in op ? op.kinds : undefined, op.key);
      }
      const { pendingJobs, ...audit } = await ledger.audit();
      const { pendingJobs: expectedJobs, ...expected } = expectedAudit(known);
      assert.deepEqual(audit, expected);
      assert.deepEqual(pendingJobs.toSorted(), expectedJobs.toSorted());
    });
    // One ledger sees all runs, so a failure can not be replayed on a smaller one.
    await fc.assert(property, { numRuns: 50, endOnFailure: true });
    assert.ok(known.length > 50, "there was something to count");
    for (const one of known) {
      assert.equal((await ledger.find(one.entry.delivery.id))?.outcome, expectedOutcome(one));
    }
  });

  test("an audit says so when a record was removed behind the ledger's back", async () => {
    const { ledger, bench } = current();
    const entry = newDelivery({ decided: "m" });
    await ledger.accept(entry);
    await ledger.accept(newDelivery({ decided: "n" }));
    assert.deepEqual((await ledger.audit()).violations, []);
    await bench.removeRecord(entry.delivery.id);
    const { accepted, violations } = await ledger.audit();
    assert.equal(accepted, 1);
    assert.ok(
      violations.some((words) => /1 deliveries were counted as pending, but 0 records are/.test(words)),
      violations.join("; "),
    );
  });

  test("a redelivery of one whose record is gone counts as new", async () => {
    const { ledger, bench } = current();
    const first = newDelivery({ decided: "m", dedupeKey: "k" });
    await ledger.accept(first);
    await bench.removeRecord(first.delivery.id);
    const second = newDelivery({ decided: "m", dedupeKey: "k" });
    assert.deepEqual(await ledger.accept(second), { kind: "accepted" });
    assert.equal((await ledger.find(second.delivery.id))?.outcome, "pending");
    const third = await ledger.accept(newDelivery({ decided: "n", dedupeKey: "k" }));
    assert.deepEqual(third, { kind: "duplicate", of: second.delivery.id, outcome: "pending" });
    await bench.removeRecord(second.delivery.id);
    assert.deepEqual(await ledger.accept(second), { kind: "accepted" });
  });

  test("an audit names an object that two deliveries made", async () => {
    const { ledger } = current();
    const entries = [newDelivery({ decided: "m" }), newDelivery({ decided: "m" })];
    const [job, other] = entries.flatMap(jobsIn);
    assert.ok(job && other);
    for (const entry of entries) await ledger.accept(entry);
    await ledger.attempt(job, attemptOf(job, 1, "done"));
    await ledger.attempt(other, { ...attemptOf(other, 1, "done"), runs: [runOf(job, "exists")] });
    const { violations } = await ledger.audit();
    assert.equal(violations.length, 1);
    assert.match(
      violations[0] ?? "",
      new RegExp(`^PipelineRun ci/${runOf(job).name} was created by two deliveries`),
    );
  });

  test("an audit holds while others write", async () => {
    const { ledger, bench } = current();
    const other = await bench.reopen();
    const entries = Array.from({ length: 60 }, () => newDelivery({ decided: "m" }));
    const writes = entries.map(async (entry) => {
      await other.accept(entry);
      for (const job of jobsIn(entry)) await other.attempt(job, attemptOf(job, 1, "done"));
    });
    for (let i = 0; i < 5; i++) assert.deepEqual((await ledger.audit()).violations, []);
    await Promise.all(writes);
    assert.equal((await ledger.audit()).created, entries.length);
    await other.close();
  });
}

function expectedOutcome({ duplicateOf, decided, states }: Known): Outcome {
  if (duplicateOf !== undefined) return "duplicate";
  return outcomeOf(
    decided,
    [...states.values()].map((state) => ({ state })),
  );
}

function expectedAudit(known: readonly Known[]): Audit {
  const counts = { created: 0, filtered: 0, duplicate: 0, dead: 0, pending: 0 };
  const pendingJobs: string[] = [];
  let runs = 0;
  for (const one of known) {
    counts[expectedOutcome(one)]++;
    if (one.duplicateOf !== undefined) continue;
    const undecided = one.decided === undefined || one.decided.some(({ result }) => result === "waiting");
    if (undecided) pendingJobs.push(decideJobId(one.entry.delivery.id));
    for (const { job, trigger } of one.decided ?? []) {
      if (job === undefined) continue;
      const state = one.states.get(createJobId(one.entry.delivery.id, trigger));
      if (state === "pending") pendingJobs.push(job.id);
      if (state === "created") runs++;
    }
  }
  return { accepted: known.length, ...counts, runs, pendingJobs, violations: [] };
}
