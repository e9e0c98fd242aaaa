/** Work that the store holds and nobody believes, and work for accounts that are declared otherwise by now. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import { decideJobFor } from "../../src/core/job.ts";
import type { Ledger, StoredDelivery } from "../../src/core/ledger.ts";
import { createDistrust } from "../../src/dispatch/distrust.ts";
import { type Flows, openFlows, serveInterceptor } from "../helpers/flows.ts";
import { listener, OPEN, push, remote, trigger } from "../helpers/objects.ts";
import { keysOf } from "../storage/ledger/seals.ts";

const SECRET = "x".repeat(32);
const outcomeOf = async ({ store }: Flows, id: string) => (await store.ledger.find(id))?.outcome;

test("held work of one reason is told of once a minute, what was changed each time", () => {
  const facts: Fact[] = [];
  const time = { now: 0 };
  const hear = createDistrust(
    (fact) => facts.push(fact),
    () => time.now,
  );
  const unsigned = fault("SLUICE_STORE_UNSIGNED", { what: "job 1" });
  const key = fault("SLUICE_STORE_KEY", { what: "job 1", key: "0", known: "1" });
  for (const error of [unsigned, unsigned, key, key]) assert.equal(hear("d", error)?.kind, "aside");
  assert.equal(facts.length, 2);
  time.now = 60_000;
  hear("d", unsigned);
  assert.equal(facts.length, 3);
  const forged = fault("SLUICE_STORE_FORGED", { what: "job 1" });
  for (const error of [forged, forged]) assert.equal(hear("d", error), undefined);
  assert.equal(facts.length, 5);
});

test("a job goes nowhere once its trigger stands for another account or cluster, and is dead after an hour", async () => {
  const time = { now: 1_000_000 };
  const objects = (account: string) => [
    listener("git", [trigger("build", [], { serviceAccountName: account }), trigger("free")], OPEN),
  ];
  const clock = () => time.now;
  await using flows = await openFlows(objects("builder"), { clock, keys: keysOf([SECRET]) });
  const id = await flows.send(push({ at: time.now }));
  const jobs = await flows.jobs(id);
  await flows.declare(objects("other"));
  const [build, free] = jobs;
  assert.ok(build?.kind === "create" && free?.kind === "create");
  assert.equal((await flows.dispatch(build, 1)).kind, "retry");
  assert.equal((await flows.dispatch(free, 1)).kind, "done");
  assert.equal(flows.files().length, 1);
  const reason = (await flows.store.ledger.find(id))?.reason ?? "";
  assert.match(reason, /SLUICE_JOB_OUTDATED.*account builder of the trigger.*account other of the trigger/);
  time.now += 3_700_000;
  await flows.dispatch(build, 3);
  assert.equal(await outcomeOf(flows, id), "dead");
  // Where it is declared no more, the signature alone decides.
  await flows.declare([listener("git", [trigger("free")], OPEN)]);
  assert.equal((await flows.dispatch(build, 4)).kind, "done");
  assert.equal(flows.files().length, 2);
});

for (const [code, kind, outcome] of [
  ["SLUICE_STORE_FORGED", "done", "dead"],
  ["SLUICE_STORE_KEY", "aside", "pending"],
  ["SLUICE_STORE_UNSIGNED", "aside", "pending"],
] as const) {
  test(`a record that is refused as ${code} is not decided: ${outcome}`, async () => {
    await using gate = await serveInterceptor(() => ({ body: { continue: true } }));
    const objects = [
      remote("gate", gate.url),
      listener("git", [trigger("build", [{ ref: { name: "gate" } }])]),
    ];
    const state: { wrong?: Error } = {};
    const ledger = (real: Ledger): Ledger => ({
      ...real,
      load: async (id): Promise<StoredDelivery | undefined> => {
        if (state.wrong !== undefined) throw state.wrong;
        return real.load(id);
      },
    });
    await using flows = await openFlows(objects, { decideWithin: 0, ledger, keys: keysOf([SECRET]) });
    const id = await flows.send(push());
    const record = await flows.store.ledger.find(id);
    assert.ok(record);
    state.wrong = fault(code, { what: `delivery ${id}`, key: "0", known: "1" });
    assert.equal((await flows.dispatch(decideJobFor(record), 1)).kind, kind);
    assert.equal(await outcomeOf(flows, id), outcome);
    assert.equal(gate.asked.length, 0);
    assert.ok(flows.told().includes("store.distrusted"));
  });
}
