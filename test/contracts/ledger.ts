/** What every ledger must hold, whatever it is stored in. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { bodyMissing } from "../../src/core/body.ts";
import { SluiceError } from "../../src/core/errors.ts";
import { decideJobId, newDeliveryId } from "../../src/core/identity.ts";
import type { StoreKeys } from "../../src/core/integrity.ts";
import type { Ledger } from "../../src/core/ledger.ts";
import type { RefusalLog } from "../../src/core/refusal.ts";
import { createValve } from "../../src/intake/unproved-valve.ts";
import { attemptContract } from "../storage/ledger/attempts.ts";
import { conservationContract } from "../storage/ledger/conservation.ts";
import { deadContract } from "../storage/ledger/dead.ts";
import { followContract } from "../storage/ledger/follow.ts";
import { lateContract } from "../storage/ledger/late.ts";
import { listContract } from "../storage/ledger/lists.ts";
import { refusalContract } from "../storage/ledger/refusals.ts";
import { retentionContract } from "../storage/ledger/retention.ts";
import {
  attemptOf,
  decisionsFor,
  jobFor,
  jobsIn,
  listener,
  newDelivery,
  type SampleOptions,
  START,
} from "../storage/ledger/samples.ts";
import { sealContract } from "../storage/ledger/seals.ts";
import { searchContract } from "../storage/ledger/searches.ts";

/** A ledger on storage of its own, with the storage's back door. */
export interface LedgerBench extends AsyncDisposable {
  /** Empties the storage and opens a ledger on it, as one process would. */
  open(clock: () => number): Promise<Ledger & RefusalLog>;
  /** Another process's ledger on the same storage, as it is. */
  reopen(keys?: StoreKeys): Promise<Ledger>;
  /** Removes the record of a delivery and nothing else, as no ledger would. */
  removeRecord(id: string): Promise<void>;
  /** Everything that is stored, as bytes, to look for what must not be there. */
  dump(): Promise<Buffer>;
}

