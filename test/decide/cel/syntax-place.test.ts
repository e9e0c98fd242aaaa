/** A syntax error names the token at which an expression stops being CEL, as cel-go does. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { CelSyntaxError } from "../../../src/decide/cel/source.ts";
import { findSyntaxFault } from "../../../src/decide/cel/syntax-place.ts";

function messageOf(expression: string): string {
  try {
    compileCel(expression);
  } catch (error) {
    if (error instanceof CelSyntaxError) return error.message;
    throw error;
  }
  return "";
}

describe("the place of the mistake", () => {
  const places: readonly (readonly [string, string])[] = [
    // cel-go's own answers, as recorded of Tekton.
    ["(", "1:2: it ends where a value"],
    ["body.flag & body.off", "1:11: found &"],
    ["body.action = 'opened'", "1:13: found ="],
    ["body.action <> 'x'", "1:14: found >"],
    ["1_000", "1:2: found _000"],
    // An operator without its right side, a bracket or a string without its end.
    ["body.x ==", "1:10: it ends where a value"],
    ["body.x ==\n", "1:10: it ends where a value"],
    ["a && (b || c", "1:13: it ends where an operator or ')' is expected; the '(' of 1:6 is open"],
    ["f(a, [1, 2)", "1:11: found ) where an operator, ',' or ']'"],
    ["body.x == 'a", "1:11: the string that begins here"],
    ["body.x == '''a''", "1:11: the string that begins here"],
    ["body.x == 'a')", "1:14: found )"],
    ["body.x ? 'a'", "1:13: it ends where an operator or the ':'"],
    ["a ? b, c : d", "1:6: found ,"],
    ["{'a' 1}", "1:6: found 1 where an operator or ':'"],
    ["size(body.x, )", "1:14: found )"],
    ["[1,,2]", "1:4: found ,"],
    ["body..x", "1:6: found ."],
    ["body.in == 'a'", "1:6: in is a word of CEL and no field: write ['in']"],
    ["body.x == 'a' and body.y", "1:15: found and"],
    ["body.x == \u2018a\u2019", "1:11: found \u2018"],
    ["body.x\u00a0== 1", "1:7: found U+00A0"],
    // Lines, tabs, comments, and characters beyond the basic plane count as cel-go counts them.
    ["body.x == 'a' &&\n\tbody.y = 'b'", "2:9: found ="],
    ["body.x == 'a' && // so it is\n\n  body.y ==\n  && c", "4:3: found &&"],
    ["'\u{1f600}' == )", "1:8: found )"],
    ["'''a\nb''' == 'c' d", "2:13: found d"],
    ["// only a comment", "1:1: the expression is empty"],
    ["", "1:1: the expression is empty"],
  ];
  for (const [expression, start] of places)
    test(JSON.stringify(expression), () => {
      const message = messageOf(expression);
      assert.ok(message.startsWith(start), message);
    });
});

test("what is CEL has no such place", () => {
  for (const expression of [
    "body.x == 'a' && !(body.y in ['b', \"c\",]) ? -1 : {'k': [1, 2u, 0x1F, 1.5e3, .5], 'l': r'\\d'}['k'][0]",
    "body.a.exists(x, x.b('c').d > 1 || x == null)",
    ".body.package.name.matches('^a$') // end",
    "has(body.x) ? body.x : (body.y ? 'a' : 'b')",
    'b\'\\x00\' + b"""x""" == bytes(\'\')',
    "!!-1 < - 2",
    "math.greatest(1, 2) >= {}.size() + size([])",
  ])
    assert.equal(findSyntaxFault(`${expression}\n`), undefined, expression);
});

test("every cut of an expression has its place at the end or at a string that is cut", () => {
  const whole = "has(body.a) && body.b['c'].exists(x, x in [1, 2]) ? 'é' : body.d + \"e\"";
  for (let length = 1; length < whole.length; length++) {
    const fault = findSyntaxFault(`${whole.slice(0, length)}\n`);
    if (fault === undefined) continue;
    const rest = whole.slice(fault.offset, length).trim();
    assert.match(rest, /^$|^['"]|^[&|i]$/, `${whole.slice(0, length)} → ${fault.reason}`);
  }
});
