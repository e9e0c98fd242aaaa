/** The gate: when it closes, who looks at the target meanwhile, and that it opens by itself. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import { createGate } from "../../src/dispatch/circuit-breaker.ts";
import { listen } from "../helpers/flows.ts";

const UNREACHABLE = () => fault("SLUICE_CREATE_UNREACHABLE", { reason: "connect ECONNREFUSED" });

/** A target that is away for the first `looks` questions, and a gate before it that looks again at once. */
function world(looks: number, thrown: () => Error = UNREACHABLE) {
  const ear = listen();
  const asked: number[] = [];
  const target = {
    name: "test",
    async ready() {
      if (asked.push(performance.now()) <= looks) throw thrown();
    },
  };
  const time = { now: 1_000 };
  const gate = createGate({
    ...{ target, tell: ear.tell, first: 1, longest: 4 },
    clock: () => time.now,
    random: () => 0.5,
  });
  return { gate, ear, asked, time };
}

describe("a gate", () => {
  test("stays open when the target answers after all", async () => {
    const { gate, ear, asked } = world(0);
    assert.equal(await gate.doubt(), false);
    assert.equal(gate.closed(), undefined);
    assert.deepEqual([asked.length, ear.facts, gate.state()], [1, [], { away: false }]);
  });

  for (const [what, thrown] of [
    ["credentials", () => fault("SLUICE_CREATE_CREDENTIALS", { reason: "expired" })],
    ["5xx", () => fault("SLUICE_CREATE_BUSY", { status: "503", reason: "starting" })],
    ["a defect", () => new TypeError("no such field")],
  ] as const) {
    test(`stays open before a target that answers with ${what}: whoever refuses is there`, async () => {
      const { gate } = world(Number.POSITIVE_INFINITY, thrown);
      assert.equal(await gate.doubt(), false);
    });
  }

  test("asks once for all who doubt together, closes, looks again by itself, and opens", async () => {
    const { gate, ear, asked, time } = world(4);
    assert.deepEqual(await Promise.all([gate.doubt(), gate.doubt(), gate.doubt()]), [true, true, true]);
    assert.equal(asked.length, 1);
    assert.deepEqual(gate.state(), { away: true, since: 1_000, reason: "connect ECONNREFUSED" });
    await assert.rejects(gate.ready(), { code: "SLUICE_CREATE_UNREACHABLE" });
    assert.equal(await gate.doubt(), true);
    assert.equal(asked.length, 1, "whoever is told that it is away does not ask");
    time.now = 6_000;
    await gate.closed();
    assert.equal(asked.length, 5);
    assert.equal(gate.closed(), undefined);
    await gate.ready();
    assert.deepEqual(ear.facts, [
      { type: "target.away", target: "test", reason: "connect ECONNREFUSED" },
      { type: "target.back", target: "test", after: 5_000 },
    ]);
  });

  test("waits longer each time it looks, up to a limit", async () => {
    const { gate, asked } = world(5);
    await gate.doubt();
    await gate.closed();
    const waits = asked.slice(1).map((at, i) => at - (asked[i] as number));
    for (const [i, least] of [1, 2, 4, 4, 4].entries())
      assert.ok((waits[i] as number) > least - 1, `look ${i} came after ${waits[i]} ms`);
  });

  test("looks no more once it is closed for good, and tells nothing", async () => {
    const { gate, ear, asked } = world(Number.POSITIVE_INFINITY);
    await gate.doubt();
    gate.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([asked.length, ear.facts.length], [1, 1]);
  });
});
