/** The path dialect, form by form: what each finds, what it refuses, and what it says then. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import { compileBindings } from "../../../src/decide/bind/index.ts";
import type { EventParts } from "./events.ts";
import { eventWith } from "./events.ts";

const event: EventParts = {
  id: "e-1",
  headers: { "X-Github-Event": ["push"], "X-Multi": ["a", "b"] },
  extensions: { short: "abc", "a.b": "dotted" },
  body: {
    ref: "refs/heads/main",
    n: 31,
    none: null,
    list: [10, 20, 30],
    people: [
      { name: "ann", age: 31, tags: ["x"] },
      { name: "bob", age: 12.5 },
    ],
    "app.kubernetes.io/name": "web",
    text: 'say "hi" <b>',
  },
};

function read(value: string): string {
  const plan = compileBindings([{ name: "out", value, from: "test" }], []);
  return plan(eventWith(event)).get("out") ?? "absent";
}

function failure(value: string): string {
  try {
    read(value);
  } catch (error) {
    assert.ok(error instanceof SluiceError);
    return `${error.code} ${error.values["reason"]}`;
  }
  return assert.fail(`${value} should have failed`);
}

const finds: Readonly<Record<string, string>> = {
  "$(body.ref)": "refs/heads/main",
  "$(.body.ref)": "refs/heads/main",
  "$({body.ref})": "refs/heads/main",
  "$({.body.ref})": "refs/heads/main",
  "$(Body.ref)": "refs/heads/main",
  "$(body['ref'])": "refs/heads/main",
  "$(body.app\\.kubernetes\\.io/name)": "web",
  "$(body['app\\.kubernetes\\.io/name'])": "web",
  "$(header.x-github-event)": "push",
  "$(header.X-Multi)": "a,b",
  "$(extensions.a\\.b)": "dotted",
  "$(context.eventID)": "e-1",
  "$(context.EventID)": "e-1",
  "$(context)": '{"eventID":"e-1"}',
  "$(body.text)": 'say \\"hi\\" \\u003cb\\u003e',
  "$(body.none)": "null",
  "$(body.none[0])": "[]",
  "$(body.none[0].x)": "[]",
  "$(body.list)": "[10,20,30]",
  "$(body.list[-1])": "30",
  "$(body.list[])": "10",
  "$(body.list[1:])": "[20,30]",
  "$(body.list[::2])": "[10,30]",
  "$(body.list[1:1])": "[]",
  "$(body.list[0,2])": "[10,30]",
  "$(body.people[*].name)": '["ann","bob"]',
  "$(body.people[*].tags)": '["x"]',
  "$(body.people[0]['name','age'])": '["ann",31]',
  '$(body.people[?(@.name=="bob")].age)': "12.5",
  "$(body.people[?(@.name=='bob')].age)": "12.5",
  '$(body.people[?(@.name=="\\x62ob")].age)': "12.5",
  "$(body.people[?(@.age>30.0)].name)": "ann",
  "$(body.people[?(@.tags)].name)": "ann",
  "$(body.people[?(@.tags[7])].name)": "ann",
  "$(body..tags)": '["x"]',
  "$(body.ref.*)x": `${JSON.stringify([...Buffer.from("refs/heads/main")])}x`,
  "$()": "",
};

suite("a path finds", () => {
  for (const [value, want] of Object.entries(finds)) {
    test(`${want} at ${value}`, () => assert.equal(read(value), want));
  }
});

const fails: Readonly<Record<string, RegExp>> = {
  "$(body.pull_request.head)": /MISSING body\.pull_request\.head: no key "pull_request"$/,
  "$(body.ref.head)": /MISSING body\.ref\.head: no key "head" in a string$/,
  "$(body.list[3])": /MISSING .*: no index 3 in an array of 3$/,
  "$(body.ref[0])": /MISSING .*: no index 0 in a string$/,
  "$(body.toString)": /MISSING .*: no key "toString"$/,
  "$(body.__proto__)": /MISSING .*: no key "__proto__"$/,
  "$(body.list.length)": /MISSING .*: no key "length" in an array$/,
  "$(headers.X-Github-Event)": /MISSING .*no key "headers"; a path starts with body/,
  "$(header.X-None)": /MISSING .*: no header "X-None"$/,
  "$(body.list[1:9])": /MISSING .*: index 8 is outside of the array's 3 elements$/,
  "$(body.list[2:1])": /MISSING .*: it starts at 2 and ends at 1$/,
  "$(body.list[0:2:0])": /MISSING .*: the step of a slice must be above 0$/,
  "$(body.people[?(@.age==31)])": /MISSING .*: a number of the event is compared with an integer/,
  "$(body.people[?(@.name==true)])": /MISSING .*: a string is compared with true or false$/,
  "$(body.people[?(@.name==ann)])": /MISSING .*: ann is no value \(strings want quotes\)$/,
  "$(body.people[?(@.tags==1)])": /MISSING .*: null, objects and arrays can not be compared$/,
  '$(body.people[?(@.name=!"x")])': /MISSING .*: =! is no operator$/,
  '$(body.people[?(@["name","age"]=="x")])': /SYNTAX \["name"\] is no index, slice or quoted key$/,
  "$(body.people[?(@['name','age']==1.0)])": /MISSING .*: a filter compares one value at a time$/,
  "$(body.n[?(@.x)])": /MISSING .*: a number is no array$/,
  "$(body.list[x])": /SYNTAX \[x\] is no index, slice or quoted key$/,
  "$(body.list[0)": /SYNTAX \[ is not closed$/,
  "$(body.list[99999999999999999999])": /SYNTAX 99999999999999999999 is no index$/,
  "$(body....x)": /SYNTAX `\.\.` follows another `\.\.`$/,
  "$(body.{x})": /SYNTAX curly brackets may only stand around the whole of it$/,
  "$(body.a,b)": /SYNTAX unexpected ","$/,
  "$(body.a\\)": /SYNTAX it ends with a backslash$/,
  '$(body.people[?(@.name=="\\q")])': /SYNTAX \\q is no escape in "\\q"$/,
  "$(body.people[?(@.age==1.2.3)])": /SYNTAX 1\.2\.3 is no number$/,
};

suite("a path fails with its reason", () => {
  for (const [value, want] of Object.entries(fails)) {
    test(value, () => assert.match(failure(value), want));
  }
});

test("a path longer than people write is refused before it is parsed", () => {
  assert.match(failure(`$(body.${"a".repeat(5_000)})`), /SYNTAX it is longer than 4096 characters$/);
});

test("a sender can not make a path work without end by nesting", () => {
  let nested: EventParts["body"] = Array.from({ length: 100 }, () => "x");
  for (let i = 0; i < 900; i++) nested = { a: nested };
  const plan = compileBindings([{ name: "out", value: "$(body..a..a..a)", from: "test" }], []);
  assert.throws(() => plan(eventWith({ body: nested })), { code: "SLUICE_COST_EXCEEDED" });
});

test("results that print each other stop at the length of a param, long before the memory ends", () => {
  let body: JsonValue = { name: "x".repeat(200_000) };
  for (let i = 0; i < 400; i++) body = { name: body };
  const [plan, rare] = ["$(body..name)", "$(..name)"].map((value) =>
    compileBindings([{ name: "out", value, from: "test" }], []),
  );
  for (const bind of [plan, rare])
    assert.throws(() => bind?.(eventWith({ body })), {
      code: "SLUICE_PATH_MISSING",
      message: /more than 1048576 characters/,
    });
});

test("the bytes of a string are paid for before they become values", () => {
  const plan = compileBindings([{ name: "out", value: "$(body.text.*)", from: "test" }], []);
  const before = process.memoryUsage().heapTotal;
  assert.throws(() => plan(eventWith({ body: { text: "x".repeat(4_000_000) } })), {
    code: "SLUICE_COST_EXCEEDED",
  });
  assert.ok(process.memoryUsage().heapTotal - before < 30_000_000);
});
