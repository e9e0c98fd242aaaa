/** Tekton's functions, and Go's texts for numbers, times, URLs and YAML. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCel } from "../../../src/decide/cel/program.ts";
import { overlayJson } from "../../../src/decide/cel/to-json.ts";
import { createWork } from "../../../src/decide/cel/work.ts";
import { evaluate, eventWith, failureOf, noSecrets } from "./evaluate.ts";

/** The result as an overlay gives it. */
const overlay = (expression: string, body: unknown = {}): unknown =>
  overlayJson(evaluate(expression, body), createWork());

test("headers are found under their canonical name; only the first value counts", () => {
  const event = eventWith({}, { headers: { "X-Github-Event": ["push", "ping"] } });
  const view = { namespace: "default", secrets: noSecrets };
  const answer = (expression: string) => compileCel(expression).evaluate(event, view);
  assert.equal(answer("header.match('x-GITHUB-event', 'push')"), true);
  assert.equal(answer("header.match('X-GitHub-Event', 'ping')"), false);
  assert.equal(answer("header.canonical('missing')"), "");
  assert.match(failureOf("extensions.match('a', 'b') || body.match('a', 'b')", { a: 1 }), /lists of strings/);
});

test("truncate counts bytes, and half a character is no result", () => {
  assert.equal(overlay("body.t.truncate(3)", { t: "héllo" }), "hé");
  assert.equal(overlay("body.t.truncate(99)", { t: "héllo" }), "héllo");
  assert.throws(() => overlay("'日本'.truncate(4)"));
  assert.match(failureOf("'a'.truncate(-1)"), /cannot truncate/);
});

test("parseJSON and parseYAML give maps, null an empty one, anything else fails", () => {
  assert.deepEqual(evaluate("body.j.parseJSON().k[1].x", { j: '{"k":[1,{"x":"y"}]}' }), "y");
  assert.deepEqual(evaluate("'null'.parseJSON()"), {});
  for (const text of ["[1]", "{oops", "", '{"e":1e400}'])
    assert.match(failureOf("body.t.parseJSON()", { t: text }), /parseJSON/);
  assert.deepEqual(evaluate("'# nothing'.parseYAML()"), {});
  assert.match(failureOf("'just text'.parseYAML()"), /not an object/);
});

test("YAML is version 1.1 as Go reads it", () => {
  const rows: [string, unknown][] = [
    ["a: on\nb: No\nc: y\nd: ~", { a: true, b: false, c: true, d: null }],
    ["a: 010\nb: 0x1F\nc: 1_000\nd: .5\ne: 1e3", { a: 8, b: 31, c: 1000, d: 0.5, e: 1000 }],
    ["a: 2024-01-02\nb: 12:30:45", { a: "2024-01-02", b: "12:30:45" }],
    ["1: a\ny: b\n1.5: c", { "1": "a", true: "b", "1.5": "c" }],
    ["a: &x {k: v}\nb: {<<: *x, l: w}", { a: { k: "v" }, b: { k: "v", l: "w" } }],
    ["a: 1\na: 2", { a: 2 }],
    ["a: !foo bar", { a: "bar" }],
    ["a: 1\n---\nb: 2", { a: 1 }],
  ];
  for (const [text, want] of rows) assert.deepEqual(evaluate("body.t.parseYAML()", { t: text }), want, text);
  const proto = evaluate("body.t.parseYAML()", { t: "__proto__: {x: 1}" });
  assert.equal(JSON.stringify(proto), '{"__proto__":{"x":1}}');
  for (const text of ["a: [1", "a: *nowhere", "a: &a [*a]", "a: .inf", "<<: abc", "? [1]\n: 2"]) {
    assert.match(failureOf("body.t.parseYAML()", { t: text }), /parseYAML/, text);
  }
});

test("parseURL takes URLs apart as net/url does", () => {
  assert.deepEqual(evaluate("'https://us%65r:p%20w@example.com:8443/a%20b?x=1&x=2&y=a+b#f'.parseURL()"), {
    scheme: "https",
    host: "example.com:8443",
    path: "/a b",
    rawQuery: "x=1&x=2&y=a+b",
    fragment: "f",
    query: { x: "1,2", y: "a b" },
    queryStrings: { x: ["1", "2"], y: ["a b"] },
    auth: { username: "user", password: "p w" },
  });
  assert.equal(evaluate("'/hooks?env=prod'.parseURL().query.env"), "prod");
  assert.equal(evaluate("'http://[::1]:80/x'.parseURL().host"), "[::1]:80");
  for (const url of ["http://a b/", "http://h:port/", "1http://x", ":x", "http://h/%zz", "a\u0007b"]) {
    assert.match(failureOf("body.u.parseURL()", { u: url }), /parseURL/, url);
  }
});

