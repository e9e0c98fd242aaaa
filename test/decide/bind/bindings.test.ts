/** Bindings as a whole: defaults, duplicates, several expressions, what is checked before any event. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TemplateParam } from "../../../src/core/tekton.ts";
import { checkBindings, compileBindings } from "../../../src/decide/bind/index.ts";
import type { EventParts } from "./events.ts";
import { eventWith } from "./events.ts";

const from = "TriggerBinding b";

function bind(
  values: Readonly<Record<string, string>>,
  event: EventParts,
  declared: readonly TemplateParam[] = [],
): Record<string, string> {
  const params = Object.entries(values).map(([name, value]) => ({ name, value, from }));
  return Object.fromEntries(compileBindings(params, declared)(eventWith(event)));
}

test("static text stays as it is written and is not escaped", () => {
  assert.deepEqual(bind({ a: 'C:\\temp "x" <y>', b: "" }, {}), { a: 'C:\\temp "x" <y>', b: "" });
});

test("a value is text with any number of expressions in it", () => {
  const event = { body: { a: "x", b: { c: 1 } } };
  assert.deepEqual(bind({ out: "[$(body.a)|$(body.b)|$(body.a)]" }, event), { out: '[x|{"c":1}|x]' });
});

test("what does not close is text", () => {
  assert.deepEqual(bind({ out: "$(body.a $(body.a) $( $" }, { body: { a: "x" } }), {
    out: "$(body.a x $( $",
  });
});

test("a default stands for each expression that fails, not for the whole value", () => {
  const declared = [{ name: "out", default: "d" }];
  assert.deepEqual(bind({ out: "$(body.x)-$(body.[)-$(body.a)" }, { body: { a: 1 } }, declared), {
    out: "d-d-1",
  });
});

test("declared params with a default are there unbound, those without are not", () => {
  const declared = [{ name: "p", default: "d" }, { name: "q" }];
  assert.deepEqual(bind({ extra: "1" }, {}, declared), { p: "d", extra: "1" });
});

test("null is a value: no default replaces it", () => {
  assert.deepEqual(bind({ out: "$(body.a)" }, { body: { a: null } }, [{ name: "out", default: "d" }]), {
    out: "null",
  });
});

test("the text of one event value is never a path", () => {
  const body = { a: "$(body.secret)", secret: "s3cret" };
  assert.deepEqual(bind({ out: "$(body.a)" }, { body }), { out: "$(body.secret)" });
});

test("values that spell each other's expressions are replaced as in Tekton, up to a limit", () => {
  const twice = { a: "$(body.b)", b: "B" };
  assert.deepEqual(bind({ out: "$(body.a)$(body.b)" }, { body: twice }), { out: "BB" });
  const bomb = { a: "$(body.b)".repeat(9_000), b: "b".repeat(9_000) };
  assert.throws(() => bind({ out: "$(body.a) $(body.b)" }, { body: bomb }), {
    code: "SLUICE_COST_EXCEEDED",
  });
});

test("a body that is no JSON fails every binding, also a static one; an empty body is null", () => {
  assert.throws(() => bind({ out: "static" }, { text: "{" }), { code: "SLUICE_BODY_NOT_JSON" });
  assert.throws(() => bind({}, { text: " " }), { code: "SLUICE_BODY_NOT_JSON" });
  assert.deepEqual(bind({ out: "$(body)" }, { text: "" }), { out: "null" });
});

test("a missing key names its param and the first key that is missing", () => {
  assert.throws(() => bind({ sha: "$(body.pull_request.head.sha)" }, { body: { pull_request: {} } }), {
    code: "SLUICE_PATH_MISSING",
    message: 'param sha: body.pull_request.head.sha: no key "head"',
  });
});

test("two params of one name are refused when they are compiled", () => {
  const twice = [
    { name: "a", value: "1", from },
    { name: "a", value: "1", from },
  ];
  assert.throws(() => compileBindings(twice, []), { code: "SLUICE_PARAM_DUPLICATE" });
});

test("params called like parts of every object are params like any other", () => {
  const body = JSON.parse('{"__proto__":{"x":1},"constructor":"c"}');
  const got = compileBindings(
    [
      { name: "__proto__", value: "$(body.__proto__)", from },
      { name: "constructor", value: "$(body.constructor)", from },
    ],
    [],
  )(eventWith({ text: JSON.stringify(body) }));
  assert.deepEqual(
    [...got],
    [
      ["__proto__", '{"x":1}'],
      ["constructor", "c"],
    ],
  );
});

test("a check names duplicates, paths that can not be parsed and paths that start from nothing", () => {
  const faults = checkBindings(
    [
      { name: "ok", value: "$(body.a) $(header.x) $(*) $(..id) $()", from },
      { name: "ok", value: "again", from },
      { name: "syntax", value: "$(body.a) $(body[)", from },
      { name: "covered", value: "$(body[)", from },
      { name: "root", value: "$(headers.x)", from },
    ],
    [{ name: "covered", default: "d" }],
  );
  assert.deepEqual(
    faults.map(({ param, error, severity }) => `${severity} ${param} ${error.code}`),
    [
      "error ok SLUICE_PARAM_DUPLICATE",
      "error syntax SLUICE_PATH_SYNTAX",
      "warning covered SLUICE_PATH_SYNTAX",
      "error root SLUICE_PATH_SYNTAX",
    ],
  );
  assert.ok(faults.every((fault) => fault.from === from));
});

test("a param of many expressions has the limit of length that one of many replacements has", () => {
  const event = { body: { a: "x".repeat(3_900_000) } };
  assert.throws(() => bind({ out: "$(body.a)".repeat(9) }, event), { code: "SLUICE_COST_EXCEEDED" });
});

test("the params that may hold a sensitive header's value are known", () => {
  const sensitive = (value: string) =>
    compileBindings([{ name: "out", value, from }], []).sensitive?.has("out") ?? false;
  for (const value of [
    "$(header.authorization)",
    "x $(body.a) $(header['X-Token'])",
    "$(header)",
    "$(header.*)",
    "$(..a)",
  ])
    assert.equal(sensitive(value), true, value);
  for (const value of ["$(header.X-GitHub-Event)", "$(body.token)", "$(body..token)", "authorization", "$()"])
    assert.equal(sensitive(value), false, value);
});

test("the headers that a param names are known, in Go's spelling", () => {
  const headers = (value: string) => compileBindings([{ name: "out", value, from }], []).headers?.get("out");
  assert.deepEqual(headers("$(header.x-hook-key) $(header['X-GitHub-Event'])"), [
    "X-Hook-Key",
    "X-Github-Event",
  ]);
  assert.equal(headers("$(body.header.x-hook-key)"), undefined);
});
