/** What is found in an expression's text before any event. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { CelSyntaxError, MAX_EXPRESSION, place, readSource } from "../../../src/decide/cel/source.ts";
import { evaluate } from "./evaluate.ts";

const refusal = (expression: string): string => {
  try {
    compileCel(expression);
  } catch (error) {
    if (error instanceof CelSyntaxError) return error.message;
    throw error;
  }
  return "compiles";
};

test("an expression longer than the limit, or nested deeper than cel-go reads, is refused", () => {
  assert.match(refusal(`'${"a".repeat(MAX_EXPRESSION)}'`), /the limit is 16384/);
  for (const deep of ["(".repeat(300), `${"[".repeat(300)}${"]".repeat(300)}`, `${"!".repeat(300)}true`]) {
    assert.match(refusal(deep), /nested too deep/);
  }
  assert.match(refusal(`1${"+1".repeat(8_000)}`), /nested too deep/);
  assert.equal(evaluate(`true${" && true".repeat(1_500)}`), true);
});

test("brackets, comments and escapes inside strings are only text", () => {
  assert.equal(evaluate(`'${"(".repeat(300)}'.size()`), 300n);
  assert.equal(evaluate("'// no comment' // a comment"), "// no comment");
  assert.equal(evaluate(String.raw`r'\z' + R"\" + '\'\x41\101\u0041'`), String.raw`\z\'AAA`);
});

test("an escape that CEL does not know is refused where it stands", () => {
  assert.equal(refusal(String.raw`'ab\z'`), "1:4: unknown escape sequence");
  assert.equal(refusal(String.raw`"""\q"""`), "1:4: unknown escape sequence");
});

test("a name in backticks may hold what an identifier may not", () => {
  const body = { "dotted.key": 1, "a-b": { "c/d e": 2 } };
  assert.equal(evaluate("body.`dotted.key`", body), 1);
  assert.equal(evaluate("body.`a-b`.`c/d e`", body), 2);
  assert.equal(evaluate("has(body.`a-b`.`c/d e`) && !has(body._a_b_)", body), true);
  assert.equal(readSource("a.`b.c`").text, "a._b_c_\n");
});

test("places count lines and columns from one", () => {
  assert.equal(place("a ==\n  b", 7), "2:3");
  assert.equal(refusal("body.a ==\n  nope(1)"), "2:3: undeclared reference to 'nope'");
  assert.equal(refusal("1 == 1.0"), "1:3: found no matching overload for '_==_' applied to '(int, double)'");
});
