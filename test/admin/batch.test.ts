/** Batches on a real store: replays, retries and drops of many, and what a dry run says of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { BatchOrder } from "../../src/admin/batch.ts";
import { createBatches } from "../../src/admin/batches.ts";
import type { KeptBatch } from "../../src/core/ledger.ts";
import { cel, listener, OPEN, push, signed, trigger } from "../helpers/objects.ts";
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
  // Of unproved deliveries that nothing accepted there is no body to decide by.
  const proved = (filter: string) => signed(trigger("build", [cel(filter)]));
  const send = (name: string) =>
    api.flows.send(push({ token: "s3cret", body: JSON.stringify({ ref: `refs/heads/${name}` }) }));
  await using api = await openApiGateway(proved("body.ref == 'refs/heads/a'"));
  const created = await send("a");
  const filtered = await send("b");
  await api.flows.drain();
  const same = await api.batch("/api/v1/replays", { since: "1h", dryRun: true });
  assert.deepEqual([same.total, same.objects, same.different], [2, 1, 0]);

  await api.flows.declare(proved("body.ref == 'refs/heads/b'"));
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
  [{}, "body"],
  [{ ids: ["a"], filter: {} }, "body"],
  [{ ids: ["a"], since: "1h" }, "body"],
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
    const { readFields } = await import("../../src/admin/fields.ts");
    const { MANNER, readSelection, SELECTION } = await import("../../src/admin/select.ts");
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
  ...{ work: async () => ({ outcome: "done" }), request: { all: true } },
};

/** What a ledger keeps of batches. */
function memory() {
  const kept = new Map<string, KeptBatch>();
  return {
    keepBatch: async (batch: KeptBatch) => void kept.set(batch.id, batch),
    batches: async () => [...kept.values()].reverse(),
    batch: async (id: string) => kept.get(id),
  };
}

async function* numbers(): AsyncIterable<string> {
  for (let i = 0; i < 1_000; i++) yield String(i);
}

test("a batch keeps to its rate, and cancelling ends it after the delivery in hand", async () => {
  const batches = createBatches({ ledger: memory() });
  const { promise: third, resolve } = Promise.withResolvers<void>();
  let done = 0;
  const work = async () => {
    if (++done === 3) resolve();
    return { outcome: "done" } as const;
  };
  const started = performance.now();
  const { id } = await batches.start({ ...ORDER, rate: 20, select: numbers, work });
  await third;
  assert.ok(performance.now() - started >= 95, "the third of 20 a second is due after 100 ms");
  const ended = await batches.cancel("replay", id);
  assert.deepEqual([ended.state, ended.total, ended.done], ["cancelled", 1_000, done]);
  assert.ok(done < 10);
});

test("four batches may be under way; closing interrupts them all", async () => {
  const batches = createBatches({ ledger: memory() });
  const order = { ...ORDER, rate: 1, select: numbers };
  for (let i = 0; i < 4; i++) await batches.start(order);
  await assert.rejects(batches.start(order), { code: "SLUICE_BATCH_BUSY" });
  await wait(5);
  await batches.close();
  assert.deepEqual(
    (await batches.list("replay")).map(({ state }) => state),
    ["interrupted", "interrupted", "interrupted", "interrupted"],
  );
  assert.deepEqual(await batches.list("drop"), []);
});

