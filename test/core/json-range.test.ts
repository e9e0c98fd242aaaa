/** Tells JSON texts apart that may hold a number beyond the range of doubles, without reading them as JSON. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mayOverflow } from "../../src/core/json-range.ts";

test("finds every number that JSON.parse reads as infinite, wherever it stands", () => {
  const digits = fc.stringMatching(/^[1-9][0-9]{0,420}$/);
  const fraction = fc.stringMatching(/^(\.[0-9]{1,12})?$/);
  const exponent = fc.stringMatching(/^([eE][+-]?0{0,3}[0-9]{1,3})?$/);
  const number = fc
    .tuple(fc.constantFrom("", "-"), digits, fraction, exponent)
    .map((parts) => parts.join(""))
    .filter((text) => !Number.isFinite(JSON.parse(text)));
  const around = fc.constantFrom(["", ""], ["[", "]"], ["[1,", ",2]"], ['{"a":', "}"], ['{"a":\n\t ', " }"]);
  const filling = fc.string({ maxLength: 400 }).map((text) => JSON.stringify(text));
  fc.assert(
    fc.property(number, around, filling, (text, [before, after], more) => {
      assert.equal(mayOverflow(`[${more},${before}${text}${after},${more}]`), true);
      assert.equal(mayOverflow(`${before}${text}${after}`), true);
    }),
    { numRuns: 2_000 },
  );
});

test("does not take hashes, dates and small numbers for large ones", () => {
  const sha = "4e123ab5e999cd0123456789abcdef0123456789";
  for (const text of [
    `"${sha}"`,
    "1e99",
    "12.5e-300",
    `"${"0123456789".repeat(19)}"`,
    `{"e100":1}`,
    "[]",
    "",
  ]) {
    assert.equal(mayOverflow(text), false, text);
  }
});

test("rather looks twice than not at all: what looks like a number inside a string counts", () => {
  assert.equal(mayOverflow('" 1e999"'), true);
  assert.equal(mayOverflow(`"${"9".repeat(200)}"`), true);
});
