/** Work on the side: together, with rests, and one failure is one failure. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createSparing } from "../../../src/storage/queue/sparing.ts";

suite("work on the side", () => {
  test("is done together with what waits beside it, and not before the rest is over", async () => {
    const sparing = createSparing(0.25);
    const groups: number[] = [];
    let group = 0;
    const gate = Promise.withResolvers<void>();
    const first = sparing(async () => {
      groups.push(group);
      await gate.promise;
      group++;
    });
    const others = Array.from({ length: 3 }, () => sparing(async () => groups.push(group)));
    assert.deepEqual(groups, [0]);
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    gate.resolve();
    await first;
    const took = performance.now() - began;
    await Promise.all(others);
    assert.deepEqual(groups, [0, 1, 1, 1]);
    // Timers may fire a millisecond early.
    assert.ok(performance.now() - began >= took + 3 * 20 - 2, "a rest of three times what it took");
  });

  test("that fails tells its own caller, and the others go on", async () => {
    const sparing = createSparing(1);
    const failed = sparing(() => Promise.reject(new Error("mine")));
    const fine = sparing(async () => {});
    await assert.rejects(failed, /mine/);
    await fine;
    await sparing(async () => {});
  });
});
