/** The reader for texts with escapes in keys: it reads what JSON.parse should, and no sender changes what others' keys mean. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../../src/core/json.ts";
import { hasEscapedKey, readJson } from "../../src/core/json-reader.ts";

test("what was parsed before never changes what a key means", () => {
  for (const [poison, text, keys] of [
    ['{"h":[],"\\\\":0}', '{"h":1,"\\n":2}', ["h", "\n"]],
    ['{"h":[],"\\\\":0}', '{"h":1,"\\"":2}', ["h", '"']],
    ['{"i":[],"a\\\\":0}', '{"i":1,"a\\n":2}', ["i", "a\n"]],
    ['{"j":[],"\\\\u0":0}', '{"j":1,"\\u0072ef":2}', ["j", "ref"]],
  ] as const) {
    parseJson(poison);
    assert.deepEqual(Object.keys(parseJson(text) as object), keys, text);
  }
});

test("of equal keys the last one counts, however they are spelled and however often they are read", () => {
  const text = '{"x":{"body":[],"\\u0000":null,"m":["1"],"\\u0000":0,"\\\\":true,"a":1,"\\u0061":2}}';
  for (let i = 0; i < 5; i++)
    assert.equal(
      JSON.stringify(parseJson(text)),
      '{"x":{"body":[],"\\u0000":0,"m":["1"],"\\\\":true,"a":2}}',
    );
});

test("prototypes are out of reach", () => {
  const value = parseJson('{"__proto__":{"a":1},"\\u005f_proto__":{"b":2}}') as object;
  assert.deepEqual(Object.entries(value), [["__proto__", { b: 2 }]]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

describe("a text", () => {
  test("with an escape in a key is found, one with escapes in values is not", () => {
    for (const text of ['{"\\n":1}', '{"a\\u0062c" :1}', '[{"b":"\\"","\\"x"\n:1}]', '{"\\\\":0}'])
      assert.ok(hasEscapedKey(text), text);
    for (const text of ['["\\\\",":"]', '{"a":"\\n"}', '{"a":"\\"b\\":c"}', '{"a":"x\\ny","b":1}', "{}"])
      assert.ok(!hasEscapedKey(text), text);
  });

  test("of many escapes is searched in linear time", () => {
    const before = process.cpuUsage();
    assert.ok(!hasEscapedKey(`["${"\\n".repeat(2_000_000)}"]`));
    assert.ok(!hasEscapedKey(`["\\n${"a".repeat(4_000_000)}" ]`));
    assert.ok(!hasEscapedKey(`["\\n${" ".repeat(4_000_000)}" ${" ".repeat(4_000_000)}]`));
    assert.ok(process.cpuUsage(before).user < 1_000_000);
  });

  test("reads as JSON.parse reads it, with any spaces", () => {
    const spaced = fc.tuple(fc.json(), fc.constantFrom(0, 1, "\t", "\n \r".slice(0, 2)));
    fc.assert(
      fc.property(spaced, ([json, space]) => {
        const text = JSON.stringify(JSON.parse(json), undefined, space);
        assert.deepEqual(readJson(text), JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
    for (const text of [
      "[]",
      "{}",
      " [ 1 , { } , [ ] ] ",
      '{"a":[],"b":{}}',
      "-0",
      '"x"',
      "[true,false,null,1e5]",
    ])
      assert.deepEqual(readJson(text), JSON.parse(text));
  });
});
