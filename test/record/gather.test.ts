/** Lines that go out together. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { gather } from "../../src/record/gather.ts";

const LINGER_MS = 10;

function opened() {
  const writes: string[] = [];
  return { writes, gathered: gather({ write: (lines) => writes.push(lines) }, LINGER_MS) };
}

test("passes on together, in order, what was said within the time, and then waits anew", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { writes, gathered } = opened();
  gathered.write("a\n");
  t.mock.timers.tick(LINGER_MS - 1);
  gathered.write("b\n");
  assert.deepEqual(writes, []);
  t.mock.timers.tick(1);
  assert.deepEqual(writes, ["a\nb\n"]);
  gathered.write("c\n");
  t.mock.timers.tick(LINGER_MS);
  assert.deepEqual(writes, ["a\nb\n", "c\n"]);
});

test("passes on at once what is much, and what is asked for, but never nothing", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { writes, gathered } = opened();
  const long = `${"x".repeat(65_536)}\n`;
  gathered.write("a\n");
  gathered.write(long);
  assert.deepEqual(writes, [`a\n${long}`]);
  gathered.write("b\n");
  gathered.flush();
  gathered.flush();
  t.mock.timers.tick(LINGER_MS);
  assert.deepEqual(writes, [`a\n${long}`, "b\n"]);
});
