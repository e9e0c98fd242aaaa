/** What helps against a value that makes no JSON string: by what it is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cureOf } from "../../../src/decide/render/cure.ts";

const cure = (value: string, escapesQuotes = false) => cureOf({ params: "param p", value, escapesQuotes });
const ANNOTATION = /old-escape-quotes/;

test("lists and objects are told how to be taken apart, or to be given whole", () => {
  for (const list of ['["a","b"]', '[{"a":1}]', `[${'"x",'.repeat(40_000)}"x"]`]) {
    assert.match(cure(list), /is a list.*\[0\].*header\.canonical.*join.*marshalJSON\(\)/);
    assert.match(cure(list), ANNOTATION);
  }
  assert.match(cure('{"a":1}'), /is an object.*marshalJSON\(\)/);
});

test("the annotation is advised only where it helps", () => {
  assert.doesNotMatch(cure('["say \\"hi\\""]'), ANNOTATION);
  assert.match(cure('["say \\"hi\\""]', true), /old-escape-quotes.*take it away.*marshalJSON/);
  assert.match(cure('say \\"hi\\"', true), /take it away/);
  for (const value of ["one\ntwo", "a\tb", "C:\\users"]) assert.doesNotMatch(cure(value), ANNOTATION, value);
  assert.match(cure('say "hi"'), ANNOTATION);
});

test("line breaks and backslashes that a binding spells out are to be escaped there", () => {
  assert.match(cure("one\ntwo"), /line break.*write \\n there/);
  assert.match(cure("C:\\users"), /write \\\\ for each backslash/);
});
