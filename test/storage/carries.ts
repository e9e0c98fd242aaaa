/** One delivery all the way through a store: accepted, enqueued, worked on, recorded, counted. */

import assert from "node:assert/strict";
import type { NewDelivery } from "../../src/core/ledger.ts";
import type { Store } from "../../src/core/store.ts";
import { createJob } from "../contracts/jobs.ts";

/**
 * Carries a delivery through and asserts that the ledger balances.
 *
 * @param id tells it from others of the same store.
 */
export async function carries({ queue, ledger }: Store, id: string): Promise<void> {
  const job = createJob({ id: `${id}-job`, delivery: id });
  await ledger.accept(newDelivery(id, job));
  const again = await ledger.accept(newDelivery(`${id}-again`, job, id));
  assert.equal(again.kind, "duplicate");

  const done = Promise.withResolvers<void>();
  const consumer = await queue.consume(
    async (taken, number) => {
      if (taken.id !== job.id) return { kind: "done" };
      // The first try fails, so that delays are moved as well.
      if (number === 1) return { kind: "retry", afterMs: 50 };
      await ledger.attempt(job, { number, at: Date.now(), took: 1, outcome: "done", runs: [] });
      done.resolve();
      return { kind: "done" };
    },
    { concurrency: 2 },
  );
  await queue.enqueue([job]);
  await done.promise;
  await consumer.stop(2_000);

  await Promise.all([queue.ping(), ledger.ping()]);
  assert.equal((await queue.holds([job.id])).size, 0);
  assert.equal((await ledger.find(id))?.outcome, "created");
  assert.deepEqual((await ledger.load(id))?.body, Buffer.from("{}"));
  const { items } = await ledger.list({}, { limit: 10 });
  assert.ok(items.some((item) => item.id === id));
  assert.deepEqual((await ledger.audit()).violations, []);
  assert.equal((await ledger.pending(Date.now() + 1, { limit: 10 })).jobs.length, 0);
}

/** An accepted push with one matched trigger. */
export function newDelivery(id: string, job = createJob({ delivery: id }), dedupeKey = id): NewDelivery {
  const { listener, trigger, receivedAt } = job;
  return {
    delivery: { id, listener, receivedAt, method: "POST", url: "/", headers: {}, body: Buffer.from("{}") },
    facts: { provider: "github", event: "push", proof: "github" },
    decisions: [{ trigger, result: "matched", reason: "it fires", trace: [], job }],
    dedupeKey,
  };
}
