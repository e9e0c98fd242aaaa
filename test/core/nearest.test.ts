/** The word that was probably meant, and words that mean nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { amount } from "../../src/core/amount.ts";
import { nearest } from "../../src/core/nearest.ts";

test("a letter more, less or changed, and two that are swapped", () => {
  for (const word of ["githb", "githubb", "gifhub", "gihtub", "GitHub"])
    assert.equal(nearest(word, ["gitlab", "github", "cel"]), "github", word);
  assert.equal(nearest("biuld", ["build"]), "build");
  assert.equal(nearest("bnid", ["bind"]), "bind");
});

test("other words, and words of a letter or two, mean nothing", () => {
  assert.equal(nearest("deploy", ["build"]), undefined);
  assert.equal(nearest("k", ["a"]), undefined);
  assert.equal(nearest("tt", ["t"]), undefined);
  assert.equal(nearest("release_done", ["release_one"], 0), undefined);
});

test("one file, no files, two files", () => {
  assert.deepEqual(
    [1, 0, 2].map((count) => amount(count, "file")),
    ["1 file", "0 files", "2 files"],
  );
  assert.equal(amount(1, "delivery", "deliveries"), "1 delivery");
  assert.equal(amount(3, "delivery", "deliveries"), "3 deliveries");
});
