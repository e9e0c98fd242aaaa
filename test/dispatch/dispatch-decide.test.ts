/** Deliveries that a worker decides: asked about again, given up, and finished after every kind of crash. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decideJobId } from "../../src/core/identity.ts";
import type { DecideJob } from "../../src/core/job.ts";
import { type Flows, gone, openFlows, type Said, serveInterceptor } from "../helpers/flows.ts";
import { cel, listener, push, remote, trigger } from "../helpers/objects.ts";

const START = 1_000_000;
const HOUR = 3_600_000;

describe("a delivery that a worker decides", () => {
  const asking = (url: string, ...more: readonly unknown[]) => [
    remote("gate", url),
    listener("git", [trigger("build", [{ ref: { name: "gate" } }]), ...more]),
  ];
  const yes: Said = { body: { continue: true, extensions: { seen: true } } };

  async function decideJobOf({ store }: Flows, id: string): Promise<DecideJob> {
    const record = await store.ledger.find(id);
    assert.ok(record && !record.decided);
    const { listener: of, receivedAt } = record;
    return { kind: "decide", id: decideJobId(id), delivery: id, listener: of, receivedAt };
  }

  test("is asked about, decided, queued and told; its runs follow", async () => {
    await using gate = await serveInterceptor(() => yes);
    const objects = asking(gate.url, trigger("never", [{ ref: { name: "gate" } }, cel("false")]));
    await using flows = await openFlows(objects, { decideWithin: 0 });
    const id = await flows.send(push());
    await flows.drain();
    const record = await flows.store.ledger.find(id);
    assert.deepEqual(
      record?.decisions.map(({ trigger: { name }, result }) => `${name} ${result}`),
      ["build matched", "never filtered"],
    );
    assert.deepEqual([record?.outcome, flows.files().length, gate.asked.length], ["created", 1, 2]);
    const types = ["delivery.accepted", "decision.made", "decision.made", "job.attempted", "run.created"];
    assert.deepEqual(flows.told().toSorted(), types.toSorted());
    const asked = JSON.parse(gate.asked[0]?.body ?? "") as { body: string; context: { event_id: string } };
    assert.deepEqual([asked.body, asked.context.event_id], ['{"ref":"refs/heads/main"}', id]);
  });

  test("is asked about again while an interceptor is away, and nothing is decided till then", async () => {
    await using gate = await serveInterceptor((_, number) => (number < 3 ? { status: 503, body: "" } : yes));
    const time = { now: START };
    await using flows = await openFlows(asking(gate.url), { decideWithin: 0, clock: () => time.now });
    const id = await flows.send(push({ at: START }));
    const job = await decideJobOf(flows, id);
    assert.deepEqual(await flows.dispatch(job, 1), { kind: "retry", afterMs: 1_000 });
    assert.deepEqual(await flows.dispatch(job, 2), { kind: "retry", afterMs: 2_000 });
    assert.equal((await flows.store.ledger.find(id))?.decided, false);
    assert.deepEqual(await flows.dispatch(job, 3), { kind: "done" });
    assert.equal((await flows.store.ledger.find(id))?.jobs.length, 1);
  });

  test("is dead, not filtered, when the interceptor was away for a day: nobody has said no", async () => {
    await using gate = await serveInterceptor(() => ({ status: 503, body: "down" }));
    const time = { now: START };
    await using flows = await openFlows(asking(gate.url), { decideWithin: 0, clock: () => time.now });
    const id = await flows.send(push({ at: START }));
    const job = await decideJobOf(flows, id);
    time.now = START + 24 * HOUR;
    assert.deepEqual(await flows.dispatch(job, 100), { kind: "done" });
    const record = await flows.store.ledger.find(id);
    assert.deepEqual([record?.outcome, record?.decisions[0]?.result], ["dead", "failed"]);
    assert.equal(record?.decisions[0]?.code, "SLUICE_INTERCEPTOR_FAILED");
    assert.match(record?.reason ?? "", /gate: .* answered 503/);
  });

  test("waits for its listener to come back for an hour, then is dead and says what is missing", async () => {
    await using gate = await serveInterceptor(() => yes);
    const time = { now: START };
    await using flows = await openFlows(asking(gate.url), { decideWithin: 0, clock: () => time.now });
    const ids = [await flows.send(push({ at: START })), await flows.send(push({ at: START }))];
    const [back, forgotten] = await Promise.all(ids.map((id) => decideJobOf(flows, id)));
    assert.ok(back && forgotten);
    await flows.declare([]);
    assert.deepEqual(await flows.dispatch(back, 1), { kind: "retry", afterMs: 30_000 });
    await flows.declare(asking(gate.url));
    assert.deepEqual(await flows.dispatch(back, 2), { kind: "done" });
    assert.equal((await flows.store.ledger.find(back.delivery))?.jobs.length, 1);
    await flows.declare([]);
    time.now = START + HOUR;
    assert.deepEqual(await flows.dispatch(forgotten, 9), { kind: "done" });
    const record = await flows.store.ledger.find(forgotten.delivery);
    assert.deepEqual([record?.outcome, record?.decisions[0]?.code], ["dead", "SLUICE_REF_MISSING"]);
    assert.match(record?.reason ?? "", /EventListener git does not exist in namespace ci/);
  });

  test("and whose jobs did not reach the queue has them queued by the next try", async () => {
    await using gate = await serveInterceptor(() => yes);
    let dead = false;
    await using flows = await openFlows(asking(gate.url), {
      decideWithin: 0,
      queue: (real) => ({ ...real, enqueue: (jobs) => (dead ? gone() : real.enqueue(jobs)) }),
    });
    const id = await flows.send(push());
    const decide = await decideJobOf(flows, id);
    dead = true;
    await assert.rejects(flows.dispatch(decide, 1), /connection refused/);
    dead = false;
    assert.deepEqual(await flows.dispatch(decide, 2), { kind: "done" });
    const ids = (await flows.jobs(id)).map((job) => job.id);
    assert.deepEqual([ids.length, await flows.store.queue.holds(ids)], [1, new Set(ids)]);
    assert.equal(gate.asked.length, 1, "what is decided is not asked again");
  });

  test("is nobody's business when it is unknown", async () => {
    await using flows = await openFlows([]);
    const job = { kind: "decide", id: "x-decide", delivery: "x", receivedAt: START } as const;
    assert.deepEqual(await flows.dispatch({ ...job, listener: { namespace: "ci", name: "git" } }, 1), {
      kind: "done",
    });
    assert.deepEqual(flows.facts, []);
  });
});
