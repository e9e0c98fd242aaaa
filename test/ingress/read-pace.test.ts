/** Large bodies take turns: in each one of the event loop so many bytes are read, and whoever waits comes first later. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createReadPace, type Paced } from "../../src/ingress/read-pace.ts";

const KIB = 1024;

/** A stream that notes what it is told. */
function stream(name: string, told: string[]): Paced {
  return {
    pause: () => told.push(`${name} pauses`),
    resume: () => told.push(`${name} goes on`),
  };
}

test("what is read in one turn is counted over all streams, and each waits once it is spent", async () => {
  const told: string[] = [];
  const pace = createReadPace(100 * KIB);
  const [a, b] = [stream("a", told), stream("b", told)];
  pace.took(a, 60 * KIB);
  assert.deepEqual(told, []);
  pace.took(b, 60 * KIB);
  pace.took(a, 10 * KIB);
  assert.deepEqual(told, ["b pauses", "a pauses"]);
  // A stream brings what it has read already.
  pace.took(a, 10 * KIB);
  assert.deepEqual(told, ["b pauses", "a pauses"]);
  await nextTurn();
  await nextTurn();
  assert.deepEqual(told.slice(2), ["b goes on", "a goes on"]);
});

test("of many that wait, each turn lets so many go on as it has room for, the first first", async () => {
  const told: string[] = [];
  const pace = createReadPace(128 * KIB);
  const names = ["a", "b", "c", "d", "e"];
  for (const name of names) pace.took(stream(name, told), 128 * KIB);
  told.length = 0;
  const turns: string[][] = [];
  while (turns.flat().length < names.length) {
    await nextTurn();
    turns.push(told.splice(0));
  }
  assert.deepEqual(
    turns.filter((turn) => turn.length > 0),
    [["a goes on", "b goes on"], ["c goes on", "d goes on"], ["e goes on"]],
  );
});

test("a turn without large bodies spends nothing of the next", async () => {
  const told: string[] = [];
  const pace = createReadPace(100 * KIB);
  const a = stream("a", told);
  for (let turn = 0; turn < 5; turn++) {
    pace.took(a, 90 * KIB);
    await nextTurn();
    await nextTurn();
  }
  assert.deepEqual(told, []);
});
