/** Header values as bytes: UTF-8 is text, other bytes are what Go's JSON makes of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { headersFromWire, headerText, wireText } from "../../src/core/header-bytes.ts";

const wire = (...bytes: readonly number[]): string => Buffer.from(bytes).toString("latin1");

test("UTF-8 on the wire is the text that it encodes, and goes out again as the same bytes", () => {
  for (const text of ["plain", "größe", "ветка/фича", "\ufeffbom", "key 🔑", "\u{10ffff}", "\ufffd"]) {
    const sent = Buffer.from(text).toString("latin1");
    assert.equal(headerText(sent), text);
    assert.equal(wireText(text), sent);
  }
});

test("each byte that is no UTF-8 becomes U+FFFD, as Go's encoding/json writes it", () => {
  const cases: readonly [readonly number[], string][] = [
    [[0x67, 0xf6, 0x67], "g\ufffdg"],
    [[0xe2, 0x82], "\ufffd\ufffd"],
    [[0xe2, 0x82, 0x41], "\ufffd\ufffdA"],
    [[0xc3, 0xa4, 0xff, 0xc3, 0xb6], "ä\ufffdö"],
    [[0xc0, 0x80], "\ufffd\ufffd"],
    [[0xe0, 0x80, 0x80], "\ufffd\ufffd\ufffd"],
    [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    [[0xf4, 0x90, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
    [[0xf0, 0x9f, 0x94], "\ufffd\ufffd\ufffd"],
  ];
  for (const [bytes, text] of cases) assert.equal(headerText(wire(...bytes)), text, bytes.join(" "));
});

test("a map is made of pairs, names as they are canonical", () => {
  const pairs = ["x-branch", wire(0x67, 0xc3, 0xb6), "X-Plain", "a", "x-plain", "b"];
  assert.deepEqual(headersFromWire(pairs), { "X-Branch": ["gö"], "X-Plain": ["a", "b"] });
});
