/** Overlay keys: paths as sjson reads them, within limits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { overlayKey } from "../../../src/decide/cel/overlay-key.ts";
import { CelFailure } from "../../../src/decide/cel/values.ts";

const set = (...pairs: [string, string | number | object][]): object => {
  const root = {};
  for (const [key, value] of pairs) overlayKey(key)(root, value as never);
  return root;
};

test("dots nest, digits make lists, a colon or an escape makes them names", () => {
  assert.deepEqual(set(["a.b", 1], ["a.c", 2]), { a: { b: 1, c: 2 } });
  assert.deepEqual(set(["l.2", 1]), { l: [null, null, 1] });
  assert.deepEqual(set(["l.-1", 1], ["l.-1", 2]), { l: [1, 2] });
  assert.deepEqual(set(["l.:1", 1], ["a\\.b", 2]), { l: { "1": 1 }, "a.b": 2 });
  assert.deepEqual(set(["a", 1], ["a.b.0.c", 2]), { a: { b: [{ c: 2 }] } });
});

test("a list keeps its elements: a colon finds them, nothing and an escape stand behind them, -1 wants a list", () => {
  assert.deepEqual(set(["l.0", 1], ["l.:0", 2]), { l: [2] });
  assert.deepEqual(set(["l.1", 1], ["l.", 2], ["l.\\1", 3]), { l: [null, 1, 2, 3] });
  assert.deepEqual(set(["l.00", 1], ["l.00", 2]), { l: [2] });
  assert.deepEqual(set(["a", 1], ["a.-1", 2]), { a: { "-1": 2 } });
  // 64 bits are not enough for this one: it wraps to below zero.
  assert.deepEqual(set(["l.9999999999999999999", 1], ["l.9999999999999999999", 2]), { l: [1, 2] });
});

test("wildcards replace the first match and make nothing; queries set nothing", () => {
  assert.deepEqual(set(["ab", 1], ["a?", 2], ["zz*", 3]), { ab: 2 });
  assert.deepEqual(set(["a", { xyz: 1 }], ["a.x*z", 2]), { a: { xyz: 2 } });
  assert.deepEqual(set(["#", 1], ["a|b", 1], ["a@b", 1]), {});
  assert.deepEqual(set(["a", 1], ["*".repeat(2_000), 2]), { a: 2 });
});

test("keys like a.50000000 are refused before they allocate", () => {
  for (const key of ["a.50000000", "a.1000", "", `a${".b".repeat(200)}`]) {
    assert.throws(() => set([key, 1]), CelFailure, key);
  }
  assert.throws(() => set(["l.0", 1], ["l.name", 1]), CelFailure);
});

test("__proto__ is a key like any other", () => {
  const root = set(["__proto__.x", 1], ["constructor.prototype.y", 2]);
  assert.equal(JSON.stringify(root), '{"__proto__":{"x":1},"constructor":{"prototype":{"y":2}}}');
  assert.equal(({} as { x?: number }).x, undefined);
  assert.equal((Object as { y?: number }).y, undefined);
});
