/** Go's escapes in the quoted strings of filters. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { unquote } from "../../../src/decide/bind/unquote.ts";

test("Go's escapes are understood, in either kind of quotes", () => {
  const cases: Readonly<Record<string, string>> = {
    '"plain é"': "plain é",
    "'it is'": "it is",
    "'it\\'s'": "it's",
    '"say \\"hi\\""': 'say "hi"',
    '"\\a\\b\\f\\n\\r\\t\\v\\\\"': "\x07\b\f\n\r\t\v\\",
    '"\\x41\\101\\u00e9\\U0001F389!"': "AAé🎉!",
    '"\\xc3\\xa9"': "é",
  };
  for (const [quoted, want] of Object.entries(cases)) assert.equal(unquote(quoted), want);
});

test("what Go refuses is refused", () => {
  for (const quoted of [
    '"\\q"',
    '"it\\\'s"',
    '"\\x4"',
    '"\\u00e"',
    '"\\777"',
    '"\\ud800"',
    '"\\U00110000"',
    '"a\\\\"b"',
    '"\\__proto__"',
  ]) {
    assert.throws(() => unquote(quoted), SyntaxError, quoted);
  }
});
