/** Events: what repeats is counted, what is too much is not said, what is too long is cut. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../src/kubernetes/api.ts";
import { createEvents, type Said } from "../../src/kubernetes/events.ts";
import { openTestServer } from "../helpers/cluster.ts";

const regarding = { apiVersion: "v1", kind: "ConfigMap", namespace: "ci", name: "map", uid: "u" };
const said: Said = { type: "Warning", reason: "Broken", action: "Read", note: "it is broken" };

async function open() {
  const cluster = await openTestServer();
  const { server, session } = cluster;
  let now = 0;
  return {
    server,
    events: createEvents({ api: createApi(session), instance: "i".repeat(300), clock: () => now }),
    later: (ms: number) => {
      now += ms;
    },
    stored: () => server.objects("Event"),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

test("what is said again is counted in its Event", async () => {
  await using t = await open();
  for (let i = 0; i < 3; i++) assert.equal(await t.events.say(regarding, said), true);
  await t.events.say(regarding, { ...said, note: "it is broken otherwise" });
  assert.deepEqual(
    t.stored().map((event) => (event["series"] as { count: number } | undefined)?.count),
    [3, undefined],
  );
  assert.equal(String(t.stored()[0]?.["reportingInstance"]).length, 128);
});

test("of one object ten are said at once, and one more every five minutes; others are not silenced by it", async () => {
  await using t = await open();
  const say = (i: number, name = "map") => t.events.say({ ...regarding, name }, { ...said, note: `no ${i}` });
  const told = [];
  for (let i = 0; i < 13; i++) told.push(await say(i));
  assert.deepEqual(told, [...Array(10).fill(true), false, false, false]);
  assert.equal(await say(0, "other"), true);
  t.later(299_999);
  assert.equal(await say(20), false);
  t.later(1);
  assert.equal(await say(21), true);
  assert.equal(await say(22), false);
});

test("notes and names are cut to what the server takes, in whole signs", async () => {
  await using t = await open();
  const name = `${"a".repeat(199)}.${"b".repeat(40)}`;
  await t.events.say({ ...regarding, name }, { ...said, note: "ä€😀".repeat(500) });
  const [event] = t.stored();
  assert.ok(event);
  assert.ok(Buffer.byteLength(String(event["note"])) <= 1_024);
  assert.ok(event.metadata.name.length <= 253);
  assert.match(event.metadata.name, /^a{199}\.[0-9a-f]{16}$/);
});

test("a refusal is a fault that says what to grant", async () => {
  await using t = await open();
  const refuse = (details: object) =>
    t.server.fault({ path: "/events", action: { type: "status", status: 403, details } });
  refuse({ kind: "events" });
  await assert.rejects(t.events.say(regarding, said), { code: "SLUICE_ANNOUNCE_FORBIDDEN" });
  // A webhook that denies it says nothing of what it was asked for, and no right would help.
  refuse({});
  await assert.rejects(t.events.say(regarding, said), { code: "SLUICE_ANNOUNCE_POLICY" });
});

test("in a namespace that is being deleted nothing is said, and no right is missing", async () => {
  await using t = await open();
  const causes = [{ reason: "NamespaceTerminating", field: "metadata.namespace", message: "it ends" }];
  const details = { kind: "events", name: "x", causes };
  t.server.fault({ path: "/events", action: { type: "status", status: 403, details } });
  assert.equal(await t.events.say(regarding, said), false);
});