export function ledgerContract(name: string, start: () => Promise<LedgerBench>): void {
  describe(`the ledger on ${name}`, () => {
    let bench: LedgerBench;
    let ledger: Ledger & RefusalLog;
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

    test("what the storage lost is missed, and what retention took is not", async () => {
      const entries = [0, 1, 2, 3].map((second) =>
        newDelivery({ receivedAt: START + second * 1_000, decided: "n", dedupeKey: `key ${second}` }),
      );
      for (const entry of entries) await ledger.accept(entry);
      const ids = entries.map(({ delivery }) => delivery.id);
      assert.deepEqual(await ledger.missing(ids), []);
      assert.deepEqual(await ledger.missing([]), []);
      await ledger.prune({ age: 0, deadAge: 0, payloadAge: 0 }, START + 1_001, 9);
      assert.deepEqual(await ledger.missing(ids), [], "the first two were let go");
      await bench.removeRecord(ids[2] ?? "");
      assert.deepEqual(await ledger.missing(ids), [ids[2]]);
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
        assert.deepEqual(await ledger.load(delivery.id), { ...delivery, proof: "github" });
      }
    });

    test("a body that is not to be kept leaves its digest, in the record alone", async () => {
      const entry = newDelivery({ body: Buffer.from("unwanted-body"), decided: "n" });
      const { id } = entry.delivery;
      await ledger.accept({ ...entry, digest: "d1ge57", keepsBody: false });
      const record = await ledger.find(id);
      assert.deepEqual([record?.digest, record?.size, record?.outcome], ["d1ge57", 13, "filtered"]);
      assert.equal(await ledger.load(id), undefined);
      assert.ok(!(await bench.dump()).includes("unwanted-body"), "the body is nowhere");
    });

    test("a body is forgotten when it is asked for, but not of what is pending", async () => {
      const [done, open] = [newDelivery({ decided: "n" }), newDelivery({ decided: undefined })];
      for (const entry of [done, open]) {
        await ledger.accept(entry);
        await ledger.forgetBody(entry.delivery.id);
      }
      assert.equal(await ledger.load(done.delivery.id), undefined);
      assert.ok(await ledger.load(open.delivery.id));
      await ledger.forgetBody(newDelivery().delivery.id);
      assert.deepEqual((await ledger.audit()).violations, []);
    });

    test("bytes of unproved deliveries are counted by listener, and given back", async () => {
      const unproved = { facts: { proof: "none" }, body: randomBytes(5_000) };
      const usage = async (name: string) => (await ledger.usage({ namespace: "ci", name })).unproved;
      for (const options of [unproved, unproved, { body: randomBytes(9_000) }])
        await ledger.accept(newDelivery(options));
      const waiting = newDelivery({ ...unproved, decided: undefined });
      await ledger.accept(waiting);
      const kept = await usage("github");
      assert.ok(kept > 15_000 && kept < 17_000, `${kept} bytes`);
      assert.ok((await ledger.usage()).bytes > 24_000);
      assert.equal(await usage("other"), 0);
      await ledger.decide(waiting.delivery.id, decisionsFor(waiting.delivery, "n"));
      assert.ok((await usage("github")) > kept);
      await ledger.forgetBody(waiting.delivery.id);
      assert.ok((await usage("github")) < kept - 4_000);
      const policy = { age: 0, deadAge: 0, payloadAge: 0 };
      await ledger.prune(policy, START + 1, 100);
      assert.deepEqual([await usage("github"), (await ledger.usage()).bytes], [0, 0]);
    });

    test("where room is needed, the oldest unproved dead letters give their bodies, and keep head and digest", async () => {
      const bodied = (receivedAt: number, more: SampleOptions) =>
        newDelivery({
          receivedAt: START + receivedAt,
          body: randomBytes(5_000),
          facts: { proof: "none" },
          ...more,
        });
      const dead = [1, 2, 3, 4].map((at) => bodied(at, { decided: "f" }));
      const others = [
        bodied(0, { decided: "f", facts: { proof: "github" } }),
        bodied(0, { decided: "f", listener: { namespace: "ci", name: "other" } }),
        bodied(0, { decided: "m" }),
        bodied(0, { decided: undefined }),
      ];
      for (const entry of [...dead, ...others]) await ledger.accept({ ...entry, digest: "d1ge57" });
      const before = (await ledger.usage(listener)).unproved;
      const dropBodies = createValve({ ledger, clock: () => START });
      assert.equal(await dropBodies(listener, before), 0);
      assert.ok((await dropBodies(listener, before - 5_001)) >= 2);
      const left = (await ledger.usage(listener)).unproved;
      assert.ok(left <= before - 5_001, `${left} of ${before}`);
      assert.equal(await ledger.load(dead[0]?.delivery.id ?? ""), undefined);
      const record = await ledger.find(dead[0]?.delivery.id ?? "");
      assert.deepEqual([record?.outcome, record?.digest, record?.size], ["dead", "d1ge57", 5_000]);
      assert.equal(bodyMissing(record?.id ?? "", record).code, "SLUICE_BODY_DROPPED");
      await dropBodies(listener, 0);
      for (const { delivery } of others) assert.ok(await ledger.load(delivery.id));
      const [act] = (await ledger.acts({ limit: 1 })).items;
      assert.deepEqual([act?.verb, act?.subject, act?.actor], ["drop-bodies", "ci/github", "sluice"]);
      assert.deepEqual((await ledger.audit()).violations, []);
    });

    test("sensitive values of the query are masked before anything is stored", async () => {
      const entry = newDelivery({ url: "/ci/github?from=test&token=hunter2-secret" });
      await ledger.accept(entry);
      const { id } = entry.delivery;
      assert.equal((await ledger.load(id))?.url, "/ci/github?from=test&token=***");
      assert.equal((await ledger.find(id))?.url, "/ci/github?from=test&token=***");
      assert.ok(!(await bench.dump()).includes("hunter2"), "the secret is nowhere");
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

    test("a claim whose holder was filtered in the end is void, and of a hundred at once one takes it", async () => {
      const other = await bench.reopen();
      const first = newDelivery({ decided: undefined, dedupeKey: "k" });
      const { id } = first.delivery;
      await ledger.accept(first);
      const waits = { kind: "duplicate", of: id, outcome: "pending" };
      assert.deepEqual(await ledger.accept(newDelivery({ decided: "m", dedupeKey: "k" })), waits);
      await ledger.decide(id, decisionsFor(first.delivery, "nn"));
      const entries = Array.from({ length: 100 }, () => newDelivery({ decided: "m", dedupeKey: "k" }));
      const results = await Promise.all(entries.map((entry, i) => (i % 2 ? ledger : other).accept(entry)));
      const taken = entries[results.findIndex(({ kind }) => kind === "accepted")]?.delivery.id;
      assert.equal(results.filter(({ kind }) => kind === "accepted").length, 1);
      for (const result of results) if (result.kind === "duplicate") assert.equal(result.of, taken);
      assert.deepEqual((await ledger.audit()).violations, []);
      await other.close();
    });

    test("a stored delivery claims a key later: one of any number at once, for 72 hours", async () => {
      const other = await bench.reopen();
      const entries = Array.from({ length: 20 }, () => newDelivery({ decided: "w" }));
      for (const entry of entries) await ledger.accept(entry);
      const claim = ({ delivery }: (typeof entries)[number], i: number) =>
        (i % 2 ? ledger : other).claim(delivery, "k");
      const holders = new Set(await Promise.all(entries.map(claim)));
      assert.equal(holders.size, 1);
      const [holder] = holders;
      assert.deepEqual(new Set(await Promise.all(entries.map(claim))), holders, "and it stays so");
      const second = await ledger.accept(newDelivery({ decided: "m", dedupeKey: "k" }));
      assert.deepEqual(second, { kind: "duplicate", of: holder, outcome: "pending" });
      const elsewhere = newDelivery({ decided: "w", listener: { namespace: "ci", name: "other" } });
      await ledger.accept(elsewhere);
      assert.equal(await ledger.claim(elsewhere.delivery, "k"), elsewhere.delivery.id);
      const late = newDelivery({ decided: "w" });
      await ledger.accept(late);
      now += 72 * 3_600_000;
      assert.equal(await ledger.claim(late.delivery, "k"), late.delivery.id);
      await other.close();
    });

    test("a key of a filtered holder, or of one that is accepted already, is claimed as it should be", async () => {
      const filtered = newDelivery({ decided: "n", dedupeKey: "n" });
      const matched = newDelivery({ decided: "m", dedupeKey: "m" });
      const late = newDelivery({ decided: "w" });
      for (const entry of [filtered, matched, late]) await ledger.accept(entry);
      assert.equal(await ledger.claim(late.delivery, "n"), late.delivery.id);
      assert.equal(await ledger.claim(late.delivery, "m"), matched.delivery.id);
    });

    test("a dedupe key counts within its listener, and for 72 hours", async () => {
      const accept = (options: object) =>
        ledger.accept(newDelivery({ decided: "m", dedupeKey: "k", ...options }));
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

    test("a ping is answered", () => ledger.ping());

    attemptContract(() => ({ ledger, bench }));
    lateContract(() => ({ ledger, bench }));
    followContract(() => ({ ledger, bench }));
    listContract(() => ledger);
    searchContract(() => ledger);
    deadContract(() => ({ ledger, bench }));
    refusalContract(() => ledger);
    sealContract(() => ({ ledger, bench }));
    retentionContract(() => ({ ledger, bench }));
    conservationContract(() => ({ ledger, bench }));
  });
}
