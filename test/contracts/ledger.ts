/** What every ledger must hold, whatever it is stored in. */

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { SluiceError } from "../../src/core/errors.ts";
import { decideJobId, newDeliveryId } from "../../src/core/identity.ts";
import type { Ledger } from "../../src/core/ledger.ts";
import { conservationContract } from "../ledger/conservation.ts";
import { listContract } from "../ledger/lists.ts";
import {
  attemptOf,
  decisionsFor,
  jobFor,
  jobsIn,
  listener,
  newDelivery,
  runOf,
  START,
} from "../ledger/samples.ts";

/** A ledger on storage of its own, with the storage's back door. */
export interface LedgerBench extends AsyncDisposable {
  /** Empties the storage and opens a ledger on it, as one process would. */
  open(clock: () => number): Promise<Ledger>;
  /** Another process's ledger on the same storage, as it is. */
  reopen(): Promise<Ledger>;
  /** Removes the record of a delivery and nothing else, as no ledger would. */
  removeRecord(id: string): Promise<void>;
  /** Everything that is stored, as bytes, to look for what must not be there. */
  dump(): Promise<Buffer>;
}

export function ledgerContract(name: string, start: () => Promise<LedgerBench>): void {
  describe(`the ledger on ${name}`, () => {
    let bench: LedgerBench;
    let ledger: Ledger;
    let now: number;
    before(async () => {
      bench = await start();
    });
    after(() => bench[Symbol.asyncDispose]());
    beforeEach(async () => {
      now = START;
      ledger = await bench.open(() => now);
    });
    afterEach(() => ledger.close());

    const outcomeOf = async (id: string) => (await ledger.find(id))?.outcome;
    const unknown = (error: unknown) =>
      error instanceof SluiceError && error.code === "SLUICE_DELIVERY_UNKNOWN";

    test("a filtered delivery is found with everything that was known of it", async () => {
      const facts = { repository: "acme/shop", ref: "refs/heads/main", revision: "c0ffee", pullRequest: 7 };
      const replayOf = newDeliveryId(START - 5);
      const entry = newDelivery({
        decided: "nn",
        replayOf,
        facts: { ...facts, providerId: "p-1", actor: "mona" },
      });
      assert.deepEqual(await ledger.accept(entry), { kind: "accepted" });
      const { decisions = [] } = entry;
      assert.deepEqual(await ledger.find(entry.delivery.id), {
        ...{ id: entry.delivery.id, listener, receivedAt: START, outcome: "filtered" },
        ...{ provider: "github", event: "push", providerId: "p-1", ...facts, actor: "mona", proof: "github" },
        ...{ size: entry.delivery.body.length, replayOf, runs: [] },
        reason: "trigger-0: body.ref is no tag (and 1 more trigger)",
        ...{ method: "POST", url: "/ci/github?from=test", headers: entry.delivery.headers },
        ...{ decisions, decided: true, jobs: [] },
      });
    });

    test("an unknown delivery is undefined to readers and a fault to writers", async () => {
      const { delivery } = newDelivery();
      const job = jobFor(delivery, { namespace: "ci", name: "t" });
      assert.equal(await ledger.find(delivery.id), undefined);
      assert.equal(await ledger.find("no\u0000id"), undefined);
      assert.equal(await ledger.load(delivery.id), undefined);
      await assert.rejects(ledger.decide(delivery.id, []), unknown);
      await assert.rejects(ledger.attempt(job, attemptOf(job, 1, "done")), unknown);
    });

    test("a job that no decision asked for is refused, and the delivery stays as it is", async () => {
      const entry = newDelivery({ decided: "m" });
      await ledger.accept(entry);
      const stranger = jobFor(entry.delivery, { namespace: "ci", name: "stranger" });
      await assert.rejects(ledger.attempt(stranger, attemptOf(stranger, 1, "done")), SluiceError);
      assert.equal(await outcomeOf(entry.delivery.id), "pending");
    });

    test("the request comes back byte for byte, large, binary or empty", async () => {
      const sizes = [Buffer.alloc(0), Buffer.from([0, 255, 10, 0xc3]), Buffer.from("x".repeat(300_000))];
      for (const body of sizes) {
        const { delivery, ...entry } = newDelivery({ body });
        await ledger.accept({ ...entry, delivery });
        assert.deepEqual(await ledger.load(delivery.id), delivery);
      }
    });

    test("sensitive headers are masked before anything is stored", async () => {
      const headers = { Authorization: ["Bearer hunter2-secret"], "X-Plain": ["seen"] };
      const entry = newDelivery({ headers });
      await ledger.accept(entry);
      assert.deepEqual((await ledger.load(entry.delivery.id))?.headers, {
        ...headers,
        Authorization: ["***"],
      });
      const dump = await bench.dump();
      assert.ok(dump.includes(entry.delivery.id), "the dump shows what is stored");
      assert.ok(!dump.includes("hunter2"), "the secret is nowhere");
    });

    test("hostile text is stored as data: control characters become visible, lengths are bounded", async () => {
      const repository = "a\u0000b'); DROP TABLE delivery; --\n\ud800\t\u001b[31m";
      const event = "e".repeat(10_000);
      const headers = JSON.parse('{"__proto__":["polluted"],"X-Nul":["a\\u0000b"]}') as Record<
        string,
        string[]
      >;
      const entry = newDelivery({
        facts: { repository, event, ref: '{"a\\b","c"}' },
        headers,
        dedupeKey: "k\u0000\n*",
      });
      await ledger.accept(entry);
      const found = await ledger.find(entry.delivery.id);
      assert.equal(found?.repository, "a␀b'); DROP TABLE delivery; --␊\ufffd␉␛[31m");
      assert.equal(found?.event.length, 256);
      assert.equal(found?.ref, '{"a\\b","c"}');
      assert.deepEqual(Object.keys(found?.headers ?? {}), ["__proto__", "X-Nul"]);
      assert.deepEqual((await ledger.list({ repository }, { limit: 5 })).items.length, 1);
    });

    test("accepting one id twice, as a client that lost the answer does, changes nothing", async () => {
      const entry = newDelivery({ decided: "m", dedupeKey: "k" });
      assert.deepEqual(await ledger.accept(entry), { kind: "accepted" });
      assert.deepEqual(await ledger.accept(entry), { kind: "accepted" });
      const { accepted, pending, violations } = await ledger.audit();
      assert.deepEqual({ accepted, pending, violations }, { accepted: 1, pending: 1, violations: [] });
    });

    test("of a hundred identical deliveries at once exactly one is accepted", async () => {
      const other = await bench.reopen();
      const entries = Array.from({ length: 100 }, () => newDelivery({ decided: "m", dedupeKey: "same" }));
      const results = await Promise.all(entries.map((entry, i) => (i % 2 ? ledger : other).accept(entry)));
      const first = entries[results.findIndex((result) => result.kind === "accepted")]?.delivery.id;
      assert.ok(first);
      for (const result of results) {
        if (result.kind === "duplicate")
          assert.deepEqual(result, { kind: "duplicate", of: first, outcome: "pending" });
      }
      const { accepted, pending, duplicate, violations } = await ledger.audit();
      assert.deepEqual({ accepted, pending, duplicate }, { accepted: 100, pending: 1, duplicate: 99 });
      assert.deepEqual(violations, []);
      await other.close();
    });

    test("a duplicate tells what has become of the first, and keeps a record without the payload", async () => {
      const first = newDelivery({ decided: "m", dedupeKey: "k" });
      const [job] = jobsIn(first);
      assert.ok(job);
      await ledger.accept(first);
      await ledger.attempt(job, attemptOf(job, 1, "done"));
      const second = newDelivery({ decided: "m", dedupeKey: "k", receivedAt: START + 10 });
      const of = first.delivery.id;
      assert.deepEqual(await ledger.accept(second), { kind: "duplicate", of, outcome: "created" });
      assert.deepEqual(await ledger.accept(second), { kind: "duplicate", of, outcome: "created" });
      const record = await ledger.find(second.delivery.id);
      assert.equal(record?.duplicateOf, of);
      assert.equal(record?.reason, `the same as ${of}, which came first`);
      assert.deepEqual([record?.outcome, record?.decided, record?.jobs], ["duplicate", true, []]);
      assert.equal(await ledger.load(second.delivery.id), undefined);
      await ledger.decide(second.delivery.id, decisionsFor(second.delivery, "m"));
      assert.equal(await outcomeOf(second.delivery.id), "duplicate");
    });

    test("a dedupe key counts within its listener, and for 72 hours", async () => {
      const accept = (options: object) => ledger.accept(newDelivery({ dedupeKey: "k", ...options }));
      assert.equal((await accept({})).kind, "accepted");
      assert.equal((await accept({ listener: { namespace: "ci", name: "other" } })).kind, "accepted");
      assert.equal((await accept({ listener: { namespace: "prod", name: "github" } })).kind, "accepted");
      now += 72 * 3_600_000 - 1;
      assert.equal((await accept({})).kind, "duplicate");
      now += 1;
      assert.equal((await accept({})).kind, "accepted");
      assert.equal((await accept({})).kind, "duplicate");
    });

    test("a delivery that a worker decides is pending until then; deciding twice changes nothing", async () => {
      const entry = newDelivery({ decided: undefined });
      const { id } = entry.delivery;
      await ledger.accept(entry);
      const waiting = await ledger.find(id);
      assert.deepEqual([waiting?.outcome, waiting?.decided, waiting?.decisions], ["pending", false, []]);
      assert.equal(waiting?.reason, "waits for a worker to decide");
      assert.deepEqual((await ledger.audit()).pendingJobs, [decideJobId(id)]);
      await ledger.decide(id, decisionsFor(entry.delivery, "n"));
      await ledger.decide(id, decisionsFor(entry.delivery, "mm"));
      const decided = await ledger.find(id);
      assert.deepEqual([decided?.outcome, decided?.decided, decided?.jobs], ["filtered", true, []]);
      assert.deepEqual((await ledger.audit()).pendingJobs, []);
    });

    test("the outcome follows from decisions and jobs", async () => {
      const cases = [
        ["", "filtered"],
        ["nn", "filtered"],
        ["nf", "dead"],
        ["nm", "pending"],
        ["fm", "pending"],
      ] as const;
      for (const [decided, outcome] of cases) {
        const entry = newDelivery({ decided });
        await ledger.accept(entry);
        assert.equal(await outcomeOf(entry.delivery.id), outcome, decided);
        for (const job of jobsIn(entry)) await ledger.attempt(job, attemptOf(job, 1, "done"));
        if (decided === "nm") assert.equal(await outcomeOf(entry.delivery.id), "created");
        if (decided === "fm") assert.equal(await outcomeOf(entry.delivery.id), "dead");
      }
      const { violations, runs } = await ledger.audit();
      assert.deepEqual({ violations, runs }, { violations: [], runs: 2 });
    });

    test("attempts are kept once by number, and runs and state follow from them", async () => {
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

    test("a ping is answered", () => ledger.ping());

    listContract(() => ledger);
    conservationContract(() => ({ ledger, bench }));
  });
}
