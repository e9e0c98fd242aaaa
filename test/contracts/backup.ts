/** What a backup must hold, whichever store it is read from and whichever it is put into. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { BackupItem, BackupRecord, Restored } from "../../src/core/backup.ts";
import { newDeliveryId } from "../../src/core/identity.ts";
import type { StoreKeys } from "../../src/core/integrity.ts";
import { createKeyring } from "../../src/core/keyring.ts";
import type { NewDelivery } from "../../src/core/ledger.ts";
import type { Store } from "../../src/core/store.ts";
import { openStore } from "../../src/storage/open.ts";
import type { FreshStore } from "../helpers/stores.ts";
import { attemptOf, decisionsFor, jobsIn, newDelivery, runOf } from "../storage/ledger/samples.ts";

type Ledger = Store["ledger"];

export const KEYS: StoreKeys = {
  ...{ keyring: createKeyring(["an example, not a secret: thirty-two"]), adopt: false, encrypt: true },
};

/** One delivery of every kind that a ledger can hold, under the names of the kinds; and what else it keeps. */
export async function fill(ledger: Ledger): Promise<Readonly<Record<string, NewDelivery>>> {
  const start = Date.now() - 600_000;
  const entry = (minute: number, options: Parameters<typeof newDelivery>[0] = {}) =>
    newDelivery({ receivedAt: start + minute * 1_000, ...options });
  const facts = { repository: "acme/shop", ref: "refs/heads/main", revision: "c0ffee1", pullRequest: 7 };
  const entries = {
    forgotten: entry(0, { decided: "m", dedupeKey: "forgotten" }),
    void: entry(1, { decided: "n", dedupeKey: "void" }),
    filtered: entry(2, { decided: "nn", facts: { ...facts, actor: "mona" } }),
    created: entry(3, { decided: "mnm", dedupeKey: "created" }),
    duplicate: entry(4, { decided: "m", dedupeKey: "created" }),
    dead: entry(5, { decided: "m" }),
    dropped: entry(6, { decided: "fm" }),
    reopened: entry(7, { decided: "m" }),
    undecided: entry(8, { decided: undefined, dedupeKey: "undecided" }),
    waiting: entry(9, { decided: "mw" }),
    unproved: entry(10, { decided: "n", facts: { proof: "none" }, body: randomBytes(5_000) }),
    stripped: entry(11, { decided: "n" }),
    large: entry(12, { decided: "m", body: randomBytes(400_000) }),
    replay: entry(13, { decided: "n", replayOf: newDeliveryId(start) }),
  };
  for (const one of Object.values(entries)) await ledger.accept(one);
  for (const job of jobsIn(entries.forgotten)) await ledger.attempt(job, attemptOf(job, 1, "done"));
  const [first, second] = jobsIn(entries.created);
  assert.ok(first && second);
  await ledger.attempt(first, attemptOf(first, 1, "retry"));
  for (const job of [first, second]) await ledger.attempt(job, attemptOf(job, 2, "done"));
  const createdAt = start + 5_000;
  await ledger.follow(first.delivery, runOf(first), {
    phase: "running",
    createdAt,
    startedAt: createdAt + 10,
  });
  await ledger.follow(second.delivery, runOf(second), {
    ...{ phase: "failed", createdAt, startedAt: createdAt + 20, endedAt: createdAt + 90, reason: "Failed" },
  });
  for (const one of [entries.dead, entries.dropped, entries.reopened])
    for (const job of jobsIn(one)) await ledger.attempt(job, attemptOf(job, 1, "dead"));
  const act = { at: start + 50_000, verb: "drop", subject: entries.dropped.delivery.id, actor: "ann" };
  await ledger.drop(entries.dropped.delivery.id, { ...act, reason: "branch is\tgone" });
  await ledger.reopen(entries.reopened.delivery.id, start + 60_000);
  await ledger.forgetBody(entries.stripped.delivery.id);
  for (const verb of ["pause", "resume"]) await ledger.record({ at: start + 70_000, verb, subject: "queue" });
  await ledger.keepBatch({ id: newDeliveryId(start), at: start, text: "one" });
  await ledger.keepBatch({ id: newDeliveryId(start + 1), at: start + 1, text: "two" });
  // The oldest leaves its claim behind; that of the next is void, because its holder was filtered.
  await ledger.prune({ age: 0, deadAge: 1e12, payloadAge: 1e12 }, Date.now(), 1);
  return entries;
}

