/** Remarks of the API server: read as they are quoted, and bounded. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readWarnings } from "../../src/kubernetes/warnings.ts";

const read = (warning?: string) => readWarnings({ headers: warning === undefined ? {} : { warning } });

test("remarks are read out of their quotes, several in one header", () => {
  assert.deepEqual(read(), []);
  assert.deepEqual(read('299 - "unknown field \\"spec.nonsense\\""'), ['unknown field "spec.nonsense"']);
  const old = "tekton.dev/v1beta1 Task is deprecated; use tekton.dev/v1 Task";
  assert.deepEqual(
    read(`299 - "${old}", 299 - "a \\\\ b"`),
    [old, "“a \\ b”"],
    "a webhook's words are quoted",
  );
  const removed = "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+";
  assert.deepEqual(read(`299 - "${removed}"`), [removed]);
});

test("what is no remark is none, and what is too much is cut", () => {
  for (const text of ["", "299", '299 - "open', "x".repeat(10_000), '299 - \\"'])
    assert.deepEqual(read(text), []);
  const many = read(
    Array.from({ length: 50 }, (_, i) => `299 - "w${i}\u001b[2J${"x".repeat(1_000)}"`).join(", "),
  );
  assert.equal(many.length, 10);
  for (const warning of many) assert.match(warning, /^“w\d \[2Jx{490,}”$/);
  assert.ok(many.every(({ length }) => length <= 502));
});
