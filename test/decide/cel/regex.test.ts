/** Patterns: RE2's answers, and replacing as Go does it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createCost } from "../../../src/core/cost-budget.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import { compilePattern, foreignPattern } from "../../../src/decide/cel/regex.ts";
import { CelFailure } from "../../../src/decide/cel/values.ts";
import { createWork } from "../../../src/decide/cel/work.ts";

const replaced = (pattern: string, text: string, by: string): string =>
  compilePattern(pattern).replaceAll(createWork(), text, by);

test("every kind of instruction takes part in replacing", () => {
  // Each row meets instructions of @bufbuild/re2 whose numbers regex.ts knows by heart.
  const rows = [
    ["b", "abc", "x", "axc"],
    ["[^a-z]+", "Hello, World", "", "elloorld"],
    ["(?i)B", "abBc", "x", "axxc"],
    [".", "a\nb", "x", "x\nx"],
    ["(?s).", "a\nb", "x", "xxx"],
    ["^b", "a\nb", "x", "a\nb"],
    ["(?m)^b$", "a\nb\nc", "x", "a\nx\nc"],
    ["\\bfoo\\b", "foo food foo", "x", "x food x"],
    ["\\Bo", "foo o", "x", "fxx o"],
    ["a*", "baaac", "X", "XbXcX"],
    ["a*?", "aa", "X", "XaXaX"],
    ["", "日本", ".", ".日.本."],
    ["^$", "", "empty", "empty"],
    ["a|ab", "abab", "x", "xbxb"],
    ["(?:a|ab)(?:c|bcd)", "abcd", "x", "x"],
    ["🎉", "a🎉b", "x", "axb"],
    ["(a+)+$", `${"a".repeat(60)}!`, "x", `${"a".repeat(60)}!`],
    ["z?", "🎉", "-", "-🎉-"],
  ] as const;
  for (const [pattern, text, by, want] of rows) assert.equal(replaced(pattern, text, by), want, pattern);
});

test("matches stand where another engine finds them, in every short text", () => {
  // V8 reads these patterns alike, and none matches nothing (after which the two go on differently).
  const patterns = [
    "a|ab",
    "ab|a",
    "a+?b?",
    "(?:a|b)+a",
    "\\bab?",
    "b\\B",
    "[^a]b|aa$",
    "^b|b$",
    "(a)(b)?",
    "\\s+[ab]",
    "(?:ab){2}|b",
  ];
  let texts = [""];
  for (let length = 1; length <= 6; length++) {
    texts = texts.flatMap((text) => [
      text,
      ...(text.length === length - 1 ? ["a", "b", " "].map((c) => text + c) : []),
    ]);
  }
  for (const pattern of patterns) {
    const regex = new RegExp(pattern, "g");
    for (const text of texts)
      assert.equal(replaced(pattern, text, "<$0>"), text.replace(regex, "<$&>"), `${pattern} in "${text}"`);
  }
  assert.ok(texts.length > 1_000);
});

test("a template names groups by number and name, as long as the name goes", () => {
  assert.equal(replaced("(?P<f>\\w+) (?P<l>\\w+)", "John Smith", "$l, $f"), "Smith, John");
  assert.equal(replaced("(b)", "abc", `$\{1}x$1x$$`), "abx$c");
  assert.equal(replaced("(z)?b", "abc", "[$1]$2"), "a[]c");
  assert.equal(replaced("b", "abc", "$&"), "a$&c");
});

test("what is not linear is not in the syntax, and what is catastrophic elsewhere is quick", () => {
  for (const pattern of ["(a)\\1", "(?=a)", "(?<!a)", "(?>a)", "a**"]) {
    assert.throws(() => compilePattern(pattern), CelFailure, pattern);
  }
  const work = createWork();
  assert.equal(compilePattern("^(([a-z])+.)+[A-Z]([a-z])+$").test(work, "a".repeat(10_000)), false);
});

test("a pattern that an event brings is limited and paid for", () => {
  const work = createWork(createCost(1_000));
  const refused = (pattern: string, reason: string) =>
    assert.throws(
      () => foreignPattern(pattern, work),
      (error) =>
        (error instanceof CelFailure && error.reason.includes(reason)) ||
        (error instanceof SluiceError && error.message.includes(reason)),
    );
  refused("[a-z]{1000}foreign", "too large");
  refused("foreign".repeat(100), "too large");
  refused("foreign", "costs more than");
  const other = createWork();
  const pattern = foreignPattern("foreign", other);
  assert.equal(pattern.test(other, "foreign"), true);
  assert.equal(foreignPattern("foreign", other), pattern, "once in an evaluation");
});
