/** The part of the ledger's contract that reads many: lists, their filters and pages, and pending work. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import type { DeliveryFilter, Ledger, NewDelivery } from "../../../src/core/ledger.ts";
import { attemptOf, jobsIn, newDelivery, START } from "./samples.ts";

export function listContract(current: () => Ledger): void {
  const fill = async (count: number, of: (i: number) => Parameters<typeof newDelivery>[0]) => {
    const entries = Array.from({ length: count }, (_, i) => newDelivery(of(i)));
    for (const entry of entries) await current().accept(entry);
    return entries;
  };
  const ids = (entries: readonly NewDelivery[]) => entries.map((entry) => entry.delivery.id);
  const listed = async (filter: DeliveryFilter) => {
    const { items, next } = await current().list(filter, { limit: 500 });
    assert.equal(next, undefined);
    return items.map((item) => item.id);
  };

  test("a list is newest first, and pages go on where the last one ended whatever arrives meanwhile", async () => {
    // Three arrive in each millisecond: time alone does not order them.
    const entries = await fill(25, (i) => ({ receivedAt: START + Math.floor(i / 3) }));
    const expected = ids(entries).sort().reverse();
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await current().list({}, { limit: 4, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.items.map((item) => item.id));
      assert.ok(page.items.length <= 4);
      cursor = page.next;
      pages++;
      await current().accept(newDelivery({ receivedAt: START + 1_000 }));
    } while (cursor !== undefined);
    assert.deepEqual(seen, expected);
    assert.equal(pages, 7);
  });

  test("filters hold together, times from inclusive to exclusive", async () => {
    const entries = await fill(12, (i) => ({
      receivedAt: START + i,
      listener: { namespace: i % 2 ? "ci" : "prod", name: i % 3 ? "github" : "gitlab" },
      decided: i % 2 ? "n" : "f",
      facts: { provider: i % 3 ? "github" : "gitlab", event: `push.${i % 4}`, repository: `acme/${i % 2}` },
    }));
    const where = (test: (i: number) => boolean) => ids(entries.filter((_, i) => test(i))).reverse();
    assert.deepEqual(
      await listed({}),
      where(() => true),
    );
    assert.deepEqual(
      await listed({ outcome: "dead" }),
      where((i) => i % 2 === 0),
    );
    assert.deepEqual(
      await listed({ namespace: "ci" }),
      where((i) => i % 2 === 1),
    );
    assert.deepEqual(
      await listed({ listener: "gitlab" }),
      where((i) => i % 3 === 0),
    );
    assert.deepEqual(
      await listed({ provider: "github" }),
      where((i) => i % 3 !== 0),
    );
    assert.deepEqual(
      await listed({ event: "push.1" }),
      where((i) => i % 4 === 1),
    );
    assert.deepEqual(
      await listed({ repository: "acme/0", listener: "gitlab" }),
      where((i) => i % 6 === 0),
    );
    assert.deepEqual(
      await listed({ since: START + 3, until: START + 9 }),
      where((i) => i >= 3 && i < 9),
    );
    assert.deepEqual(
      await listed({ since: START + 2.5, until: Number.POSITIVE_INFINITY }),
      where((i) => i >= 3),
    );
    assert.deepEqual(await listed({ since: 0, until: 0 }), []);
    assert.deepEqual(await listed({ outcome: "created" }), []);
    const first = await current().list({ namespace: "ci" }, { limit: 2 });
    assert.ok(first.next);
    const rest = await current().list(
      { namespace: "ci", since: START + 3 },
      { limit: 500, cursor: first.next },
    );
    assert.deepEqual(
      rest.items.map((item) => item.id),
      where((i) => i % 2 === 1 && i >= 3 && i < 9),
    );
  });

  test("a page has at most 500, and a cursor that no list gave out is refused", async () => {
    const entries = await fill(3, (i) => ({ receivedAt: START + i }));
    for (const limit of [0, -1, Number.NaN, 1e9]) {
      const { items } = await current().list({}, { limit });
      assert.ok(items.length >= 1 && items.length <= entries.length);
    }
    for (const cursor of ["", "x", "1.'; DROP", "9".repeat(400), "1.\u0000"]) {
      const refused = (error: unknown) =>
        error instanceof SluiceError && error.code === "SLUICE_REQUEST_INVALID";
      await assert.rejects(current().list({}, { limit: 1, cursor }), refused);
    }
  });

  test("pending work comes back whole, oldest first, and only of deliveries before a time", async () => {
    const entries = await fill(5, (i) => ({
      receivedAt: START + i,
      decided: ["mm", undefined, "n", "m", "m"][i],
    }));
    const [first, undecided, , fourth] = entries;
    assert.ok(first && undecided && fourth);
    const [done, open] = jobsIn(first);
    assert.ok(done && open);
    await current().attempt(done, attemptOf(done, 1, "done"));
    const { id, listener, receivedAt } = undecided.delivery;
    assert.deepEqual(await current().pending(START + 4, { limit: 10 }), {
      undecided: [{ id, listener, receivedAt }],
      jobs: [open, ...jobsIn(fourth)],
    });
    assert.deepEqual(await current().pending(START, { limit: 10 }), { undecided: [], jobs: [] });
  });

  test("pages of pending work go on where the last one ended, whatever is finished meanwhile", async () => {
    // Five arrive in each millisecond: time alone does not order them, and a page may end amid them.
    const entries = await fill(23, (i) => ({
      receivedAt: START + Math.floor(i / 5),
      decided: i % 4 === 3 ? undefined : "mm",
    }));
    const full = await current().pending(START + 1, { limit: 5 });
    assert.equal(full.next, undefined, "a page that is just full is the last one");
    const seen: string[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: 4, ...(cursor !== undefined && { cursor }) };
      const { undecided, jobs, next } = await current().pending(START + 100, page);
      const found = new Set([...undecided.map((one) => one.id), ...jobs.map((job) => job.delivery)]);
      assert.equal(jobs.length, 2 * (found.size - undecided.length), "a delivery's jobs stay together");
      seen.push(...found);
      sizes.push(found.size);
      cursor = next;
      const finished = entries.find((entry) => entry.delivery.id === seen.at(-1));
      for (const job of finished ? jobsIn(finished) : [])
        await current().attempt(job, attemptOf(job, 1, "done"));
    } while (cursor !== undefined);
    assert.deepEqual(seen.toSorted(), ids(entries).toSorted());
    assert.deepEqual(sizes, [4, 4, 4, 4, 4, 3]);
    const refused = (error: unknown) =>
      error instanceof SluiceError && error.code === "SLUICE_REQUEST_INVALID";
    await assert.rejects(current().pending(START, { limit: 1, cursor: "x" }), refused);
  });
}
