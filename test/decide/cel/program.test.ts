/** Evaluation: values, failures, and the limits that hold for hostile events. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { CelFailure } from "../../../src/decide/cel/values.ts";
import { evaluate, eventWith, failureOf, noSecrets } from "./evaluate.ts";

test("JSON numbers are doubles, and compare with integers by value", () => {
  assert.equal(evaluate("body.n == 42 && body.n > 41 && body.n < 42.5 && body.n in [42]", { n: 42 }), true);
  assert.equal(failureOf("body.n + 1", { n: 42 }), "no such overload: _+_(double, int)");
  assert.equal(evaluate("type(body.n) == double", { n: 42 }), true);
});

test("a missing key is named together with where it is missing", () => {
  assert.equal(failureOf("body.pull_request.base.ref == 'main'"), "no such key: pull_request in body");
  assert.equal(failureOf("body.a.b", { a: {} }), "no such key: b in body.a");
  assert.equal(failureOf("body.l[3]", { l: [1] }), "index out of bounds: 3");
});

test("a failure is outweighed by what decides without it, on either side", () => {
  assert.equal(evaluate("body.x == 1 || true"), true);
  assert.equal(evaluate("false && body.x == 1"), false);
  assert.equal(evaluate("body.l.exists(i, i.n == 2)", { l: ["a", { n: 2 }] }), true);
  assert.equal(failureOf("body.l.all(i, i.n == 2)", { l: [{ n: 2 }, {}] }), "no such key: n in i");
});

test("a key is there even when its value is null, and names of Object.prototype are no keys", () => {
  assert.equal(evaluate("has(body.a) && body.a == null", { a: null }), true);
  for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
    assert.equal(evaluate(`has(body.${name}) || '${name}' in body`), false, name);
    assert.match(failureOf(`body.${name}`), /no such key/);
  }
  assert.equal(evaluate("body.__proto__ == 'x'", JSON.parse('{"__proto__": "x"}')), true);
});

test("nested macros with one variable name keep their own values", () => {
  assert.deepEqual(evaluate("[1, 2].map(x, [10, 20].map(x, x + 1).size() + x)"), [3n, 4n]);
  assert.deepEqual(evaluate("[[1, 2], [3]].map(x, x.map(y, y + x[0]))"), [[2n, 3n], [6n]]);
  assert.deepEqual(evaluate("[1, 2, 3].map(x, x > 1, x * 2)"), [4n, 6n]);
});

test("the body is shared, never changed: sorting and joining make new lists", () => {
  const list = [3, 1, 2];
  assert.deepEqual(evaluate("(body.l + [0.5]).sort()", { l: list }), [0.5, 1, 2, 3]);
  assert.deepEqual(evaluate("body.l.reverse() == body.l", { l: list }), false);
  assert.deepEqual(list, [3, 1, 2]);
});

test("no event makes an evaluation long: loops, texts, patterns and YAML are paid for", () => {
  const text = "a".repeat(300_000);
  const list = Array.from({ length: 20_000 }, () => 1);
  const cases: [string, unknown][] = [
    ["body.l.all(x, body.l.all(y, true))", { l: list }],
    ["true || body.l.exists(x, body.l.exists(y, false))", { l: list }],
    ["body.l.all(x, body.t.size() > 0)", { t: text, l: list }],
    ["body.l.all(x, !body.t.matches('b.*c'))", { t: text, l: list }],
    ["body.l.all(x, [body.t].marshalJSON() != '')", { t: text, l: list }],
    ["body.l.all(x, body.t < body.u)", { t: `${text}\ue000`, u: `${text}b\ue000`, l: list }],
    ["body.t.translate('a.*z|a', 'x') == ''", { t: text }],
    ["body.l.all(x, 'a'.matches(x))", { l: Array.from({ length: 100 }, (_x, i) => `a?${i}`) }],
    ["body.t.replace('', 'xxxxxxxxxx').replace('', 'xxxxxxxxxx') == ''", { t: text }],
    ["body.y.parseYAML() == {}", { y: aliasBomb() }],
    ["body.y.parseYAML() == {}", { y: "[".repeat(50_000) }],
    ["body.y.parseYAML() == {}", { y: "- ".repeat(200_000) }],
    ["lists.range(1000000).map(x, x).map(x, x) == []", {}],
  ];
  for (const [expression, body] of cases) {
    const before = process.cpuUsage();
    try {
      evaluate(expression, body);
    } catch (error) {
      assert.ok(error instanceof CelFailure || error instanceof SluiceError, String(error));
    }
    const spent = process.cpuUsage(before);
    assert.ok(spent.user + spent.system < 1_000_000, `${expression} took ${spent.user} µs`);
  }
});

test("a limit is not outweighed by anything", () => {
  const body = { l: Array.from({ length: 5_000 }, () => 1) };
  assert.match(failureOf("body.l.all(x, body.l.all(y, true)) || true", body), /costs more than/);
  assert.match(
    failureOf("[1, 2].exists(z, body.l.all(x, body.l.all(y, true)) || true)", body),
    /costs more than/,
  );
});

function aliasBomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i++)
    lines.push(
      `a${i}: &a${i} [${Array(8)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  return lines.join("\n");
}

test("an operator's pattern stays compiled, whatever its length and however many others come", () => {
  const long = Array.from({ length: 200 }, (_, i) => `name-${i}`).join("|");
  const program = compileCel(`body.a.matches("${long}") && matches(body.a, "${long}")`);
  const replacing = compileCel(`body.a.translate("(${long})", "<$1>")`);
  const body = { a: "name-7", patterns: Array.from({ length: 101 }, (_, i) => `foreign-${i}`) };
  evaluate("body.patterns.exists(p, body.a.matches(p))", body);
  for (let i = 0; i < 1_001; i++) compileCel(`body.a.matches("other-${i}")`);
  const view = { namespace: "default", secrets: noSecrets };
  assert.equal(program.evaluate(eventWith(body), view), true);
  assert.equal(replacing.evaluate(eventWith(body), view), "<name-7>");
});
