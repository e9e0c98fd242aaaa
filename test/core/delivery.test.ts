/** The payload: parsed when somebody asks, and only once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { payload } from "../../src/core/delivery.ts";

test("a body is parsed once, however many triggers look at it", () => {
  const body = payload('{"a":[1]}');
  assert.deepEqual(body.json(), { a: [1] });
  assert.equal(body.json(), body.json());
  assert.equal(body.text, '{"a":[1]}');
});

test("a body that is no JSON is text all the same, and fails the same way each time", () => {
  const body = payload("{");
  assert.equal(body.text, "{");
  const faults = [0, 1].map(() => {
    try {
      return body.json();
    } catch (error) {
      return error;
    }
  });
  assert.ok(faults[0] instanceof SyntaxError);
  assert.equal(faults[0], faults[1]);
});

test("a body that is null is parsed once too", () => {
  const body = payload("null");
  assert.equal(body.json(), null);
  assert.equal(body.json(), null);
});
