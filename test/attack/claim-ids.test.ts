/** An attacker without a secret guesses the ids of deliveries, before and after their senders use them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../helpers/gateway.ts";
import { cel, github, listener, OPEN, secret, trigger } from "../helpers/objects.ts";
import { attacked } from "./gateway.ts";

const objects = [
  secret("hook", "s3cret"),
  listener("mixed", [trigger("any"), trigger("build", [github()])], OPEN),
  listener("picky", [trigger("few", [cel("body.repo == 'acme'")])], OPEN),
];
const REAL = JSON.stringify({ ref: "main", repo: "acme" });
const EVIL = JSON.stringify({ ref: "evil", repo: "evil" });
const COUNT = 50;

test("a stranger who sends every id first takes none: each real delivery is created", {
  timeout: 120_000,
}, async () => {
  await using world = await attacked("0", [], objects);
  const ids = Array.from({ length: COUNT }, (_, i) => `gh-${i}`);
  for (const id of ids) {
    assert.equal((await world.send("mixed", EVIL, { id })).status, 202);
    assert.equal((await world.send("picky", EVIL, { id })).status, 202);
  }
  const events = new Set<string>();
  for (const id of ids) {
    for (const [to, token] of [
      ["mixed", "s3cret"],
      ["picky", undefined],
    ] as const) {
      const { status, said } = await world.send(to, REAL, { id, ...(token && { token }) });
      assert.equal(status, 202);
      events.add(said.eventID ?? "");
    }
  }
  assert.equal(events.size, 2 * COUNT, "every real delivery is one of its own");
  const audit = await eventually(world.gateway.audit, ({ pending }) => pending === 0);
  assert.deepEqual([audit.duplicate, audit.filtered, audit.created], [0, COUNT, 3 * COUNT]);
  assert.deepEqual(audit.violations, []);
  // Sent again by the stranger and by the sender, nothing more is created.
  for (const id of ids.slice(0, 10)) {
    await world.send("picky", EVIL, { id });
    await world.send("picky", REAL, { id });
    await world.send("mixed", REAL, { id, token: "s3cret" });
  }
  const after = await eventually(world.gateway.audit, ({ pending }) => pending === 0);
  assert.equal(after.runs, audit.runs);
});
