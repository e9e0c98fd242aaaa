/** The part of the ledger's contract that is about forgetting. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger, NewDelivery } from "../../../src/core/ledger.ts";
import type { RetentionPolicy } from "../../../src/core/retention.ts";
import type { LedgerBench } from "../../contracts/ledger.ts";
import { attemptOf, jobsIn, newDelivery, runOf, START } from "./samples.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const never: RetentionPolicy = { age: 1e12, deadAge: 1e12, payloadAge: 1e12 };

export function retentionContract(current: () => { ledger: Ledger; bench: LedgerBench }): void {
  /** One of each outcome in turn, an hour apart. */
  const fill = async (count: number) => {
    const { ledger } = current();
    const entries: NewDelivery[] = [];
    for (let i = 0; i < count; i++) {
      const entry = newDelivery({
        receivedAt: START + i * HOUR,
        decided: ["n", "m", "f", "m"][i % 4],
        facts: { repository: "acme/shop", revision: `abcdef0${i}` },
      });
      await ledger.accept(entry);
      for (const job of jobsIn(entry)) if (i % 4 === 1) await ledger.attempt(job, attemptOf(job, 1, "done"));
      entries.push(entry);
    }
    return entries;
  };
  const kept = async (entries: readonly NewDelivery[]) => {
    const all = await Promise.all(entries.map(({ delivery }) => current().ledger.find(delivery.id)));
    return all.flatMap((record, i) => (record === undefined ? [] : i));
  };
  const balanced = async (accepted: number) => {
    const audit = await current().ledger.audit();
    assert.deepEqual([audit.accepted, audit.violations], [accepted, []]);
  };

  test("deliveries are forgotten by age, the dead later, the pending never", async () => {
    const { ledger } = current();
    const entries = await fill(12);
    const policy = { ...never, age: 4 * HOUR, deadAge: 8 * HOUR };
    const now = START + 11 * HOUR;
    assert.deepEqual(await ledger.prune(policy, now, 100), { deliveries: 5, payloads: 0 });
    assert.deepEqual(await kept(entries), [3, 6, 7, 8, 9, 10, 11]);
    await balanced(7);
    assert.deepEqual(await ledger.prune(policy, now, 100), { deliveries: 0, payloads: 0 });
    await ledger.prune({ ...never, age: 0, deadAge: 0 }, now + DAY, 100);
    assert.deepEqual(await kept(entries), [3, 7, 11]);
    await balanced(3);
  });

  test("retention goes by the storage's clock: a caller whose clock is ahead forgets nothing early", async () => {
    const { ledger } = current();
    const hourAgo = Date.now() - HOUR;
    const entry = newDelivery({ receivedAt: hourAgo, decided: "n", dedupeKey: "k" });
    await ledger.accept(entry);
    const policy = { age: 14 * DAY, deadAge: 90 * DAY, payloadAge: 3 * DAY };
    for (const ahead of [4 * DAY, 15 * DAY, 100 * DAY]) {
      const gone = await ledger.prune(policy, Date.now() + ahead, 100);
      assert.deepEqual(gone, { deliveries: 0, payloads: 0 });
    }
    assert.ok((await ledger.load(entry.delivery.id)) !== undefined);
    const gone = await ledger.prune({ ...policy, age: HOUR / 2 }, Date.now() + DAY, 100);
    assert.equal(gone.deliveries, 1);
  });

  test("a store knows the time that retention last went by, and before that when its newest was received", async () => {
    const { ledger, bench } = current();
    assert.equal(await ledger.highWater(), undefined);
    await ledger.accept(newDelivery({ receivedAt: START + 2 * HOUR }));
    await ledger.accept(newDelivery({ receivedAt: START + HOUR }));
    assert.equal(await ledger.highWater(), START + 2 * HOUR);
    await ledger.prune(never, START + 3 * HOUR, 1);
    assert.equal(await ledger.highWater(), START + 3 * HOUR);
    // A clock that was ahead, and is right again.
    await ledger.prune(never, START + 2 * HOUR, 1);
    const second = await bench.reopen();
    assert.equal(await second.highWater(), START + 2 * HOUR);
    const before = Date.now();
    await ledger.prune(never, before + DAY, 1);
    const kept = (await ledger.highWater()) ?? 0;
    assert.ok(kept >= before - 1 && kept <= Date.now() + 1, "never later than the storage's own");
    await balanced(2);
  });

  test("what is forgotten is found by nothing any more, and a limit stops it half-way", async () => {
    const { ledger } = current();
    const entries = await fill(8);
    const policy = { ...never, age: 0, deadAge: 0 };
    const now = START + 5 * DAY;
    assert.equal((await ledger.prune(policy, now, 1)).deliveries, 1);
    assert.deepEqual(await kept(entries), [1, 2, 3, 4, 5, 6, 7]);
    assert.equal((await ledger.prune(policy, now, 0)).deliveries, 0);
    assert.equal((await ledger.prune(policy, now, 100)).deliveries, 5);
    const [job] = jobsIn(entries[1] as NewDelivery);
    assert.ok(job);
    const filters = [
      ...[{}, { repository: "acme/shop" }, { revision: "abcdef0" }, { trigger: "trigger-0" }],
      ...([{ provider: "github" }, { text: "acme" }, { outcome: "pending" }] as const),
    ];
    for (const filter of filters) {
      assert.equal((await ledger.list(filter, { limit: 10 })).items.length, 2, JSON.stringify(filter));
      assert.equal(await ledger.count(filter), 2, JSON.stringify(filter));
    }
    assert.equal(await ledger.count({ object: runOf(job).name }), 0);
    assert.deepEqual(await ledger.deadGroups(), []);
    const dump = await current().bench.dump();
    for (const i of [0, 1, 2])
      assert.ok(!dump.includes((entries[i] as NewDelivery).delivery.id), `trace of ${i}`);
    await balanced(2);
  });

  test("a dead one keeps its body until it is dropped, succeeds after all, or is forgotten itself", async () => {
    const { ledger } = current();
    const [dropped, retried, kept] = ["f", "m", "f"].map((decided, i) =>
      newDelivery({ receivedAt: START + i, decided }),
    ) as [NewDelivery, NewDelivery, NewDelivery];
    const id = ({ delivery }: NewDelivery) => delivery.id;
    for (const entry of [dropped, retried, kept]) await ledger.accept(entry);
    for (const job of jobsIn(retried)) await ledger.attempt(job, attemptOf(job, 1, "dead"));
    const policy = { ...never, payloadAge: HOUR };
    const later = START + 2 * DAY;
    const pruned = async () => (await ledger.prune(policy, later, 100)).payloads;
    assert.equal(await pruned(), 0);
    for (const entry of [dropped, retried, kept])
      assert.deepEqual((await ledger.load(id(entry)))?.body, entry.delivery.body);

    await ledger.drop(id(dropped), { at: later, verb: "drop", subject: id(dropped) });
    assert.equal(await pruned(), 1);
    assert.equal(await ledger.load(id(dropped)), undefined);

    await ledger.reopen(id(retried), later);
    assert.equal(await pruned(), 0, "it is pending");
    for (const job of jobsIn(retried)) await ledger.attempt(job, attemptOf(job, 2, "done"));
    assert.equal(await pruned(), 1);
    assert.equal(await ledger.load(id(retried)), undefined);

    assert.ok((await ledger.load(id(kept))) !== undefined);
    assert.equal((await ledger.prune({ ...policy, deadAge: DAY }, later, 100)).deliveries, 2);
    assert.equal(await ledger.load(id(kept)), undefined);
    await balanced(1);
  });

  test("bodies of dead ones count among the bytes that are kept", async () => {
    const { ledger } = current();
    const body = Buffer.from(Array.from({ length: 900 }, (_, i) => (i * i) % 251));
    for (let i = 0; i < 10; i++)
      await ledger.accept(newDelivery({ receivedAt: START + i, decided: "f", body }));
    const policy = { ...never, payloadAge: 0, bytes: 6_000 };
    assert.ok((await ledger.prune(policy, START + DAY, 100)).deliveries >= 3);
    assert.ok((await ledger.usage()).bytes <= 6_000);
  });

  test("a group of dead letters says how many have no body any more", async () => {
    const { ledger } = current();
    await ledger.accept(newDelivery({ receivedAt: START, decided: "f" }));
    assert.deepEqual(
      (await ledger.deadGroups()).map(({ count, bodiesGone }) => [count, bodiesGone]),
      [[1, undefined]],
    );
    const gone = newDelivery({ receivedAt: START + 1, decided: "f" });
    await ledger.accept({ ...gone, keepsBody: false, digest: "d" });
    assert.deepEqual(
      (await ledger.deadGroups()).map(({ count, bodiesGone }) => [count, bodiesGone]),
      [[2, 1]],
    );
  });

  test("a body is forgotten before its record; the pending keep theirs", async () => {
    const { ledger } = current();
    const entries = await fill(8);
    const policy = { ...never, payloadAge: 2 * HOUR };
    assert.deepEqual(await ledger.prune(policy, START + 7 * HOUR, 2), { deliveries: 0, payloads: 2 });
    assert.deepEqual(await ledger.prune(policy, START + 7 * HOUR, 100), { deliveries: 0, payloads: 1 });
    assert.deepEqual(await ledger.prune(policy, START + 7 * HOUR, 100), { deliveries: 0, payloads: 0 });
    const loaded = await Promise.all(entries.map(({ delivery }) => ledger.load(delivery.id)));
    assert.deepEqual(
      loaded.map((delivery) => delivery !== undefined),
      [false, false, true, true, false, true, true, true],
    );
    assert.equal((await kept(entries)).length, 8);
    await balanced(8);
    // Once it is no longer pending, its body goes too.
    const [job] = jobsIn(entries[3] as NewDelivery);
    assert.ok(job);
    await ledger.attempt(job, attemptOf(job, 1, "done"));
    assert.equal((await ledger.prune(policy, START + 7 * HOUR, 100)).payloads, 1);
  });

  test("too many are too many: the oldest go first, the dead last", async () => {
    const { ledger } = current();
    const entries = await fill(12);
    assert.equal((await ledger.prune({ ...never, count: 8 }, START, 100)).deliveries, 4);
    assert.deepEqual(await kept(entries), [2, 3, 6, 7, 8, 9, 10, 11]);
    assert.equal((await ledger.prune({ ...never, count: 5 }, START, 100)).deliveries, 3);
    assert.deepEqual(await kept(entries), [3, 6, 7, 10, 11]);
    assert.equal((await ledger.prune({ ...never, count: 0 }, START, 100)).deliveries, 2);
    assert.deepEqual(await kept(entries), [3, 7, 11], "nothing is left but what is pending");
    await balanced(3);
  });

  test("too many bytes are too many: bodies that were forgotten no longer count", async () => {
    const { ledger } = current();
    const body = Buffer.from(Array.from({ length: 900 }, (_, i) => (i * i) % 251));
    const entries = Array.from({ length: 40 }, (_, i) => newDelivery({ receivedAt: START + i, body }));
    for (const entry of entries) await ledger.accept(entry);
    const { deliveries } = await ledger.prune({ ...never, bytes: 20_000 }, START + 40, 100);
    const left = 40 - deliveries;
    assert.ok(left >= 8 && left <= 20, `${left} are left`);
    assert.equal((await ledger.prune({ ...never, bytes: 20_000 }, START + 40, 100)).deliveries, 0);
    assert.deepEqual(
      await kept(entries),
      Array.from({ length: left }, (_, i) => deliveries + i),
    );
    await ledger.prune({ ...never, payloadAge: 0 }, START + 40, 100);
    assert.equal((await ledger.prune({ ...never, bytes: 900 * left }, START + 40, 100)).deliveries, 0);
    await ledger.prune({ ...never, age: 0 }, START + 40, 100);
    assert.equal(
      (await ledger.prune({ ...never, bytes: 0 }, START + 40, 100)).deliveries,
      0,
      "nothing is left over",
    );
    await balanced(0);
  });

  test("a dedupe key outlives the delivery that brought it", async () => {
    const { ledger } = current();
    const first = newDelivery({ decided: "m", dedupeKey: "k" });
    await ledger.accept(first);
    for (const job of jobsIn(first)) await ledger.attempt(job, attemptOf(job, 1, "done"));
    const of = first.delivery.id;
    const redelivery = () => newDelivery({ decided: "n", dedupeKey: "k", receivedAt: START + HOUR });
    await ledger.accept(redelivery());
    await ledger.prune({ ...never, age: 0 }, START + 2 * HOUR, 10);
    await balanced(0);
    const expected = { kind: "duplicate", of, outcome: "created" };
    assert.deepEqual(await ledger.accept(redelivery()), expected);
    const entry = redelivery();
    assert.deepEqual(await ledger.accept(entry), expected);
    assert.deepEqual(await ledger.accept(entry), expected, "a client that lost the answer gets it again");
    assert.equal((await ledger.find(entry.delivery.id))?.duplicateOf, of);
    await balanced(2);
  });

  test("a dedupe key of a filtered delivery does not outlive it, nor hold while it is kept", async () => {
    const { ledger } = current();
    const entry = () => newDelivery({ decided: "n", dedupeKey: "k" });
    for (let i = 0; i < 2; i++) assert.deepEqual(await ledger.accept(entry()), { kind: "accepted" });
    await ledger.prune({ ...never, age: 0 }, START + HOUR, 10);
    assert.deepEqual(await ledger.accept(entry()), { kind: "accepted" });
    await balanced(1);
  });

  test("pruning while others write forgets nothing that it must not, and the law holds", async () => {
    const { ledger, bench } = current();
    const other = await bench.reopen();
    const entries = Array.from({ length: 60 }, (_, i) =>
      newDelivery({ receivedAt: START + i, decided: "m" }),
    );
    const writes = entries.map(async (entry) => {
      await other.accept(entry);
      for (const job of jobsIn(entry)) await other.attempt(job, attemptOf(job, 1, "dead"));
      await other.reopen(entry.delivery.id, START);
      for (const job of jobsIn(entry)) await other.attempt(job, attemptOf(job, 2, "done"));
    });
    let deliveries = 0;
    const outcomes = await Promise.allSettled([
      ...writes,
      (async () => {
        for (let i = 0; i < 10; i++) {
          deliveries += (await ledger.prune({ ...never, age: 0, payloadAge: 0 }, START + DAY, 7)).deliveries;
        }
      })(),
    ]);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    await balanced(entries.length - deliveries);
    await ledger.prune({ ...never, age: 0 }, START + DAY, 100);
    await balanced(0);
    await other.close();
  });
}
