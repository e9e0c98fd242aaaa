/** Many identical requests at once, on each kind of store: one delivery, one retry of what failed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Flows, openFlows } from "../helpers/flows.ts";
import { push, SIGNED, signed, trigger } from "../helpers/objects.ts";
import { switchedTarget } from "../helpers/target.ts";

const broken = (name: string) => trigger(name, [], { bindings: [{ ref: "not-there" }] });
const outcomeOf = async ({ store }: Flows, id: string) => (await store.ledger.find(id))?.outcome;

for (const store of ["redis", "embedded", "postgres"] as const) {
  test(`a hundred identical requests at once are one delivery on ${store}`, { timeout: 60_000 }, async () => {
    await using flows = await openFlows(SIGNED, { store });
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const ids = await Promise.all(Array.from({ length: 100 }, () => flows.send(arrival)));
    assert.equal(new Set(ids).size, 1);
    await flows.drain();
    const { accepted, created, duplicate, runs, violations } = await flows.store.ledger.audit();
    assert.deepEqual(
      { accepted, created, duplicate, runs, violations, files: flows.files().length },
      { accepted: 100, created: 1, duplicate: 99, runs: 1, violations: [], files: 1 },
    );
  });

  test(`a hundred redeliveries at once of what failed try it again once on ${store}`, {
    timeout: 60_000,
  }, async () => {
    const { state, made, target } = switchedTarget();
    const objects = signed(trigger("build"), broken("mended"));
    await using flows = await openFlows(objects, { store, target });
    const arrival = push({ token: "s3cret", id: "gh-1" });
    const first = await flows.send(arrival);
    await flows.drain();
    assert.equal(await outcomeOf(flows, first), "dead");
    state.refusing = false;
    await flows.declare(signed(trigger("build"), trigger("mended")));
    const ids = await Promise.all(Array.from({ length: 100 }, () => flows.send(arrival)));
    assert.deepEqual(new Set(ids), new Set([first]));
    await flows.drain();
    assert.deepEqual(made.map((name) => name.split("-")[0]).sort(), ["build", "mended"]);
    const { accepted, duplicate, created, dead, violations } = await flows.store.ledger.audit();
    // The first one keeps its failed decision: what became of it stands in the delivery behind it.
    assert.deepEqual(
      { accepted, duplicate, created, dead, violations },
      { accepted: 102, duplicate: 100, created: 1, dead: 1, violations: [] },
    );
  });
}
