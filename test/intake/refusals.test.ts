/** Refused requests on their way to the store: folded, bounded, and not lost while it is away. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Fact } from "../../src/core/fact.ts";
import type { Refusal } from "../../src/core/refusal.ts";
import { createRefusals } from "../../src/intake/refusals.ts";

const refused = (more: Partial<Extract<Fact, { type: "delivery.refused" }>> = {}): Fact => ({
  ...{ type: "delivery.refused", listener: { namespace: "ci", name: "git" }, code: "SLUICE_UNVERIFIED" },
  ...{
    status: 401,
    reason: "no signature",
    address: "192.0.2.7",
    provider: "github",
    event: "push",
    ...more,
  },
});

/** A keeper whose clock stands still, what it has written, and whether the store takes it. */
function keeper() {
  const time = { now: 1_000 };
  const store = { away: false, written: [] as Refusal[] };
  const refusals = createRefusals({
    clock: () => time.now,
    everyMs: 5,
    log: {
      async keepRefused(all) {
        if (store.away) throw new Error("away");
        store.written.push(...all);
      },
    },
  });
  return { time, store, ...refusals };
}

test("requests of one cause are one record with their number", async () => {
  const { time, store, tell, stop } = keeper();
  tell(refused());
  time.now += 50;
  tell(refused());
  await stop();
  assert.deepEqual(store.written, [
    {
      ...{ listener: { namespace: "ci", name: "git" }, at: 1_000, lastAt: 1_050, count: 2, status: 401 },
      ...{ code: "SLUICE_UNVERIFIED", reason: "no signature", address: "192.0.2.7" },
      ...{ provider: "github", event: "push" },
    },
  ]);
});

test("requests that one code refuses for different reasons are told apart; numbers make no other reason", async () => {
  const { store, tell, stop } = keeper();
  const reasons = [
    "header is missing",
    "header is wrong",
    "header is missing",
    "off by 301 s",
    "off by 302 s",
  ];
  for (const reason of reasons) tell(refused({ reason }));
  await stop();
  assert.deepEqual(
    store.written.map(({ count, reason }) => [count, reason]),
    [
      [2, "header is missing"],
      [1, "header is wrong"],
      [2, "off by 302 s"],
    ],
  );
});

test("a flood of reasons is bounded as one of addresses is, and the last record says that it holds several", async () => {
  const { store, tell, stop } = keeper();
  const name = (i: number) => String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26));
  for (let i = 0; i < 600; i++) tell(refused({ reason: `header ${name(i)} is wrong` }));
  await stop();
  assert.equal(store.written.length, 17);
  const last = store.written.at(-1);
  assert.equal(last?.count, 584);
  assert.equal(last?.reason, `several causes, the last: header ${name(599)} is wrong`);
});

test("a flood from ten thousand addresses makes seventeen records, of which the last counts the rest", async () => {
  const { store, tell, stop } = keeper();
  for (let i = 0; i < 10_000; i++) tell(refused({ address: `2001:db8::${i}`, event: `e${i}` }));
  await stop();
  assert.equal(store.written.length, 17);
  const rest = store.written.find(({ address }) => address === undefined);
  assert.equal(rest?.count, 10_000 - 16);
  assert.equal(rest?.event, undefined);
});

test("what a store that is away does not take comes with what is refused later", async () => {
  const { store, tell, stop } = keeper();
  store.away = true;
  tell(refused());
  await stop();
  assert.deepEqual(store.written, []);
  store.away = false;
  tell(refused());
  await stop();
  assert.deepEqual(
    store.written.map(({ count }) => count),
    [2],
  );
});

describe("requests that reached no listener", () => {
  const nowhere = (more: Partial<Extract<Fact, { type: "delivery.refused" }>>): Fact => {
    const { listener: _none, ...rest } = refused(more) as Extract<Fact, { type: "delivery.refused" }>;
    return rest;
  };
  const lost = { code: "SLUICE_LISTENER_UNKNOWN", status: 404, reason: "no listener answers" } as const;

  test("are kept under no name: a webhook's by its sender, scanners by their code alone", async () => {
    const { store, tell, stop } = keeper();
    tell(nowhere(lost));
    for (let i = 0; i < 1_000; i++)
      tell(nowhere({ ...lost, address: `2001:db8::${i}`, provider: "generic", event: "unknown" }));
    tell(nowhere({ code: "SLUICE_HTTP_INVALID", status: 400, provider: "", event: "" }));
    tell(nowhere({ code: "SLUICE_METHOD", status: 405 }));
    await stop();
    assert.deepEqual(
      store.written.map(({ listener, code, count, address, provider }) => [
        `${listener.namespace}/${listener.name} ${code}`,
        ...[count, address, provider],
      ]),
      [
        ["/ SLUICE_LISTENER_UNKNOWN", 1, "192.0.2.7", "github"],
        ["/ SLUICE_LISTENER_UNKNOWN", 1_000, undefined, undefined],
        ["/ SLUICE_HTTP_INVALID", 1, "192.0.2.7", undefined],
      ],
    );
  });

  test("and written again once in ten minutes", async () => {
    const { time, store, tell, stop } = keeper();
    for (const at of [0, 61_000, 300_000, 599_000, 601_000]) {
      time.now = 1_000 + at;
      tell(nowhere({ ...lost, provider: "generic" }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const counts = store.written.map(({ count }) => count);
    await stop();
    assert.deepEqual(counts, [1, 4]);
  });
});
