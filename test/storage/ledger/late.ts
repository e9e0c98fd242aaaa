/** The part of the ledger's contract about triggers that wait: decided later, each for itself. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { decideJobId } from "../../../src/core/identity.ts";
import type { Ledger, NewDelivery } from "../../../src/core/ledger.ts";
import type { LedgerBench } from "../../contracts/ledger.ts";
import { attemptOf, decisionsFor, jobsIn, newDelivery, START } from "./samples.ts";

export function lateContract(current: () => { ledger: Ledger; bench: LedgerBench }): void {
  /** The decisions of `kinds` at the places of a delivery that are given. */
  const lateOf = ({ delivery }: NewDelivery, kinds: string, places: readonly number[]) => {
    const decisions = decisionsFor(delivery, kinds);
    return decisions.flatMap((decision, at) => (places.includes(at) ? { at, decision } : []));
  };
  const jobOf = (entry: NewDelivery, at: number) => {
    const job = decisionsFor(entry.delivery, "mmmm")[at]?.job;
    assert.ok(job);
    return job;
  };

  describe("of triggers that wait", () => {
    test("the delivery is pending until they are decided, whatever became of the others", async () => {
      const { ledger } = current();
      const entry = newDelivery({ decided: "mwn" });
      const { id, listener, receivedAt } = entry.delivery;
      await ledger.accept(entry);
      const [job] = jobsIn(entry);
      assert.ok(job);
      const undecided = [{ id, listener, receivedAt }];
      assert.deepEqual(await ledger.pending(START + 1, { limit: 10 }), { undecided, jobs: [job] });
      await ledger.attempt(job, attemptOf(job, 1, "done"));
      const record = await ledger.find(id);
      assert.deepEqual([record?.outcome, record?.decided], ["pending", false]);
      assert.deepEqual(
        record?.decisions.map(({ result }) => result),
        ["matched", "waiting", "filtered"],
      );
      assert.deepEqual(
        record?.jobs.map(({ state }) => state),
        ["created"],
      );
      assert.equal(record?.reason, "trigger-1: gate: connection refused (and 2 more triggers)");
      assert.deepEqual(await ledger.pending(START + 1, { limit: 10 }), { undecided, jobs: [] });
      const { pendingJobs, violations, pending } = await ledger.audit();
      assert.deepEqual([pendingJobs, violations, pending], [[decideJobId(id)], [], 1]);
    });

    test("each ends in its own outcome, and then so does the delivery", async () => {
      const cases = [
        ["wn", "nn", "filtered"],
        ["wn", "fn", "dead"],
        ["wm", "nm", "created"],
        ["wm", "fm", "dead"],
        ["wm", "mm", "created"],
        ["w", "m", "created"],
      ] as const;
      const { ledger } = current();
      for (const [before, now, outcome] of cases) {
        const entry = newDelivery({ decided: before });
        const { id } = entry.delivery;
        await ledger.accept(entry);
        await ledger.decideLate(id, lateOf(entry, now, [0]));
        const jobs = (await ledger.find(id))?.jobs.map(({ job }) => job) ?? [];
        assert.equal(jobs.length, [...now].filter((kind) => kind === "m").length, now);
        for (const job of jobs) await ledger.attempt(job, attemptOf(job, 1, "done"));
        const record = await ledger.find(id);
        assert.deepEqual([record?.outcome, record?.decided], [outcome, true], `${before} ${now}`);
      }
      const { pendingJobs, violations } = await ledger.audit();
      assert.deepEqual([pendingJobs, violations], [[], []]);
    });

    test("some may be decided while others go on waiting; what does not wait stays as it is", async () => {
      const { ledger } = current();
      const entry = newDelivery({ decided: "wwn" });
      const { id } = entry.delivery;
      await ledger.accept(entry);
      const results = async () => (await ledger.find(id))?.decisions.map(({ result }) => result).join(" ");
      await ledger.decideLate(id, lateOf(entry, "mwm", [0, 1, 2]));
      assert.equal(await results(), "matched waiting filtered");
      await ledger.decideLate(id, lateOf(entry, "nwn", [0, 1]));
      await ledger.decideLate(
        id,
        lateOf(entry, "f", [0]).map((one) => ({ ...one, at: 7 })),
      );
      assert.equal(await results(), "matched waiting filtered");
      assert.equal((await ledger.find(id))?.decided, false);
      await ledger.decideLate(id, lateOf(entry, "mfn", [1]));
      assert.equal(await results(), "matched failed filtered");
      const job = jobOf(entry, 0);
      await ledger.attempt(job, attemptOf(job, 1, "done"));
      assert.equal((await ledger.find(id))?.outcome, "dead");
      const [group] = await ledger.deadGroups();
      assert.deepEqual([group?.code, group?.deliveries], ["SLUICE_PATH_MISSING", [id]]);
    });

    test("several workers that decide at once leave one word for each, and lose no try of a job", async () => {
      const { ledger, bench } = current();
      const other = await bench.reopen();
      for (let round = 0; round < 20; round++) {
        const entry = newDelivery({ decided: "mwww" });
        const { id } = entry.delivery;
        await ledger.accept(entry);
        const first = jobOf(entry, 0);
        await Promise.all([
          ledger.decideLate(id, lateOf(entry, "nmwn", [1, 2, 3])),
          other.decideLate(id, lateOf(entry, "nnmw", [1, 2, 3])),
          ledger.attempt(first, attemptOf(first, 1, "done")),
        ]);
        const record = await ledger.find(id);
        assert.equal(record?.decided, true);
        assert.equal(record?.jobs.find(({ job }) => job.id === first.id)?.state, "created");
        for (const { job } of record?.jobs ?? []) await other.attempt(job, attemptOf(job, 1, "done"));
        assert.equal((await ledger.find(id))?.outcome, "created");
      }
      await other.close();
      const { violations, created } = await ledger.audit();
      assert.deepEqual([violations, created], [[], 20]);
    });

    test("they are found by their name once they fire, not before", async () => {
      const { ledger } = current();
      const entry = newDelivery({ decided: "nw" });
      await ledger.accept(entry);
      const count = () => ledger.count({ trigger: "trigger-1" });
      assert.equal(await count(), 0);
      await ledger.decideLate(entry.delivery.id, lateOf(entry, "nm", [1]));
      assert.equal(await count(), 1);
    });

    test("a worker may leave some of them waiting the first time too", async () => {
      const { ledger } = current();
      const entry = newDelivery({ decided: undefined });
      const { id } = entry.delivery;
      await ledger.accept(entry);
      await ledger.decide(id, decisionsFor(entry.delivery, "mw"));
      assert.deepEqual(
        (await ledger.audit()).pendingJobs.toSorted(),
        [jobOf(entry, 0).id, decideJobId(id)].toSorted(),
      );
      await ledger.decideLate(id, lateOf(entry, "mn", [1]));
      assert.deepEqual((await ledger.audit()).pendingJobs, [jobOf(entry, 0).id]);
    });

    test("their body is kept as long as they wait, and nobody forgets them", async () => {
      const { ledger } = current();
      const entry = newDelivery({ decided: "nw" });
      const { id } = entry.delivery;
      await ledger.accept(entry);
      const policy = { age: 1, deadAge: 1, payloadAge: 1 };
      assert.deepEqual(await ledger.prune(policy, START + 1_000, 10), { deliveries: 0, payloads: 0 });
      assert.ok(await ledger.load(id));
      await ledger.decideLate(id, lateOf(entry, "nn", [1]));
      assert.equal((await ledger.prune(policy, START + 1_000, 10)).deliveries, 1);
    });

    test("of a delivery that is unknown, or not decided at all, nothing is changed", async () => {
      const { ledger } = current();
      const entry = newDelivery({ decided: undefined });
      const unknown = (error: unknown) =>
        error instanceof SluiceError && error.code === "SLUICE_DELIVERY_UNKNOWN";
      await assert.rejects(ledger.decideLate(entry.delivery.id, lateOf(entry, "m", [0])), unknown);
      await ledger.accept(entry);
      await ledger.decideLate(entry.delivery.id, lateOf(entry, "m", [0]));
      assert.equal((await ledger.find(entry.delivery.id))?.decided, false);
      assert.deepEqual((await ledger.find(entry.delivery.id))?.decisions, []);
    });
  });
}
