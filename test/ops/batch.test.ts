/** Batches on a real store: replays, retries and drops of many, and what a dry run says of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type BatchOrder, createBatches } from "../../src/ops/batch.ts";
import { cel, listener, OPEN, push, trigger } from "../helpers/objects.ts";
import { openApiGateway } from "./gateway.ts";

const branch = (name: string) => push({ body: JSON.stringify({ ref: `refs/heads/${name}` }) });
const build = (filter: string) => [listener("git", [trigger("build", [cel(filter)])], OPEN)];

test("replays select by filter, leave out duplicates and replays, and go oldest first with the note kept", async () => {
  await using api = await openApiGateway(build("body.ref != 'x'"));
  const first = await api.flows.send(branch("a"));
  const again = push({ id: "same" });
  const second = await api.flows.send(again);
  await api.flows.drain();
  await api.flows.send(again);
  await api.flows.accept.replay(first);
  await api.flows.drain();
  const batch = await api.batch("/api/v1/replays", {
    filter: {},
    rate: 1000,
    reason: "outage",
    actor: "ann",
  });
  assert.deepEqual([batch.state, batch.total, batch.done, batch.failed], ["done", 2, 2, 0]);
  assert.deepEqual(
    batch.results?.map(({ delivery }) => delivery),
    [first, second],
  );
  const made = await api.flows.store.ledger.find(batch.results?.[0]?.made ?? "");
  assert.deepEqual([made?.replayOf, made?.note], [first, { actor: "ann (all)", reason: "outage" }]);
  const [act] = (await api.ask("/api/v1/acts?limit=1")).json.items;
  assert.deepEqual([act.verb, act.subject, act.reason], ["replay", "all", "outage"]);
});

test("a count and a dry run change nothing; the dry run shows which decisions and objects would differ", async () => {
  await using api = await openApiGateway(build("body.ref == 'refs/heads/a'"));
  const created = await api.flows.send(branch("a"));
  const filtered = await api.flows.send(branch("b"));
  await api.flows.drain();
  const same = await api.batch("/api/v1/replays", { since: "1h", dryRun: true });
  assert.deepEqual([same.total, same.objects, same.different], [2, 1, 0]);

  await api.flows.declare(build("body.ref == 'refs/heads/b'"));
  const counted = await api.batch("/api/v1/replays", { since: "1h", count: true });
  assert.deepEqual([counted.total, counted.done], [2, 0]);
  const other = await api.batch("/api/v1/replays", { since: "1h", dryRun: true });
  assert.deepEqual([other.total, other.objects, other.different], [2, 1, 2]);
  const [one, two] = other.results ?? [];
  assert.deepEqual([one?.delivery, two?.delivery], [created, filtered]);
  assert.match(one?.differences?.[0]?.before ?? "", /^matched/);
  assert.match(one?.differences?.[0]?.now ?? "", /^filtered/);
  assert.equal(one?.differences?.[0]?.objects[0]?.change, "removed");
  assert.equal(two?.differences?.[0]?.objects[0]?.change, "added");
  const { accepted } = await api.flows.store.ledger.audit();
  assert.equal(accepted, 2);
  assert.deepEqual((await api.ask("/api/v1/acts")).json.items, []);
});

test("dead jobs are retried under their old names; a failed decision has none, and is said to want a replay", async () => {
  await using api = await openApiGateway([
    listener("git", [trigger("build"), trigger("lint", [cel("has(body.lint)")], { bindings: [] })], OPEN),
  ]);
  const { flows } = api;
  const dead = await flows.send(branch("a"));
  const failed = await flows.send(push({ body: "{}" }));
  const [job] = await flows.jobs(dead);
  assert.ok(job?.kind === "create");
  const at = Date.now();
  const attempt = {
    number: 1,
    at,
    took: 1,
    outcome: "dead",
    runs: [],
    code: "SLUICE_CREATE_REFUSED",
  } as const;
  await flows.store.ledger.attempt(job, { ...attempt, reason: "no" });
  const seen = await api.batch("/api/v1/retries", { filter: {}, dryRun: true });
  assert.deepEqual([seen.total, seen.done, seen.skipped, seen.objects], [2, 1, 1, 1]);
  const batch = await api.batch("/api/v1/retries", { ids: [dead, failed], reason: "quota raised" });
  assert.deepEqual([batch.done, batch.skipped], [1, 1]);
  assert.match(batch.results?.[1]?.why ?? "", /replay/);
  await flows.drain();
  const record = await flows.store.ledger.find(dead);
  assert.equal(record?.outcome, "created");
  assert.equal(record?.jobs[0]?.runs[0]?.name, job.objects[0]?.metadata.name);
});

test("dead letters of one cause are dropped with a reason, and wanted no more", async () => {
  await using api = await openApiGateway([listener("git", [trigger("build")], OPEN)]);
  const failed = [await api.flows.send(push({ body: "{}" })), await api.flows.send(push({ body: "{}" }))];
  const [group] = (await api.ask("/api/v1/dead/groups")).json.items;
  assert.equal(group.count, 2);
  const body = { fingerprint: group.fingerprint };
  const mute = await api.ask("/api/v1/drops", { method: "POST", body });
  assert.deepEqual([mute.status, mute.json.error.values.field], [400, "reason"]);
  const batch = await api.batch("/api/v1/drops", { ...body, reason: "branch is gone" });
  assert.deepEqual([batch.total, batch.done], [2, 2]);
  assert.deepEqual((await api.ask("/api/v1/dead/groups")).json.items, []);
  const record = await api.flows.store.ledger.find(failed[0] ?? "");
  assert.deepEqual([record?.outcome, record?.dropped?.reason], ["dead", "branch is gone"]);
  const again = await api.batch("/api/v1/drops", { filter: {}, reason: "again" });
  assert.equal(again.total, 0);
});

test("what concerns one delivery fails alone, and the others are done", async () => {
  await using api = await openApiGateway(build("body.ref != 'x'"));
  const id = await api.flows.send(branch("a"));
  const unknown = "019ab000-0000-7000-8000-000000000000";
  const batch = await api.batch("/api/v1/replays", { ids: [unknown, id] });
  assert.deepEqual([batch.state, batch.done, batch.failed], ["done", 1, 1]);
  assert.equal(batch.results?.[0]?.code, "SLUICE_DELIVERY_UNKNOWN");
});

for (const [body, field] of [
  [{}, "filter"],
  [{ ids: ["a"], filter: {} }, "filter"],
  [{ ids: ["a"], since: "1h" }, "filter"],
  [{ ids: [] }, "ids"],
  [{ ids: ["../x"] }, "ids"],
  [{ ids: "a" }, "ids"],
  [{ filter: { colour: "red" } }, "colour"],
  [{ filter: { outcome: "duplicate" } }, "outcome"],
  [{ filter: { revision: "abc" } }, "revision"],
  [{ filter: {}, rate: 0 }, "rate"],
  [{ filter: {}, rate: 5_000 }, "rate"],
  [{ filter: {}, dryRun: "perhaps" }, "dryRun"],
  [JSON.parse('{"__proto__": {"filter": {}}}'), "__proto__"],
  [[], "body"],
] as const) {
  test(`a batch of ${JSON.stringify(body)} is refused for its ${field}`, async () => {
    const { readFields } = await import("../../src/ops/fields.ts");
    const { MANNER, readSelection, SELECTION } = await import("../../src/ops/select.ts");
    const nothing = async () => ({ items: [] });
    const read = () => {
      const { rate: _r, dryRun: _d, ...chosen } = readFields({ ...SELECTION, ...MANNER }, body);
      return readSelection({ list: nothing, deadOf: nothing }, "replay", chosen, 0);
    };
    assert.throws(read, (error: { code: string; values: Record<string, string> }) => {
      assert.equal(error.code, "SLUICE_REQUEST_INVALID");
      assert.equal(error.values["field"], field);
      return true;
    });
  });
}

const ORDER: Omit<BatchOrder, "rate" | "select"> = {
  ...({ verb: "replay", mode: "act", selection: "all" } as const),
  ...{ note: { actor: "ann" }, newestFirst: false },
  work: async () => ({ outcome: "done" }),
};

async function* numbers(): AsyncIterable<string> {
  for (let i = 0; i < 1_000; i++) yield String(i);
}

test("a batch keeps to its rate, and cancelling ends it after the delivery in hand", async () => {
  const batches = createBatches();
  const { promise: third, resolve } = Promise.withResolvers<void>();
  let done = 0;
  const work = async () => {
    if (++done === 3) resolve();
    return { outcome: "done" } as const;
  };
  const started = performance.now();
  const { id } = batches.start({ ...ORDER, rate: 20, select: numbers, work });
  await third;
  assert.ok(performance.now() - started >= 95, "the third of 20 a second is due after 100 ms");
  const ended = await batches.cancel("replay", id);
  assert.deepEqual([ended.state, ended.total, ended.done], ["cancelled", 1_000, done]);
  assert.ok(done < 10);
});

test("four batches may be under way; closing ends them all", async () => {
  const batches = createBatches();
  const order = { ...ORDER, rate: 1, select: numbers };
  for (let i = 0; i < 4; i++) batches.start(order);
  assert.throws(() => batches.start(order), { code: "SLUICE_BATCH_BUSY" });
  await wait(5);
  await batches.close();
  assert.deepEqual(
    batches.list("replay").map(({ state }) => state),
    ["cancelled", "cancelled", "cancelled", "cancelled"],
  );
  assert.deepEqual(batches.list("drop"), []);
});
