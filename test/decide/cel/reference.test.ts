/** Habits of cel-go that were found by running it beside ours: each row is its answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { toJson } from "../../../src/decide/cel/to-json.ts";
import { CelFailure } from "../../../src/decide/cel/values.ts";
import { createWork } from "../../../src/decide/cel/work.ts";
import { evaluate, failureOf } from "./evaluate.ts";

const body = {
  list: ["one", "two"],
  numbers: [3, 4],
  objects: [{ name: "a", size: 1 }],
  deep: { list: [1, 2], map: { key: "v" } },
};

/** The value as JSON. */
const json = (expression: string): unknown => toJson(evaluate(expression, body), createWork());

function holds(rows: readonly (readonly [string, unknown])[]): void {
  for (const [expression, value] of rows) assert.deepEqual(json(expression), value, expression);
}

const refuses = (expression: string): void =>
  assert.throws(() => evaluate(expression, body), { name: /^Cel/ });

test("what an index finds in something unknown is unknown: its value chooses the overload", () => {
  holds([
    ["body.list[0] + body.list[1]", "onetwo"],
    ["string(body.numbers[0])", "3"],
    ["-body.numbers[0]", -3],
    ["body.list[0].size() + 1", 4],
    ["body.objects[0].marshalJSON()", '{"name":"a","size":1}'],
    ["body.deep['map']['key'] + body.deep['map']['key']", "vv"],
    ["body.deep['list'] + body.deep['list']", [1, 2, 1, 2]],
    ["'key' in body.deep['map']", true],
    ["size(body.objects[0]['name'])", 1],
  ]);
});

test("numbers of different types are compared in a macro and behind it, but not in front of it", () => {
  holds([
    ["[1.5].all(x, x > 1)", true],
    ["[1u].exists(x, x >= 2)", false],
    ["[1].all(x, true) && 1 < 1.5", true],
    ["[2, 1].sortBy(x, x < 1.5)", [2, 1]],
  ]);
  for (const expression of ["1 < 1.5", "1 < 1.5 && [1].all(x, true)", "[1 < 1.5].all(x, x)"]) {
    assert.throws(() => evaluate(expression), /found no matching overload for '_<_'/, expression);
  }
  assert.throws(() => evaluate("[1.5].all(x, x == 1)"), /no matching overload/);
});

test("a format with its arguments beside it is checked before any event, whether it is reached or not", () => {
  const rows = ["'x'.format(['a'])", "'%s'.format([])", "'%d'.format(['a'])", "'%z'.format([1])"];
  for (const row of [...rows, "'%.101f'.format([1.5])", "'%x'.format([1.5])", "'%%'.format([body.list])"]) {
    assert.throws(() => evaluate(`false && ${row} == ''`, body), /format: /, row);
  }
  holds([
    ["'x'.format(body.list)", "x"],
    ["'%s'.format(body.list)", "one"],
    ["'%e %f'.format([-0.0, -0.0])", "-0.000000e+00 -0.000000"],
    ["'%.1f'.format([1e22])", "10000000000000000000000.0"],
    ["'%.0e %.0e %.1e %.2e'.format([-2.5, 3.5, 1.25, 0.15])", "-2e+00 4e+00 1.2e+00 1.50e-01"],
  ]);
});

test("bytes that are no UTF-8 become text that no result can hold", () => {
  assert.equal(evaluate("size('%s'.format([b'\\xff\\xfe']))"), 2n);
  for (const expression of [
    "'%s'.format([b'\\xff'])",
    "'http://h/%ff'.parseURL()",
    "'http://h/?%ff=1'.parseURL()",
  ])
    assert.throws(() => json(expression), CelFailure, expression);
});

test("null is comparable to what may be null in protobuf, and to nothing else", () => {
  holds([
    ["null == timestamp(0)", false],
    ["duration('1s') != null", true],
    ["null in [timestamp(0)]", false],
  ]);
  refuses("null == 1");
});

test("durations are not negated, and not made of numbers", () => {
  for (const expression of ["-duration('1s')", "duration(1)"]) refuses(expression);
});