test("a batch whose process fell silent is interrupted: resumed by whoever asks, or cancelled; one that speaks is left alone", async () => {
  const ledger = memory();
  let now = 1_000_000;
  const clock = () => now;
  const hung = new Promise<never>(() => {});
  const gone = createBatches({ ledger, clock });
  const { id } = await gone.start({ ...ORDER, rate: 10, select: numbers, work: () => hung });
  const other = await gone.start({ ...ORDER, rate: 10, select: numbers, work: () => hung });

  const next = createBatches({ ledger, clock });
  assert.deepEqual(
    [(await next.find("replay", id)).state, (await next.list("replay")).length],
    ["selecting", 2],
  );
  await assert.rejects(next.resumable("replay", id), { code: "SLUICE_BATCH_STATE" });
  await assert.rejects(next.resumable("drop", id), { code: "SLUICE_BATCH_UNKNOWN" });
  await assert.rejects(next.resumable("replay", "../x\0"), { code: "SLUICE_BATCH_UNKNOWN" });
  now += 30_001;
  assert.equal((await next.find("replay", id)).state, "interrupted");
  const left = await next.resumable("replay", id);
  assert.deepEqual([left.request, left.batch.saidAt], [{ all: true }, 1_000_000]);
  const few = async function* () {
    yield* ["a", "b"];
  };
  const resumed = await next.start({ ...ORDER, rate: 1_000, select: few }, left);
  assert.deepEqual([resumed.id, resumed.startedAt], [id, 1_000_000]);
  while ((await next.find("replay", id)).endedAt === undefined) await wait(1);
  const { state, done } = await next.find("replay", id);
  assert.deepEqual([state, done], ["done", 2]);
  await assert.rejects(next.resumable("replay", id), { code: "SLUICE_BATCH_STATE" });
  assert.equal((await next.cancel("replay", other.id)).state, "cancelled");
  await next.close();
  const third = createBatches({ ledger, clock });
  assert.deepEqual((await third.list("replay")).map(({ state }) => state).sort(), ["cancelled", "done"]);
});

/** Looks until it is so, or for ten seconds. */
async function seen<T>(look: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (isSo(found) || performance.now() > until) return found;
    await wait(10);
  }
}

test("any process sees how far a batch is, ends it, and goes on with it; a wish to end it is for that turn alone", async () => {
  const ledger = memory();
  const [owner, other] = [createBatches({ ledger }), createBatches({ ledger })];
  const { id } = await owner.start({ ...ORDER, rate: 20, select: numbers });
  const watched = await seen(
    () => other.find("replay", id),
    ({ done }) => done > 0,
  );
  assert.deepEqual([watched.state, watched.total, watched.done > 0], ["running", 1_000, true]);
  assert.ok(watched.saidAt !== undefined, "it says when it was heard");
  const cancelled = await other.cancel("replay", id);
  assert.deepEqual([cancelled.state, cancelled.saidAt], ["cancelled", undefined]);
  const mine = await owner.find("replay", id);
  assert.deepEqual([mine.state, mine.done], ["cancelled", cancelled.done]);
  assert.deepEqual(
    (await other.list("replay")).map(({ id }) => id),
    [id],
    "the wish is no batch",
  );

  const few = async function* () {
    yield* Array.from({ length: 30 }, (_, i) => String(i));
  };
  // For longer than it takes to hear the wish of the first turn, which is still kept.
  await other.start({ ...ORDER, rate: 20, select: few }, await other.resumable("replay", id));
  const ended = await seen(
    () => owner.find("replay", id),
    ({ endedAt, state }) => endedAt !== undefined && state !== "cancelled",
  );
  assert.deepEqual([ended.state, ended.done], ["done", 30]);
  assert.equal((await owner.list("replay"))[0]?.state, "done");
  await Promise.all([owner.close(), other.close()]);
});

test("a wish that the process at work does not hear is answered with how far it is, and kept until it does", async () => {
  const ledger = memory();
  const [owner, other] = [createBatches({ ledger }), createBatches({ ledger })];
  const { promise: hung, resolve } = Promise.withResolvers<void>();
  const work = async () => {
    await hung;
    return { outcome: "done" } as const;
  };
  const { id } = await owner.start({ ...ORDER, rate: 10, select: numbers, work });
  assert.equal((await other.cancel("replay", id)).endedAt, undefined);
  resolve();
  const ended = await seen(
    () => other.find("replay", id),
    ({ endedAt }) => endedAt !== undefined,
  );
  assert.deepEqual([ended.state, ended.done], ["cancelled", 1]);
});

