/** The part of the ledger's contract that is about refused requests. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REFUSALS_KEPT, REFUSALS_KEPT_MS, type Refusal, type RefusalLog } from "../../../src/core/refusal.ts";
import { START } from "./samples.ts";

const one = (at: number, more: Partial<Refusal> = {}): Refusal => ({
  ...{ listener: { namespace: "ci", name: "git" }, at, lastAt: at, count: 1 },
  ...{ code: "SLUICE_UNVERIFIED", status: 401, reason: "no signature" },
  ...{ address: "192.0.2.7", provider: "github", event: "push", ...more },
});

export function refusalContract(current: () => RefusalLog): void {
  test("refusals are kept as they were told, the latest first, and found by listener, code and time", async () => {
    const log = current();
    const other = { namespace: "team-b", name: "git" };
    const all = [
      one(START),
      one(START + 5, { listener: other, code: "SLUICE_BODY_TOO_LARGE" }),
      one(START + 9),
    ];
    await log.keepRefused([]);
    await log.keepRefused(all.slice(0, 2));
    await log.keepRefused(all.slice(2));
    assert.deepEqual(await log.refused({}, 10), all.toReversed());
    assert.deepEqual(await log.refused({}, 1), [all[2]]);
    assert.deepEqual(await log.refused({ listener: "team-b/git" }, 10), [all[1]]);
    assert.deepEqual(await log.refused({ listener: "git", namespace: "ci" }, 10), [all[2], all[0]]);
    assert.deepEqual(await log.refused({ code: "SLUICE_BODY_TOO_LARGE" }, 10), [all[1]]);
    assert.deepEqual(await log.refused({ since: START + 1, until: START + 9 }, 10), [all[1]]);
    assert.deepEqual(await log.refused({ listener: "none" }, 10), []);
  });

  test("what reached no listener is kept too, and found by its code", async () => {
    const log = current();
    const lost = one(START, {
      ...{ listener: { namespace: "", name: "" }, code: "SLUICE_LISTENER_UNKNOWN", status: 404 },
    });
    await log.keepRefused([lost, one(START + 1)]);
    assert.deepEqual(await log.refused({ code: "SLUICE_LISTENER_UNKNOWN" }, 10), [lost]);
    assert.equal((await log.refused({}, 10)).length, 2);
    assert.equal((await log.refused({ listener: "ci/git" }, 10)).length, 1);
  });

  test("a flood to one listener takes its own room and nobody else's; texts are cleaned and cut", async () => {
    const log = current();
    const quiet = one(START, { listener: { namespace: "ci", name: "quiet" } });
    await log.keepRefused([quiet]);
    for (let i = 0; i < 3; i++)
      await log.keepRefused(
        Array.from({ length: 100 }, (_, j) => one(START + 100 * i + j, { reason: "x\u0000".repeat(900) })),
      );
    const flood = await log.refused({ listener: "ci/git" }, 1_000);
    assert.equal(flood.length, REFUSALS_KEPT);
    assert.deepEqual([flood[0]?.at, flood.at(-1)?.at], [START + 299, START + 100]);
    assert.ok(flood.every(({ reason }) => reason.length <= 300 && !reason.includes("\u0000")));
    assert.deepEqual(await log.refused({ listener: "ci/quiet" }, 10), [quiet]);
  });

  test("what is older than the time for which they are kept is forgotten with the next", async () => {
    const log = current();
    await log.keepRefused([
      one(START - REFUSALS_KEPT_MS - 1, { listener: { namespace: "ci", name: "old" } }),
    ]);
    await log.keepRefused([one(START)]);
    assert.deepEqual(await log.refused({}, 10), [one(START)]);
  });
}
