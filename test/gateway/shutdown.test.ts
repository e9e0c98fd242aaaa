/** The order in which a gateway stops, and that it stops in its time whoever does not answer. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Fact } from "../../src/core/fact.ts";
import { createWorkers, type StopParts, shutDown, stopTimes } from "../../src/gateway/shutdown.ts";

const never = new Promise<never>(() => {});

/** Parts that write down what they are told, each with what it does then. */
function parts(does: Partial<Record<"workers" | "ingress" | "admin" | "rest", () => Promise<unknown>>> = {}) {
  const steps: string[] = [];
  const facts: Fact[] = [];
  const at = async (name: keyof typeof does, step: string) => {
    steps.push(step);
    await does[name]?.();
  };
  const all = {
    ingress: {
      lameDuck: () => void steps.push("ingress lame duck"),
      drain: () => at("ingress", "ingress drain").then(() => 2),
    },
    admin: {
      lameDuck: () => void steps.push("admin lame duck"),
      close: () => at("admin", "admin close"),
    },
    workers: { stop: () => at("workers", "workers stop") },
    rest: { [Symbol.asyncDispose]: () => at("rest", "rest") },
    tell: (fact: Fact) => void facts.push(fact),
  } satisfies StopParts;
  return { ...all, steps, facts };
}

describe("the times of a stop", () => {
  for (const graceMs of [0, 50, 1_000, 5_000, 25_000, 600_000]) {
    test(`with a grace of ${graceMs} ms each comes after the one before`, () => {
      const { settleMs, lateMs, endMs, handBackMs, workersMs, hardMs } = stopTimes(graceMs);
      const order = [0, settleMs, lateMs, handBackMs, workersMs, hardMs, Math.max(graceMs, 1_000)];
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      );
      assert.equal(endMs, handBackMs);
      assert.ok(handBackMs <= graceMs, "jobs have no more than the grace");
      assert.ok(hardMs < Math.max(graceMs, 1_000), "the process has some time to end");
    });
  }
});

test("workers and answers hear of it at once, the port stops after the lame-duck time, the store last", async () => {
  const lameDuckMs = 50;
  const all = parts();
  const from = performance.now();
  let drainedAt = 0;
  const ingress = {
    ...all.ingress,
    drain: () => {
      drainedAt = performance.now();
      return all.ingress.drain();
    },
  };
  await shutDown({ ...all, ingress }, { reason: "SIGTERM", graceMs: 1_000, lameDuckMs });
  const told = ["ingress lame duck", "admin lame duck", "workers stop"];
  assert.deepEqual(all.steps, [...told, "ingress drain", "admin close", "rest"]);
  assert.ok(drainedAt - from >= lameDuckMs - 1);
  const [first, last] = all.facts;
  assert.deepEqual(first, { type: "gateway.stopping", reason: "SIGTERM", lameDuckMs });
  assert.ok(last?.type === "gateway.stopped" && last.took >= lameDuckMs - 1);
  assert.deepEqual([last.cut, last.inTime], [2, true]);
});

test("where there is no webhook port nobody is waited for", async () => {
  const { facts, ...all } = parts();
  await shutDown({ ...all, ingress: undefined }, { reason: "SIGTERM", graceMs: 1_000, lameDuckMs: 600_000 });
  assert.deepEqual(facts[0], { type: "gateway.stopping", reason: "SIGTERM", lameDuckMs: 0 });
});

for (const part of ["workers", "admin", "rest"] as const) {
  for (const [how, does] of [
    ["never answers", () => never],
    ["fails", () => Promise.reject(new Error("oops"))],
  ] as const) {
    test(`a gateway whose ${part} ${how} stops in its time, and says so`, async () => {
      const all = parts({ [part]: does });
      const from = performance.now();
      await shutDown(all, { reason: "SIGTERM", graceMs: 1_000, lameDuckMs: 0 });
      assert.ok(performance.now() - from < 1_000 + 500);
      const last = all.facts.at(-1);
      assert.ok(last?.type === "gateway.stopped" && !last.inTime);
      assert.ok(all.steps.includes("admin close"), "what comes after the workers is not left out");
    });
  }
}

test("workers are stopped together, and once", async () => {
  const workers = createWorkers();
  const told: string[] = [];
  workers.add(async (graceMs) => void told.push(`first ${graceMs}`));
  workers.add(async (graceMs) => void told.push(`second ${graceMs}`));
  await Promise.all([workers.stop(10), workers.stop(20)]);
  assert.deepEqual(told, ["first 10", "second 10"]);
});
