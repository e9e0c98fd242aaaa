/** The pruner, and the rate of attempts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { keepPruning } from "../../src/admin/prune.ts";
import { createRateMeter } from "../../src/admin/rate.ts";
import { fault } from "../../src/core/errors.ts";
import { listen } from "../helpers/flows.ts";
import { attempted } from "../record/facts.ts";

const clock = { now: () => 9_000, fault: () => undefined };
const policy = { age: 1_000, deadAge: 2_000, payloadAge: 500 };

test("a round goes on while there is more to forget, and tells once what it forgot", async () => {
  const ear = listen();
  const answers = [
    { deliveries: 150, payloads: 50 },
    { deliveries: 3, payloads: 4 },
  ];
  const asked: unknown[] = [];
  const prune = async (...question: unknown[]) => {
    asked.push(question);
    return answers.shift() ?? { deliveries: 0, payloads: 0 };
  };
  const pruner = keepPruning({ ledger: { prune }, policy, tell: ear.tell, clock });
  await ear.heard(({ type }) => type === "ledger.pruned");
  await pruner.stop();
  assert.deepEqual(asked, [
    [policy, 9_000, 200],
    [policy, 9_000, 200],
  ]);
  assert.deepEqual(ear.facts, [{ type: "ledger.pruned", deliveries: 153, payloads: 54 }]);
});

test("a round that fails is told and followed by the next; a store that is away is told of by itself", async () => {
  const ear = listen();
  const errors = [fault("SLUICE_STORE_AWAY", { reason: "x" }), new TypeError("y")];
  const { promise: third, resolve } = Promise.withResolvers<void>();
  const prune = async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    resolve();
    return { deliveries: 0, payloads: 0 };
  };
  // The pruner's own timer keeps no process alive.
  const alive = setInterval(() => undefined, 1_000);
  const pruner = keepPruning({ ledger: { prune }, policy, tell: ear.tell, clock, every: 1 });
  await third;
  await pruner.stop();
  clearInterval(alive);
  assert.deepEqual(
    ear.facts.map((fact) => fact.type === "defect" && fact.where),
    ["prune"],
  );
});

test("nothing is pruned while the clock is not believed, and it goes on when it is", async () => {
  const ear = listen();
  let looks = 0;
  const wrong = fault("SLUICE_CLOCK_SKEW", { off: "1 h", way: "ahead of" });
  const doubted = { now: () => 9_000, fault: () => (++looks < 3 ? wrong : undefined) };
  const { promise: pruned, resolve } = Promise.withResolvers<number>();
  const prune = async () => {
    resolve(looks);
    return { deliveries: 0, payloads: 0 };
  };
  const alive = setInterval(() => undefined, 1_000);
  const pruner = keepPruning({ ledger: { prune }, policy, tell: ear.tell, clock: doubted, every: 1 });
  assert.equal(await pruned, 3);
  await pruner.stop();
  clearInterval(alive);
  assert.deepEqual(ear.facts, []);
});

test("attempts are counted over the last sixty seconds, and forgotten after", () => {
  let now = 1_000_000;
  const rate = createRateMeter(() => now);
  for (let second = 0; second < 90; second++) {
    rate.tell(attempted);
    now += 1_000;
  }
  assert.equal(rate.attemptsPerMinute(), 59);
  now += 61_000;
  assert.equal(rate.attemptsPerMinute(), 0);
});