test("a version that knows no wishes lists none", async () => {
  const ledger = memory();
  const [owner, other] = [createBatches({ ledger }), createBatches({ ledger })];
  const { id } = await owner.start({ ...ORDER, rate: 20, select: numbers });
  await other.cancel("replay", id);
  const wish = (await ledger.batches()).find((kept) => kept.id !== id);
  // What versions before read of each order that is kept.
  const { batch } = JSON.parse(wish?.text ?? "");
  assert.equal(typeof batch.endedAt, "number");
  assert.equal(["replay", "retry", "drop"].includes(batch.verb), false);
});

test("what was done before is not waited for", async () => {
  const batches = createBatches({ ledger: memory() });
  const work = async () => ({ outcome: "done", before: true }) as const;
  const { id } = await batches.start({ ...ORDER, rate: 0.1, select: numbers, work });
  while ((await batches.find("replay", id)).endedAt === undefined) await wait(1);
  const { done, results } = await batches.find("replay", id);
  assert.deepEqual([done, results?.[0]], [1_000, { delivery: "0", outcome: "done" }]);
});

test("a replay of many that a restart interrupted goes on, and replays nothing twice", async () => {
  await using api = await openApiGateway(build("true"));
  const sent: string[] = [];
  for (let i = 0; i < 5; i++) sent.push(await api.flows.send(branch(`b${i}`)));
  await api.flows.drain();
  const path = "/api/v1/replays";
  const body = { since: "1h", rate: 20, reason: "outage", actor: "ann" };
  const { json } = await api.ask(path, { method: "POST", body });
  while ((await api.ask(`${path}/${json.id}`)).json.done < 2) await wait(5);
  await api.restart();

  const [listed] = (await api.ask(path)).json.items;
  assert.deepEqual([listed.id, listed.state], [json.id, "interrupted"]);
  assert.ok(listed.done >= 2 && listed.done < 5, `${listed.done}`);
  // What comes in between is not meant by the order, which is older.
  await api.flows.send(branch("late"));
  await api.flows.drain();
  const resume = () =>
    api.ask(`${path}/${json.id}/resume`, { method: "POST", body: { reason: "go on", actor: "bob" } });
  assert.equal((await resume()).status, 202);
  const ended = async () => {
    for (;;) {
      const now = (await api.ask(`${path}/${json.id}`)).json;
      if (now.endedAt !== undefined) return now;
      await wait(5);
    }
  };
  const done = await ended();
  assert.deepEqual([done.state, done.total, done.done, done.failed], ["done", 5, 5, 0]);
  assert.equal((await resume()).json.error.code, "SLUICE_BATCH_STATE");

  // A process that died before it could say that it was done: everything is there already.
  const { ledger } = api.flows.store;
  const [kept] = await ledger.batches();
  assert.ok(kept);
  const order = JSON.parse(kept.text);
  const { endedAt: _ended, ...running } = { ...order.batch, state: "running" };
  await ledger.keepBatch({ ...kept, text: JSON.stringify({ ...order, batch: running, saidAt: 0 }) });
  await api.restart();
  assert.equal((await resume()).status, 202);
  assert.equal((await ended()).done, 5);

  for (const origin of sent) {
    const { items } = await ledger.list({ replayOf: origin }, { limit: 10 });
    assert.equal(items.length, 1, "each is replayed once");
    const made = await ledger.find(items[0]?.id ?? "");
    assert.deepEqual(made?.note, { actor: "ann (all)", reason: "outage" });
  }
  const acts = (await api.ask("/api/v1/acts")).json.items;
  assert.deepEqual(
    acts.map(({ verb, actor, reason }: Record<string, string>) => [verb, actor, reason]),
    [
      ["replay", "bob (all)", "go on"],
      ["replay", "bob (all)", "go on"],
      ["replay", "ann (all)", "outage"],
    ],
  );
});
