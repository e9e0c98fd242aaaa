/** Readiness: which states keep deliveries away, and which are only reported. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Check } from "../../src/admin/checks.ts";
import { catalogCheck, readiness, stoppingCheck, storeCheck, targetCheck } from "../../src/admin/checks.ts";
import { fault } from "../../src/core/errors.ts";

const broken = fault(
  "SLUICE_OBJECT_INVALID",
  { field: "spec", reason: "is no map" },
  { at: { file: "el.yaml", line: 7, column: 3 } },
);

async function stateOf(check: Check) {
  const { ready, checks } = await readiness([check]);
  return { ready, ...checks[0] };
}

test("a store that does not answer makes the gateway unready", async () => {
  assert.equal((await stateOf(storeCheck(async () => undefined))).ready, true);
  const away = await stateOf(
    storeCheck(() => Promise.reject(fault("SLUICE_STORE_AWAY", { reason: "refused" }))),
  );
  assert.equal(away.ready, false);
  assert.match(away.message ?? "", /refused/);
});

test("a target that does not answer is reported, and deliveries are still taken", async () => {
  const away = await stateOf(targetCheck(() => Promise.reject(new Error("no route"))));
  assert.deepEqual([away.ready, away.state, away.ok], [true, "degraded", false]);
  assert.match(away.message ?? "", /no route/);
});

test("a catalog that was never good makes it unready and names file and line", async () => {
  const never = await stateOf(catalogCheck(() => ({ loaded: false, faults: [broken] })));
  assert.equal(never.ready, false);
  assert.deepEqual(never.faults, [
    {
      code: "SLUICE_OBJECT_INVALID",
      message: "spec: is no map",
      fix: "Correct the field; until then what needs the object fails, and nothing else.",
      at: "el.yaml:7",
    },
  ]);
  assert.equal((await stateOf(catalogCheck(() => ({ loaded: false, faults: [] })))).ready, false);
});

test("a catalog that broke later is degraded but ready", async () => {
  const { ready, degraded } = await readiness([catalogCheck(() => ({ loaded: true, faults: [broken] }))]);
  assert.deepEqual([ready, degraded], [true, ["catalog"]]);
  assert.deepEqual((await readiness([catalogCheck(() => ({ loaded: true, faults: [] }))])).degraded, []);
});

test("a catalog whose cluster cannot be asked says why: degraded where something is in force, else not ready", async () => {
  const away = [fault("SLUICE_CREATE_UNREACHABLE", { reason: "connection refused" })];
  const known = await stateOf(catalogCheck(() => ({ loaded: true, faults: [], warnings: [broken], away })));
  assert.deepEqual([known.ready, known.state, known.faults?.length], [true, "degraded", 2]);
  assert.match(known.message ?? "", /as it was known last: .*connection refused/);
  const never = await stateOf(catalogCheck(() => ({ loaded: false, faults: [], away })));
  assert.equal(never.ready, false);
  assert.match(never.message ?? "", /not read yet: .*connection refused/);
});

test("a gateway that is stopping is not ready", async () => {
  assert.equal((await stateOf(stoppingCheck(() => true))).ready, false);
  assert.equal((await stateOf(stoppingCheck(() => false))).ready, true);
});

test("a check that throws or hangs has failed and does not hold up the others", async () => {
  const throws: Check = {
    name: "throws",
    check: () => {
      throw new Error("oops");
    },
  };
  const { ready, checks } = await readiness([throws, storeCheck(() => new Promise(() => undefined))]);
  assert.equal(ready, false);
  assert.deepEqual(
    checks.map(({ name, state }) => `${name} ${state}`),
    ["throws failed", "store failed"],
  );
  assert.match(checks[1]?.message ?? "", /no answer/);
});
