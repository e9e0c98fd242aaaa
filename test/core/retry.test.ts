/** The retry schedule, by its numbers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTry } from "../../src/core/retry.ts";

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const middle = { since: 0, now: 0, random: () => 0.5 };

function waits(retry: "soon" | "slow", tries: number): number[] {
  return Array.from({ length: tries }, (_, index) => {
    const next = nextTry({ ...middle, retry, attempt: index + 1 });
    return next.kind === "retry" ? next.afterMs : Number.NaN;
  });
}

test("soon doubles from 1 s and stays at 15 min", () => {
  assert.deepEqual(waits("soon", 12), [
    ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((seconds) => seconds * SECOND),
    15 * MINUTE,
    15 * MINUTE,
  ]);
});

test("slow grows from 30 s and stays at 5 min", () => {
  assert.deepEqual(
    waits("slow", 6),
    [30, 60, 120, 240, 300, 300].map((seconds) => seconds * SECOND),
  );
});

test("never is dead at once", () => {
  assert.equal(nextTry({ ...middle, retry: "never", attempt: 1 }).kind, "dead");
});

test("waits are spread by a fifth up and down", () => {
  const lowest = nextTry({ ...middle, retry: "slow", attempt: 1, random: () => 0 });
  const highest = nextTry({ ...middle, retry: "slow", attempt: 1, random: () => 0.999_999 });
  assert.deepEqual(lowest, { kind: "retry", afterMs: 24 * SECOND });
  assert.deepEqual(highest, { kind: "retry", afterMs: 36 * SECOND });
});

test("Retry-After is the least to wait, never the most", () => {
  const longer = nextTry({ ...middle, retry: "soon", attempt: 1, after: 30 * SECOND });
  const shorter = nextTry({ ...middle, retry: "soon", attempt: 6, after: 5 * SECOND });
  assert.deepEqual(longer, { kind: "retry", afterMs: 30 * SECOND });
  assert.deepEqual(shorter, { kind: "retry", afterMs: 32 * SECOND });
});

test("a Retry-After of days is cut to an hour, a negative one counts for nothing", () => {
  const parked = nextTry({ ...middle, retry: "soon", attempt: 1, after: 7 * 24 * HOUR });
  const past = nextTry({ ...middle, retry: "soon", attempt: 1, after: -5 });
  assert.deepEqual(parked, { kind: "retry", afterMs: HOUR });
  assert.deepEqual(past, { kind: "retry", afterMs: SECOND });
});

for (const [retry, patience] of [
  ["soon", 24 * HOUR],
  ["slow", HOUR],
] as const) {
  test(`${retry} is given up ${patience / HOUR} h after receipt or reopening, with a last try at the end`, () => {
    const received = 1_700_000_000_000;
    const last = { ...middle, retry, attempt: 100, since: received };
    assert.deepEqual(nextTry({ ...last, now: received + patience - 10 }), { kind: "retry", afterMs: 10 });
    const dead = nextTry({ ...last, now: received + patience });
    assert.equal(dead.kind, "dead");
    assert.match(dead.kind === "dead" ? dead.reason : "", /given up after .* and 100 tries/);
  });
}

test("an attempt number beyond every power of two still gives a finite wait", () => {
  assert.deepEqual(nextTry({ ...middle, retry: "soon", attempt: 5_000 }), {
    kind: "retry",
    afterMs: 15 * MINUTE,
  });
});

test("nobody is given up with fewer than three tries, however long the job waited", () => {
  const late = { ...middle, retry: "soon", now: 30 * 24 * HOUR } as const;
  assert.deepEqual(nextTry({ ...late, attempt: 1 }), { kind: "retry", afterMs: SECOND });
  assert.deepEqual(nextTry({ ...late, attempt: 2 }), { kind: "retry", afterMs: 2 * SECOND });
  assert.equal(nextTry({ ...late, attempt: 3 }).kind, "dead");
  assert.deepEqual(nextTry({ ...late, attempt: 2, after: 5 * SECOND }), {
    kind: "retry",
    afterMs: 5 * SECOND,
  });
});
