/** The part of the ledger's contract that finds deliveries by what is known of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryFilter, Ledger, NewDelivery } from "../../../src/core/ledger.ts";
import { attemptOf, decisionsFor, jobsIn, newDelivery, runOf, START } from "./samples.ts";

export function searchContract(current: () => Ledger): void {
  /** Ids of all pages, newest first; a page may be short of its limit, or even empty. */
  const found = async (filter: DeliveryFilter, limit = 3) => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await current().list(filter, { limit, ...(cursor !== undefined && { cursor }) });
      assert.ok(page.items.length <= limit);
      ids.push(...page.items.map((item) => item.id));
      cursor = page.next;
    } while (cursor !== undefined);
    return ids;
  };
  const check = async (filter: DeliveryFilter, entries: readonly NewDelivery[]) => {
    const expected = entries
      .toSorted((a, b) => b.delivery.receivedAt - a.delivery.receivedAt)
      .map((entry) => entry.delivery.id);
    assert.deepEqual(await found(filter), expected, JSON.stringify(filter));
    assert.equal(await current().count(filter), expected.length, `count of ${JSON.stringify(filter)}`);
  };

  test("a trigger that was asked and did not fire finds its deliveries, each with why", async () => {
    const kinds = ["n", "m", "f", "nm", "mn", "mf"];
    const entries = kinds.map((decided, i) => newDelivery({ receivedAt: START + i, decided }));
    for (const entry of entries) await current().accept(entry);
    const silent = (place: number) => entries.filter((_, i) => "nf".includes(kinds[i]?.[place] ?? "m"));
    await check({ notFired: "trigger-0" }, silent(0));
    await check({ notFired: "trigger-1" }, silent(1));
    await check({ notFired: "ci/trigger-1" }, silent(1));
    await check({ notFired: "prod/trigger-1" }, []);
    await check({ notFired: "trigger-1", outcome: "pending" }, entries.slice(4));
    const { items } = await current().list({ notFired: "trigger-1" }, { limit: 5 });
    assert.deepEqual(
      items.map(({ reason }) => reason),
      ["trigger-1: param sha: body.sha is missing", "trigger-1: body.ref is no tag"],
    );
  });

  test("each field finds its deliveries, alone and with others, page by page", async () => {
    const entries = Array.from({ length: 24 }, (_, i) =>
      newDelivery({
        receivedAt: START + i,
        decided: ["n", "m", "f", "nm"][i % 4],
        listener: { namespace: i % 2 ? "ci" : "prod", name: `listener-${i % 3}` },
        facts: {
          provider: i % 5 ? "github" : "gitlab",
          event: `push.${i % 3}`,
          repository: `acme/${i % 4}`,
          ref: `refs/heads/${"long-".repeat(i % 2 ? 20 : 0)}${i % 6}`,
          revision: `c0ffee${i % 3}${i.toString(16).padStart(33, "0")}`,
          pullRequest: i % 7,
          actor: i % 3 ? "mona" : "#lisa",
          providerId: `guid-${i}`,
        },
      }),
    );
    for (const entry of entries) await current().accept(entry);
    const where = (test: (i: number) => boolean) => entries.filter((_, i) => test(i));
    await check({}, entries);
    await check(
      { outcome: "pending" },
      where((i) => i % 2 === 1),
    );
    await check(
      { outcome: "dead" },
      where((i) => i % 4 === 2),
    );
    await check(
      { namespace: "prod", listener: "listener-1" },
      where((i) => i % 6 === 4),
    );
    await check(
      { listener: "prod/listener-1" },
      where((i) => i % 6 === 4),
    );
    await check(
      { listener: "prod/listener-1", namespace: "prod" },
      where((i) => i % 6 === 4),
    );
    await check({ listener: "prod/listener-1", namespace: "ci" }, []);
    await check(
      { provider: "gitlab" },
      where((i) => i % 5 === 0),
    );
    await check(
      { event: "push.2", repository: "acme/3" },
      where((i) => i % 12 === 11),
    );
    await check(
      { ref: `refs/heads/${"long-".repeat(20)}3` },
      where((i) => i % 6 === 3),
    );
    await check({ ref: "refs/heads/3" }, []);
    await check(
      { pullRequest: 3 },
      where((i) => i % 7 === 3),
    );
    await check(
      { actor: "#lisa", pullRequest: 0 },
      where((i) => i % 21 === 0),
    );
    await check(
      { providerId: "guid-5" },
      where((i) => i === 5),
    );
    await check(
      { trigger: "trigger-0" },
      where((i) => i % 4 === 1 || i % 4 === 2),
    );
    await check(
      { trigger: "trigger-1", repository: "acme/3" },
      where((i) => i % 4 === 3),
    );
    await check(
      { trigger: "trigger-1", since: START + 8, until: START + 15 },
      where((i) => i === 11),
    );
    await check(
      { repository: "acme/1", since: START + 3, until: START + 9 },
      where((i) => i === 5),
    );
    await check({ repository: "'; DROP", actor: "__proto__" }, []);
    await check({ actor: "x".repeat(5_000) }, []);
  });

  test("a revision is found whole, and by its first seven signs or more", async () => {
    const of = (revision: string, i: number) => newDelivery({ receivedAt: START + i, facts: { revision } });
    const [long, other, short] = [of("0123456789abcdef", 0), of("0123456fffffffff", 1), of("012345", 2)];
    assert.ok(long && other && short);
    for (const entry of [long, other, short]) await current().accept(entry);
    await check({ revision: "0123456789abcdef" }, [long]);
    await check({ revision: "0123456" }, [long, other]);
    await check({ revision: "01234567" }, [long]);
    await check({ revision: "012345" }, [short]);
    await check({ revision: "0123456%" }, []);
  });

  test("an object finds the delivery that made it, and a trigger those that a worker decided", async () => {
    const entries = [
      newDelivery({ decided: "mm" }),
      newDelivery({ decided: undefined, receivedAt: START + 1 }),
    ];
    const [entry, later] = entries;
    assert.ok(entry && later);
    for (const one of entries) await current().accept(one);
    const [job, other] = jobsIn(entry);
    assert.ok(job && other);
    await check({ object: runOf(job).name }, []);
    await current().attempt(job, attemptOf(job, 1, "done"));
    await check({ object: runOf(job).name }, [entry]);
    await check({ object: runOf(job).name, outcome: "created" }, []);
    await current().attempt(other, attemptOf(other, 1, "done"));
    await check({ object: runOf(job).name, outcome: "created" }, [entry]);
    await check({ trigger: "trigger-1", outcome: "created" }, [entry]);
    await check({ object: `ci/${runOf(job).name}` }, [entry]);
    await check({ object: `prod/${runOf(job).name}` }, []);
    await check({ object: `c/${runOf(job).name}` }, []);
    await current().decide(later.delivery.id, decisionsFor(later.delivery, "nf"));
    await check({ trigger: "trigger-1" }, [entry, later]);
    await check({ trigger: "trigger-0" }, [entry]);
    await check({ trigger: "ci/trigger-1" }, [entry, later]);
    await check({ trigger: "ci/trigger-0", outcome: "created" }, [entry]);
    await check({ trigger: "prod/trigger-0" }, []);
    await check({ outcome: "dead" }, [later]);
  });

  test("replays are found by what they replay, and carry who asked and why", async () => {
    const first = newDelivery();
    const note = { actor: "mona\n", reason: "the secret was wrong" };
    const replay = { ...newDelivery({ receivedAt: START + 5, replayOf: first.delivery.id }), note };
    await current().accept(first);
    await current().accept(replay);
    await check({ replayOf: first.delivery.id }, [replay]);
    const cleaned = { ...note, actor: "mona␊" };
    assert.deepEqual((await current().find(replay.delivery.id))?.note, cleaned);
    const [listed] = (await current().list({ replayOf: first.delivery.id }, { limit: 1 })).items;
    assert.deepEqual(listed?.note, cleaned);
    assert.equal((await current().find(first.delivery.id))?.note, undefined);
  });

  test("duplicates are found by their facts, not by triggers that never saw them", async () => {
    const entries = Array.from({ length: 3 }, (_, i) =>
      newDelivery({
        receivedAt: START + i,
        decided: "m",
        dedupeKey: "k",
        facts: { repository: "acme/shop" },
      }),
    );
    for (const entry of entries) await current().accept(entry);
    await check({ repository: "acme/shop" }, entries);
    await check({ outcome: "duplicate" }, entries.slice(1));
    await check({ trigger: "trigger-0" }, entries.slice(0, 1));
  });

  test("words are found anywhere in a summary, in any case and all of them", async () => {
    const of = (i: number, options: Parameters<typeof newDelivery>[0]) =>
      newDelivery({ receivedAt: START + i, ...options });
    const shop = of(0, { facts: { repository: "Acme/Shop", actor: 'mo"na' }, decided: "m" });
    const site = of(1, { facts: { repository: "acme/site", ref: "refs/heads/Straße" } });
    const dead = of(2, { facts: { repository: "acme/site" }, decided: "f" });
    const asked = { ...of(3, { replayOf: dead.delivery.id }), note: { actor: "ops", reason: "100%_sure" } };
    for (const entry of [shop, site, dead, asked]) await current().accept(entry);
    await check({ text: "ACME/shop" }, [shop]);
    await check({ text: "acme" }, [shop, site, dead]);
    await check({ text: " acme\tgithub  SITE " }, [site, dead]);
    await check({ text: "acme", outcome: "dead" }, [dead]);
    await check({ text: 'mo"NA' }, [shop]);
    await check({ text: "STRASSE" }, []);
    await check({ text: "straße" }, [site]);
    await check({ text: "body.sha missing" }, [dead]);
    await check({ text: "waits created" }, [shop]);
    await check({ text: "100%_SURE" }, [asked]);
    await check({ text: "100__sure" }, []);
    await check({ text: dead.delivery.id }, [dead, asked]);
    await check({ text: "  " }, [shop, site, dead, asked]);
    const [job] = jobsIn(shop);
    assert.ok(job);
    await current().attempt(job, attemptOf(job, 1, "done"));
    await check({ text: runOf(job).name.toUpperCase() }, [shop]);
    await check({ text: "created pipelinerun" }, [shop]);
    await check({ text: "waits" }, []);
  });

  test("a search that hits seldom gives short pages with a cursor, and misses nothing", async () => {
    const entries = Array.from({ length: 2_700 }, (_, i) =>
      newDelivery({ receivedAt: START + (i >> 2), facts: { actor: i % 1_300 === 7 ? "Seldom" : "often" } }),
    );
    for (let i = 0; i < entries.length; i += 300)
      await Promise.all(entries.slice(i, i + 300).map((entry) => current().accept(entry)));
    const seldom = entries.filter((entry) => entry.facts.actor === "Seldom");
    assert.equal(seldom.length, 3);
    await check({ text: "seldom" }, seldom);
    await check({ actor: "Seldom", outcome: "filtered" }, seldom);
    assert.equal(await current().count({ text: "OFTEN" }), entries.length - seldom.length);
    const page = await current().list({ text: "nowhere" }, { limit: 10 });
    assert.deepEqual(page.items, []);
    assert.ok(page.next, "it stopped before the end, and says where to go on");
  });
}
