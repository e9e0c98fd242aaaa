/** The words of YAML that are no text. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { YAML_FLOAT, YAML_WORDS } from "../../src/core/yaml-words.ts";

test("a word has three spellings, and no others", () => {
  const meant = (words: readonly string[]) => words.map((word) => YAML_WORDS.get(word));
  assert.deepEqual(meant(["yes", "Yes", "YES", "yEs"]), [true, true, true, undefined]);
  assert.deepEqual(meant(["n", "N", "Off", "oFF"]), [false, false, false, undefined]);
  assert.deepEqual(meant(["", "~", "Null", "nULL"]), [null, null, null, undefined]);
  assert.deepEqual(meant([".nan", ".NaN", ".NAN", ".Nan"]), [NaN, NaN, NaN, undefined]);
  assert.deepEqual(meant(["+.Inf", "-.INF", "-.nan", "inf"]), [Infinity, -Infinity, undefined, undefined]);
});

test("a float is of base ten, and may lack one of its halves", () => {
  for (const text of ["1.", ".5", "-1.5e+3", "08", "1e9"]) assert.match(text, YAML_FLOAT);
  for (const text of ["", ".", "-", "1e", "0x1", "1.5.2", "1_0", "1.5\n"])
    assert.doesNotMatch(text, YAML_FLOAT);
});
