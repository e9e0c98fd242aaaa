/** Two webhooks with the same events are told once; redeliveries, other listeners and replays are none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTwinHooks } from "../../src/core/twin-hooks.ts";

const from = (hook: string | undefined, listener = "one") => ({
  headers: hook === undefined ? {} : { "X-Github-Hook-Id": [hook] },
  listener: { namespace: "ci", name: listener },
});
const github = (providerId: string) => ({ provider: "github", providerId });
const decided = (...names: readonly string[]) =>
  ["a", "b"].map((name) => ({
    trigger: { namespace: "ci", name },
    result: names.includes(name) ? ("matched" as const) : ("filtered" as const),
  }));

/** Of deliveries that all fire the same trigger. */
function createFired() {
  const see = createTwinHooks();
  return (...[delivery, facts]: [Parameters<typeof see>[0], Parameters<typeof see>[1]]) =>
    see(delivery, facts, decided("a"));
}

test("a second hook with the same delivery id is told once for the pair", () => {
  const see = createFired();
  assert.equal(see(from("1"), github("a")), undefined);
  assert.deepEqual(see(from("2"), github("a")), {
    listener: { namespace: "ci", name: "one" },
    hooks: ["1", "2"],
  });
  assert.equal(see(from("2"), github("b")), undefined);
  assert.equal(see(from("1"), github("b")), undefined, "the pair is known");
});

test("redeliveries, other listeners, replays, other senders and hooks without an id are no twins", () => {
  const see = createFired();
  see(from("1"), github("a"));
  assert.equal(see(from("1"), github("a")), undefined);
  assert.equal(see(from("2", "two"), github("a")), undefined);
  assert.equal(see({ ...from("2"), replayOf: "x" }, github("a")), undefined);
  assert.equal(see(from("2"), { provider: "gitea", providerId: "a" }), undefined);
  assert.equal(see(from(undefined), github("a")), undefined);
});

test("its memory is bounded, and so is what strangers can have it say", () => {
  const see = createFired();
  let told = 0;
  for (let i = 0; i < 5_000; i++) {
    see(from(`a${i}`), github(`${i}`));
    if (see(from(`b${i}`), github(`${i}`)) !== undefined) told++;
  }
  assert.equal(told, 100);
  assert.equal(see(from("b0"), github("0")), undefined, "the oldest are forgotten");
});

test("where no trigger matched both, nothing runs twice and nothing is told", () => {
  const see = createTwinHooks();
  for (const [first, second, told] of [
    [decided("a"), decided("b"), false],
    [decided("a"), decided(), false],
    [decided(), decided("a"), false],
    [undefined, decided("a"), false],
    [decided("a", "b"), decided("b"), true],
  ] as const) {
    const id = JSON.stringify([first, second]);
    see(from("1"), github(id), first);
    assert.equal(see(from("2"), github(id), second) !== undefined, told, id);
  }
});
