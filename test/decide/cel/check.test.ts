/** The checker: types of results, and what can never be evaluated. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { CelSyntaxError } from "../../../src/decide/cel/source.ts";
import { printType } from "../../../src/decide/cel/types.ts";

const typeOf = (expression: string): string => printType(compileCel(expression).type);

test("results have the types that the event and the functions give them", () => {
  const types = {
    "body.a.b": "dyn",
    body: "map(string, dyn)",
    "body.a == 1": "bool",
    requestURL: "string",
    "[1, 2].map(x, string(x))": "list(string)",
    "[1, 'a']": "list(dyn)",
    "[]": "list(dyn)",
    "{'a': [1u]}": "map(string, list(uint))",
    "body.a ? 1 : 2": "int",
    "timestamp(0) - timestamp(1)": "duration",
    "body.a + 1": "int",
    "lists.range(3).map(i, [i]).flatten()": "list(int)",
    "math.greatest(1, 2.0)": "dyn",
    "type(1)": "type(int)",
  };
  for (const [expression, type] of Object.entries(types)) assert.equal(typeOf(expression), type, expression);
});

test("what fits no overload is refused, and dyn fits all", () => {
  const wrong = [
    ["1 + 'a'", "'_+_' applied to '(int, string)'"],
    ["'x' in 'xyz'", "'@in' applied to '(string, string)'"],
    ["body == null", "'_==_' applied to '(map(string, dyn), null)'"],
    ["[[2], [1]].sort()", "'sort' applied to 'list(list(int)).()'"],
    ["header.match('a')", "'match' applied to 'map(string, dyn).(string)'"],
    ["true ? 1 : 'a'", "'_?_:_' applied to '(bool, int, string)'"],
    ["body.a && 'x'", "expected type 'bool' but found 'string'"],
    ["{'a': 1}.a.b", "type 'int' does not support field selection"],
    ["requestURL.all(x, true)", "cannot be range of a comprehension"],
    ["[1].sortBy(x, [x])", "cannot be sorted by"],
  ] as const;
  for (const [expression, reason] of wrong) {
    assert.throws(
      () => compileCel(expression),
      (error) => error instanceof CelSyntaxError && error.message.includes(reason),
      expression,
    );
  }
  compileCel("body.a == 1 && body.a == 1.0 && body.a in body.b && body.c.sort()[0] == body.d[body.e]");
});

test("undeclared names are refused; a macro's variable hides others inside it only", () => {
  for (const expression of ["headers['a']", "body.a.upper()", "optional.of(1)", "[1].map(x, y)", "dyn"]) {
    assert.throws(() => compileCel(expression), /undeclared reference/, expression);
  }
  assert.equal(typeOf("[1].map(body, body + 1)"), "list(int)");
  assert.throws(() => compileCel("[1].all(x, x > 0) && x"), /undeclared reference to 'x'/);
  assert.equal(typeOf("[[1]].map(math, math.size())"), "list(int)");
});

test("macros want a simple name and has() a selection", () => {
  for (const expression of [
    "has(body['a'])",
    "body.a.sortBy(b.c, 1)",
    "math.greatest([])",
    "[1].existsOne(x, true)",
  ]) {
    assert.throws(() => compileCel(expression), CelSyntaxError, expression);
  }
});

test("patterns that RE2 refuses are found at once, with their place", () => {
  assert.throws(() => compileCel("body.a.matches('(?<!x)b')"), /^CelSyntaxError: 1:16: /);
  assert.throws(() => compileCel("body.a.translate('(a', '')"), CelSyntaxError);
});

test("numbers beyond 64 bits are refused", () => {
  for (const number of ["9223372036854775808", "18446744073709551616u", "1e999"]) {
    assert.throws(() => compileCel(number), CelSyntaxError, number);
  }
  compileCel("-9223372036854775808");
});