test("marshalJSON and overlays print as Go does", () => {
  assert.equal(
    evaluate("body.marshalJSON()", { b: "<&>\u2028", a: [1, null] }),
    '{"a":[1,null],"b":"\\u003c\\u0026\\u003e\\u2028"}',
  );
  assert.deepEqual(overlay("[9007199254740993, 1u, b'abc', timestamp(0), duration('90s')]"), [
    "9007199254740993",
    1,
    "YWJj",
    "1970-01-01T00:00:00Z",
    "90s",
  ]);
  for (const expression of ["1u", "null", "timestamp(0)", "duration('1s')", "int", "0.0 / 0.0", "{1: 'a'}"]) {
    assert.throws(() => overlay(expression), expression);
  }
});

test("first and last are null for an empty list", () => {
  assert.deepEqual(evaluate("[body.l.first(), body.l.last(), [].first()]", { l: [1, 2] }), [1, 2, null]);
});

test("numbers become texts as strconv prints them, and come back as it reads them", () => {
  const texts = {
    "1.5": "1.5",
    "1e21": "1e+21",
    "123456789.0": "1.23456789e+08",
    "100000.0": "100000",
    "0.00001": "1e-05",
  };
  for (const [number, text] of Object.entries(texts)) assert.equal(evaluate(`string(${number})`), text);
  assert.equal(evaluate("double('0x1p-2') + double('1e3') + double(' 1'.trim())"), 1001.25);
  for (const text of ["", "0x1F", "1_0", " 1", "1.0"])
    assert.match(failureOf("int(body.t)", { t: text }), /conversion/);
  assert.match(failureOf("int(9.3e18) + int('9223372036854775808')"), /overflow/);
});

test("format prints as cel-go does", () => {
  const rows = [
    ["'%s-%d-%.2f-%x-%%'.format(['a', 5, 3.14159, 255])", "a-5-3.14-ff-%"],
    ["'%.0f %.1f %e'.format([2.5, 0.25, 12345.678])", "2 0.2 1.234568e+04"],
    ["'%s %s'.format([[1, 'a', 2.5], {'k': null}])", "[1, a, 2.5] {k: null}"],
    ["'%b %o %X'.format([5, 8, b'\\xab'])", "101 10 AB"],
  ] as const;
  for (const [expression, text] of rows) assert.equal(evaluate(expression), text);
  for (const expression of ["'%s'.format(body.l)", "'%d'.format([body.s])"]) {
    assert.ok(failureOf(expression, { l: [], s: "a" }) !== "", expression);
  }
});

test("times are read strictly and printed in their own zone, their fields in any", () => {
  const local = "timestamp('2024-02-29T12:34:56.780+01:00')";
  assert.equal(evaluate(`string(${local})`), "2024-02-29T12:34:56.78+01:00");
  assert.equal(evaluate(`string(${local} + duration('30m'))`), "2024-02-29T13:04:56.78+01:00");
  assert.equal(evaluate(`${local} == timestamp('2024-02-29T11:34:56.78Z')`), true);
  assert.equal(evaluate(`'%s'.format([${local}])`), "2024-02-29T11:34:56.78Z");
  assert.equal(evaluate("timestamp('2024-07-01T23:30:00Z').getDate('Europe/Berlin')"), 2n);
  assert.equal(evaluate("timestamp('2024-07-01T23:30:00Z').getHours('-05:30')"), 18n);
  assert.equal(evaluate("timestamp('2024-12-31T00:00:00Z').getDayOfYear()"), 365n);
  for (const text of [
    "2024-02-30T00:00:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01t00:00:00z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:00,5Z",
    "2024-01-01T00:00:00+24:00",
  ]) {
    assert.match(failureOf("timestamp(body.t)", { t: text }), /invalid timestamp/);
  }
  for (const zone of ["Nope/Zone", "europe/berlin", "EUROPE/BERLIN", "+0530"]) {
    assert.match(failureOf(`timestamp(0).getHours('${zone}')`), /unknown time zone/);
  }
  assert.equal(evaluate("string(duration('9000000000s') + duration('1ns'))"), "9000000000s");
  assert.equal(evaluate("string(duration('1h2m3.5s') + duration('-500ms'))"), "3723s");
  for (const text of ["", "1", "1x", "h"])
    assert.match(failureOf("duration(body.t)", { t: text }), /invalid duration/);
});

test("searching pays for the length of what is searched for", () => {
  const body = { a: "a".repeat(1_000_000), b: `${"a".repeat(3_000)}b${"a".repeat(3_000)}` };
  for (const call of [
    "contains(body.b)",
    "replace(body.b, '')",
    "split(body.b)",
    "indexOf(body.b)",
    "lastIndexOf(body.b)",
  ])
    assert.match(failureOf(`body.a.${call}`, body), /costs more than/, call);
  assert.equal(evaluate("body.a.contains('aab')", body), false);
});

test("reasons quote nothing of a value", () => {
  const body = { a: "Bearer s3cr3t(" };
  const calls = [
    "body.a.parseJSON()",
    "body.a.parseYAML()",
    "(':' + body.a).parseURL()",
    "int(body.a)",
    "double(body.a)",
  ];
  for (const call of [
    ...calls,
    "bool(body.a)",
    "timestamp(body.a)",
    "duration(body.a)",
    "'x'.matches(body.a)",
  ])
    assert.doesNotMatch(failureOf(call, body), /s3cr3t/, call);
});