/** Everything that a ledger gives out, page by page. */
export async function readAll(ledger: Ledger): Promise<readonly BackupItem[]> {
  const found: BackupItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await ledger.backup(cursor);
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

export async function putAll(ledger: Ledger, items: readonly BackupItem[]): Promise<Restored> {
  const records = items.filter(
    (item): item is BackupRecord => item.type === "delivery" || item.type === "claim",
  );
  const result = await ledger.restore(records);
  for (const item of items) {
    if (item.type === "act") await ledger.record(item.act);
    if (item.type === "batch") await ledger.keepBatch(item.batch);
  }
  return result;
}

/** What can be asked of a ledger about these deliveries, apart from how it is stored. */
async function shownBy(ledger: Ledger, entries: Readonly<Record<string, NewDelivery>>) {
  const of = async (name: string, { delivery: { id } }: NewDelivery) =>
    [name, { record: await ledger.find(id), request: await ledger.load(id) }] as const;
  const records = await Promise.all(Object.entries(entries).map(([name, entry]) => of(name, entry)));
  const page = { limit: 100 };
  const listed = (filter: Parameters<Ledger["list"]>[0]) =>
    ledger.list(filter, page).then(({ items }) => items);
  return {
    records: Object.fromEntries(records),
    all: await listed({}),
    searched: await Promise.all(
      [{ repository: "acme/shop" }, { trigger: "trigger-0" }, { outcome: "dead" as const }].map(listed),
    ),
    counts: await Promise.all(
      (["created", "dead", "pending"] as const).map((outcome) => ledger.count({ outcome })),
    ),
    audit: await ledger.audit().then((audit) => ({ ...audit, pendingJobs: audit.pendingJobs.toSorted() })),
    pending: await ledger.pending(Date.now(), page),
    running: (await ledger.running(page)).items,
    dead: await ledger.deadGroups(),
    acts: (await ledger.acts(page)).items,
    batches: await ledger.batches(),
  };
}

/** @param open fresh stores of each kind. */
export function backupContract(
  name: string,
  open: { readonly from: () => Promise<FreshStore>; readonly to: () => Promise<FreshStore> },
): void {
  test(`${name}: what is put back is what was, and duplicates of it are recognised`, async () => {
    await using opened = new AsyncDisposableStack();
    const fresh = async (one: () => Promise<FreshStore>) => {
      const { url } = opened.use(await one());
      return opened.adopt(await openStore(url, { keys: KEYS }), (store) => store.close());
    };
    const [{ ledger: from }, { ledger: to }] = [await fresh(open.from), await fresh(open.to)];
    const entries = await fill(from);
    const items = await readAll(from);
    assert.deepEqual(
      [...new Set(items.map(({ type }) => type))],
      ["delivery", "claim", "act", "batch"],
      "each kind is there, deliveries first",
    );
    const text = JSON.stringify(items);
    const parsed = JSON.parse(text) as readonly BackupItem[];
    const records = parsed.filter(({ type }) => type === "delivery" || type === "claim").length;
    const first = await putAll(to, parsed);
    assert.deepEqual([first.added + first.void, first.known], [records, 0]);

    const was = await shownBy(from, entries);
    assert.equal(was.audit.violations.length, 0);
    assert.deepEqual(await shownBy(to, entries), was);

    const again = await to.restore(
      parsed.filter((item): item is BackupRecord => "facts" in item || "key" in item),
    );
    assert.deepEqual([again.added, again.known + again.void], [0, records], "a second time changes nothing");
    assert.deepEqual(await shownBy(to, entries), was);

    // What the provider delivers again.
    for (const [dedupeKey, first] of [
      ["created", entries["created"]?.delivery.id],
      ["undecided", entries["undecided"]?.delivery.id],
      ["forgotten", entries["forgotten"]?.delivery.id],
      ["void", undefined],
    ] as const) {
      const second = newDelivery({ receivedAt: Date.now(), decided: "m", dedupeKey });
      const expected = await from.accept(second);
      assert.equal(expected.kind === "duplicate" ? expected.of : undefined, first, dedupeKey);
      assert.deepEqual(await to.accept(second), expected, dedupeKey);
    }
    const undecided = entries["undecided"]?.delivery;
    assert.ok(undecided);
    await to.decide(undecided.id, decisionsFor(undecided, "m"));
    const policy = { age: 0, deadAge: 0, payloadAge: 0 };
    const { deliveries } = await to.prune(policy, Date.now() + 1_000, 100);
    assert.ok(deliveries > 5, "what came back is forgotten like anything else");
    assert.deepEqual((await to.audit()).violations, []);
  });
}
