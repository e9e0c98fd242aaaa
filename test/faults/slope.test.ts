/** The soak's arithmetic: it finds a leak under noise, and none where there is none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { floors, slope } from "../../bench/slope.ts";

/** Ten minutes of samples every 5 s. */
const minutes = Array.from({ length: 120 }, (_, index) => index / 12);
/** A heap between two collections: up by 30, and down again, every 50 s. */
const saw = (minute: number): number => (((minute * 60) % 50) / 50) * 30;

test("a straight line has its slope, and no error", () => {
  const line = slope(minutes.map((minute) => [minute, 100 + 2.5 * minute]));
  assert.ok(Math.abs(line.perMinute - 2.5) < 1e-9);
  assert.ok(line.error < 1e-9);
  assert.ok(Math.abs(line.first - 100) < 1e-9);
  assert.ok(Math.abs(line.last - (100 + (2.5 * 119) / 12)) < 1e-9);
});

test("the floor of a sawtooth is flat", () => {
  const { perMinute } = slope(
    floors(
      minutes.map((minute) => [minute, 100 + saw(minute)]),
      12,
    ),
  );
  assert.ok(Math.abs(perMinute) < 0.1, `${perMinute}`);
});

test("a leak of 2 MiB a minute is seen under a sawtooth of 30 MiB", () => {
  const { perMinute } = slope(
    floors(
      minutes.map((minute) => [minute, 100 + saw(minute) + 2 * minute]),
      12,
    ),
  );
  assert.ok(Math.abs(perMinute - 2) < 0.2, `${perMinute}`);
});

test("two points say nothing", () => {
  assert.ok(
    Number.isNaN(
      slope([
        [0, 1],
        [1, 2],
      ]).perMinute,
    ),
  );
});
