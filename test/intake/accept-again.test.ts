/** The way in, the second time: deliveries that were sent before, and stored ones that are decided again. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decideJobId } from "../../src/core/identity.ts";
import { createMetrics } from "../../src/record/metrics.ts";
import { decisionsOf, gone, openFlows, refusal } from "../helpers/flows.ts";
import type { Written } from "../helpers/objects.ts";
import {
  cel,
  generic,
  github,
  listener,
  OPEN,
  push,
  remote,
  SIGNED,
  secret,
  trigger,
} from "../helpers/objects.ts";

describe("a delivery that was sent before", () => {
  test("is answered with the first eventID, kept as a duplicate, and fires nothing", async () => {
    await using flows = await openFlows(SIGNED);
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const first = await flows.send(arrival);
    await flows.drain();
    assert.equal(await flows.send(arrival), first);
    await flows.drain();
    const { accepted, created, duplicate, runs, violations } = await flows.store.ledger.audit();
    assert.deepEqual(
      { accepted, created, duplicate, runs },
      { accepted: 2, created: 1, duplicate: 1, runs: 1 },
    );
    assert.deepEqual(violations, []);
    assert.equal(flows.files().length, 1);
    const last = flows.facts.at(-1);
    assert.ok(last?.type === "delivery.accepted");
    assert.deepEqual([last.outcome, last.duplicateOf], ["duplicate", first]);
    assert.notEqual(last.id, first);
  });

  test("fifty times at once is one delivery, and all fifty senders get its eventID", async () => {
    await using flows = await openFlows(SIGNED);
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const ids = await Promise.all(Array.from({ length: 50 }, () => flows.send(arrival)));
    assert.equal(new Set(ids).size, 1);
    await flows.drain();
    const { created, duplicate } = await flows.store.ledger.audit();
    assert.deepEqual([created, duplicate, flows.files().length], [1, 49, 1]);
  });

  test("to another listener, or by a sender that gives no id, is another delivery", async () => {
    const other = listener("other", [trigger("build", [])], OPEN);
    await using flows = await openFlows([listener("git", [trigger("build", [])], OPEN), other]);
    const ids = [await flows.send(push({ id: "1" })), await flows.send(push({ id: "1" }), "other")];
    const body = '{"ref":"a"}';
    for (let i = 0; i < 2; i++) ids.push(await flows.send(generic({ body })));
    assert.equal(new Set(ids).size, 4);
  });

  test("and whose job never reached the queue is queued again", async () => {
    let dead = true;
    const dying = { enqueue: () => gone() };
    await using flows = await openFlows(SIGNED, {
      queue: (real) => ({ ...real, enqueue: (jobs) => (dead ? dying.enqueue() : real.enqueue(jobs)) }),
    });
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const first = await flows.send(arrival);
    const ids = (await flows.jobs(first)).map((job) => job.id);
    assert.deepEqual(await flows.store.queue.holds(ids), new Set());
    dead = false;
    assert.equal(await flows.send(arrival), first);
    assert.deepEqual(await flows.store.queue.holds(ids), new Set(ids));
    await flows.drain();
    assert.equal(flows.files().length, 1);
  });

  test("and is still undecided is queued again too", async () => {
    let dead = true;
    const objects = [
      secret("hook", "s3cret"),
      remote("gate", "http://127.0.0.1:1/"),
      listener("git", [trigger("build", [github(), { ref: { name: "gate" } }])]),
    ];
    await using flows = await openFlows(objects, {
      queue: (real) => ({ ...real, enqueue: (jobs) => (dead ? gone() : real.enqueue(jobs)) }),
    });
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const first = await flows.send(arrival);
    dead = false;
    assert.equal(await flows.send(arrival), first);
    assert.deepEqual(await flows.store.queue.holds([decideJobId(first)]), new Set([decideJobId(first)]));
  });
});

describe("a replay", () => {
  const two = [
    secret("hook", "s"),
    secret("late", "s"),
    listener("git", [trigger("build", [github()]), trigger("late", [github("late")])]),
  ];

  test("decides a stored delivery again as one of its own, with names of its own", async () => {
    await using flows = await openFlows(SIGNED);
    const first = await flows.send(push({ token: "s3cret", id: "gh-1" }));
    const again = await flows.accept.replay(first);
    assert.notEqual(again, first);
    await flows.drain();
    assert.equal(flows.files().length, 2);
    const record = await flows.store.ledger.find(again);
    assert.deepEqual([record?.outcome, record?.replayOf], ["created", first]);
    const told = flows.facts.filter((fact) => fact.type === "delivery.accepted");
    assert.deepEqual([told.length, told[1]?.replayOf], [2, first]);
    const metrics = createMetrics({ version: "", process: false });
    for (const fact of flows.facts) metrics.tell(fact);
    const shown = await metrics.expose();
    assert.match(shown, /^sluice_deliveries_received_total\{.*\} 1$/m, "one webhook came");
    assert.match(shown, /^sluice_ack_seconds_count 1$/m);
    assert.match(shown, /^sluice_runs_created_total\{.*\} 2$/m, "two runs were made");
  });

  test("keeps exactly the proofs that held on arrival: a demand that came later is not met", async () => {
    await using flows = await openFlows([
      secret("hook", "s"),
      listener("git", [trigger("build", [github()])]),
    ]);
    const first = await flows.send(push({ token: "s" }));
    await flows.declare(two);
    const again = await flows.accept.replay(first);
    assert.deepEqual(await decisionsOf(flows, again), ["build matched", "late filtered"]);
    const record = await flows.store.ledger.find(again);
    assert.equal(record?.proof, "github(ci/hook/token)");
    const reason = record.decisions[1]?.trace[0]?.reason ?? "";
    assert.match(
      reason,
      /proved on arrival: github\(ci\/hook\/token\); this trigger demands github\(ci\/late\/token\)/,
    );
    assert.deepEqual(await decisionsOf(flows, await flows.accept.replay(again)), [
      "build matched",
      "late filtered",
    ]);
  });

  test("of a delivery that nobody had proved proves nothing", async () => {
    const build = trigger("build", []);
    await using flows = await openFlows([listener("git", [build], OPEN)]);
    const first = await flows.send(push());
    await flows.declare(two);
    const again = await flows.accept.replay(first);
    assert.deepEqual(await decisionsOf(flows, again), ["build filtered", "late filtered"]);
  });

  test("makes no object with a mask in the place of a header that is not kept, and says why", async () => {
    const bound = (value: string, ...chain: readonly Written[]) =>
      trigger("build", chain, { bindings: [{ name: "ref", value }] });
    const overlay = { key: "token", expression: "header.canonical('X-Gate-Token')" };
    const headers = { "X-Gate-Token": "t0k3n" };
    for (const build of [
      bound("$(header.X-Gate-Token)"),
      bound("Bearer $(header.X-Gate-Token)"),
      bound("$(extensions.token)", cel("true", [overlay])),
    ]) {
      await using flows = await openFlows([listener("git", [build], OPEN)]);
      const first = await flows.send(push({ headers }));
      assert.deepEqual(await decisionsOf(flows, first), ["build matched"]);
      const again = await flows.accept.replay(first);
      const [decision] = (await flows.store.ledger.find(again))?.decisions ?? [];
      assert.deepEqual([decision?.result, decision?.code], ["failed", "SLUICE_PARAM_MASKED"]);
      assert.match(decision?.reason ?? "", /param ref holds a value that is not kept.*X-Gate-Token/);
      assert.equal((await flows.store.ledger.find(again))?.outcome, "dead", "a person sees it");
      const [preview] = await flows.accept.preview(first);
      assert.equal(preview?.code, "SLUICE_PARAM_MASKED");
    }
  });

  test("keeps asterisks that the sender wrote, and asks for no value that goes nowhere", async () => {
    const bindings = [
      { name: "ref", value: "$(body.title)" },
      { name: "unused", value: "$(header.X-Gate-Token)" },
    ];
    await using flows = await openFlows([listener("git", [trigger("build", [], { bindings })], OPEN)]);
    const headers = { "X-Gate-Token": "t0k3n" };
    for (const title of ["plain", "a ***loud*** title"]) {
      const first = await flows.send(push({ headers, body: JSON.stringify({ title }) }));
      const again = await flows.accept.replay(first);
      assert.deepEqual(await decisionsOf(flows, again), ["build matched"], title);
    }
  });

  test("of a delivery or to a listener that is not there says so", async () => {
    await using flows = await openFlows(SIGNED);
    await assert.rejects(flows.accept.replay("nobody"), refusal("SLUICE_DELIVERY_UNKNOWN", /nobody/));
    const id = await flows.send(push({ token: "s3cret" }));
    await flows.declare([listener("other", [trigger("build", [])], OPEN)]);
    const missing = refusal("SLUICE_LISTENER_UNKNOWN", /\/ci\/git/);
    await assert.rejects(flows.accept.replay(id), missing);
  });
});
