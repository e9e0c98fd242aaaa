/** Work by key: only the newest counts, one key is not worked on twice at once, failures wait longer each time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createWork, type Worked } from "../../src/kubernetes/work.ts";

test("what waits under one key is done once, and never twice at the same time", async () => {
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  let busy = 0;
  const work = createWork({
    signal: new AbortController().signal,
    async work(key) {
      assert.equal(++busy, 1, "the same key twice at once");
      await gate.promise;
      busy--;
      done.push(key);
      return "done";
    },
  });
  for (let i = 0; i < 5; i++) work.add("a");
  gate.resolve();
  await work.idle();
  // Once for the first, which was under way, and once for all that came after.
  assert.deepEqual(done, ["a", "a"]);
});

test("at most eight are under way", async () => {
  let busy = 0;
  let most = 0;
  const work = createWork({
    signal: new AbortController().signal,
    async work() {
      most = Math.max(most, ++busy);
      await wait(1);
      busy--;
      return "done";
    },
  });
  for (let i = 0; i < 100; i++) work.add(String(i));
  await work.idle();
  assert.equal(most, 8);
});

test("`later` is believed so many times, what throws is tried till it succeeds, `never` ends it", async () => {
  const tries = new Map<string, number>();
  const work = createWork({
    ...{ signal: new AbortController().signal, tries: 3, firstMs: 0 },
    async work(key): Promise<Worked> {
      const count = (tries.get(key) ?? 0) + 1;
      tries.set(key, count);
      if (key === "throws" && count < 6) throw new Error("away");
      return key === "later" ? "later" : key === "never" ? "never" : "done";
    },
  });
  for (const key of ["later", "throws", "never", "done"]) work.add(key);
  await work.idle();
  assert.deepEqual(Object.fromEntries(tries), { later: 3, throws: 6, never: 1, done: 1 });
});

test("after the signal nothing is begun, and idle waits for what was", async () => {
  const stop = new AbortController();
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const ended: string[] = [];
  const work = createWork({
    ...{ signal: stop.signal, firstMs: 60_000 },
    async work(key) {
      begun.push(key);
      if (key === "later") return "later";
      await gate.promise;
      ended.push(key);
      return "later";
    },
  });
  for (const key of ["later", ..."abcdefghij"]) work.add(key);
  await new Promise(setImmediate);
  const before = begun.length;
  stop.abort();
  work.add("new");
  gate.resolve();
  await work.idle();
  assert.deepEqual([begun.length, ended.length], [before, before - 1]);
});