test("keys of maps may be anything; a double finds an int, an int no double", () => {
  holds([
    ["size({[]: 1, {}: 2})", 2],
    ["{'a': 1, []: 2}.a", 1],
    ["{1: 'a'}[dyn(1.0)]", "a"],
    ["1 in dyn({1.0: 'a'})", false],
    ["size({1: 1, 1.0: 2})", 2],
    ["[] in dyn({'a': 1})", false],
  ]);
  assert.match(failureOf("{null: 1}[null]"), /invalid qualifier/);
});

test("greatest and least refuse NaN as soon as there is something to compare it with", () => {
  for (const call of [
    "math.greatest(0.0/0.0, 1.0)",
    "math.least([1.0, 0.0/0.0])",
    "math.greatest(1, 2, 0.0/0.0)",
  ])
    assert.match(failureOf(call), /NaN values cannot be ordered/, call);
  holds([
    ["math.isNaN(math.least([0.0/0.0]))", true],
    ["string(math.sign(-0.0))", "0"],
    ["dyn(0.0/0.0) <= dyn('a')", false],
    ["dyn('a') >= dyn(0.0/0.0)", false],
  ]);
});

test("the empty text is found where one looks, up to the end", () => {
  holds([
    ["'abc'.indexOf('', 9)", 3],
    ["'abc'.lastIndexOf('', 9)", 3],
    ["'abc'.lastIndexOf('', 1)", 1],
  ]);
  for (const call of ["'abc'.indexOf('', -1)", "'abc'.lastIndexOf('', -1)", "lists.range(-1)"])
    assert.match(failureOf(call), /out of range|non-negative/, call);
});

test("numbers are written with underscores and with space behind the minus", () => {
  holds([
    ["double('1_000.5')", 1000.5],
    ["double('0x_1p4')", 16],
    ["string(-  9223372036854775808)", "-9223372036854775808"],
  ]);
  for (const text of ["1__0", "_1", "1_", "1_.5"])
    assert.match(failureOf(`double('${text}')`), /conversion error/, text);
  for (const expression of ["-(9223372036854775808)", "b'\\u0041'", "[1].map(__result__, 1)"])
    refuses(expression);
});

test("hosts are as strict as those of the web; databases may have several", () => {
  holds([
    ["'postgres://a:1,b:2/db'.parseURL().host", "a:1,b:2"],
    ["'http://[::1%25eth0]:80/'.parseURL().host", "[::1%eth0]:80"],
  ]);
  for (const url of ["http://h:80:80", "http://[x]", "http://a[::1]/"])
    assert.match(failureOf(`'${url}'.parseURL()`), /invalid host/, url);
});

test("YAML is read as go-yaml reads it", () => {
  const yaml = (text: string): unknown => toJson(evaluate("body.y.parseYAML()", { y: text }), createWork());
  const rows: readonly (readonly [string, unknown])[] = [
    ["a: 0o17\nb: 017\nc: 0x1F\nd: 0b11\ne: 08", { a: 15, b: 15, c: 31, d: 3, e: 8 }],
    ["a: 1e400\nb: .5\nc: 1_000\nd: +1", { a: "1e400", b: 0.5, c: 1000, d: 1 }],
    ["a: y\nb: Off\nc: ~\nd: yEs", { a: true, b: false, c: null, d: "yEs" }],
    ["a: !!float 1\nb: !!str 1\nc: ! 1\nd: !x 1", { a: 1, b: "1", c: "1", d: "1" }],
    ["a: |\n  x\n  y", { a: "x\ny" }],
    ["a: |\n  x\n", { a: "x\n" }],
    ["a: >\n  x\n  y\nb: 1", { a: "x y\n", b: 1 }],
    ["1: a\n1.5: b\n0.1: c\ntrue: d", { "1": "a", "1.5": "b", "0.1": "c", true: "d" }],
    ["a: 1\rb: 2\r\nc: 3", { a: 1, b: 2, c: 3 }],
    ["a: !!binary aGk=", { a: "hi" }],
    ["a: 12:30:45\nb: 2024-01-02", { a: "12:30:45", b: "2024-01-02" }],
  ];
  for (const [text, value] of rows) assert.deepEqual(yaml(text), value, text);
  const bad = [
    "null: a",
    "~: a",
    "a: !!int 1.5",
    "a: !!bool 1",
    "%YAML 1.2\n---\na: 1",
    "%f",
    "a: \u0007",
    "a: .nan",
  ];
  for (const text of [...bad, "a: !!binary '%'"]) assert.throws(() => yaml(text), CelFailure, text);
});
