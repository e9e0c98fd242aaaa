/** JSON as Go's encoding/json reads and prints it, and what hostile documents come to. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { JsonValue } from "../../src/core/json.ts";
import {
  compareBytewise,
  isJsonObject,
  MAX_JSON_DEPTH,
  ownValue,
  parseJson,
  printJson,
  printNumber,
  printString,
  setOwn,
} from "../../src/core/json.ts";

describe("printing", () => {
  const numbers: readonly [number, string][] = [
    [-0, "-0"],
    [0, "0"],
    [1e20, "100000000000000000000"],
    [999_999_999_999_999_900_000, "999999999999999900000"],
    [1e21, "1e+21"],
    [-1e21, "-1e+21"],
    [1.5e300, "1.5e+300"],
    [123456789e20, "1.23456789e+28"],
    [0.000001, "0.000001"],
    [9.99e-7, "9.99e-7"],
    [-1e-7, "-1e-7"],
    [1e-10, "1e-10"],
    [5e-324, "5e-324"],
    [2 ** 53, "9007199254740992"],
    [0.1 + 0.2, "0.30000000000000004"],
  ];
  for (const [number, text] of numbers) {
    test(`the number ${text} looks as Go prints it`, () => assert.equal(printNumber(number), text));
  }

  test("what is no JSON is refused, not printed as null", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => printNumber(value), TypeError);
    }
    for (const value of [undefined, () => 1, Symbol("x"), 1n])
      assert.throws(() => printJson(value), TypeError);
  });

  test("signs that mean something in HTML and JavaScript are escaped, lone surrogates become U+FFFD", () => {
    assert.equal(printString("<a href='x'>&</a>"), String.raw`"\u003ca href='x'\u003e\u0026\u003c/a\u003e"`);
    assert.equal(printString("\u2028\u2029"), String.raw`"\u2028\u2029"`);
    assert.equal(printString('"\\/\b\f\n\r\t\u0001\u007f'), `${String.raw`"\"\\/\b\f\n\r\t\u0001`}\u007f"`);
    assert.equal(printString("\ud800x\udc00"), '"\ufffdx\ufffd"');
    assert.equal(printString("é😀"), '"é😀"');
  });

  test("keys are sorted by their UTF-8 bytes, absent values are left out, nothing is spaced", () => {
    const value = { "😀": 1, "\uffee": 2, b: [1, { z: null, a: true }], a: undefined, "": 3, B: 4 };
    assert.equal(printJson(value), '{"":3,"B":4,"b":[1,{"a":true,"z":null}],"\uffee":2,"😀":1}');
  });

  test("the order of any two strings is the order of their bytes", () => {
    const unit = fc.oneof(
      fc.constantFrom("\ue000", "\uffff", "😀", "a", ""),
      fc.string({ unit: "grapheme" }),
    );
    const property = fc.property(unit, unit, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareBytewise(a, b)), bytes);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe("parsing", () => {
  const oddities: readonly [string, JsonValue][] = [
    ['{"a":1,"a":2}', { a: 2 }],
    [String.raw`"\ud800"`, "\ufffd"],
    [String.raw`"\uDC00\uD83D\uDE00"`, "\ufffd😀"],
    [String.raw`{"\ud800":"\ud800"}`, { "\ufffd": "\ufffd" }],
    ["1e-400", 0],
    ["[1E+002]", [100]],
    [" \t\r\n null ", null],
    ["-0", -0],
  ];
  for (const [text, value] of oddities) {
    test(`${text} is read as Go reads it`, () => assert.deepEqual(parseJson(text), value));
  }

  test("a number beyond the range of doubles is refused, however it is spelled", () => {
    const spellings = ["1e400", "-1E+309", "1e0000400", `1${"0".repeat(309)}`, `1${"0".repeat(298)}e20`];
    spellings.push(`${"9".repeat(230)}.5e99`, `[{"a":[1e999]}]`);
    for (const text of spellings) assert.throws(() => parseJson(text), SyntaxError, text.slice(0, 20));
    assert.equal(parseJson(`${"9".repeat(230)}e-99`), Number(`${"9".repeat(230)}e-99`));
    assert.equal(parseJson('"1e400"'), "1e400");
  });

  test("what JSON.parse refuses is refused, and so is a byte order mark", () => {
    for (const text of ["", "{", "[1,]", "{'a':1}", "NaN", "01", "+1", "\ufeff{}", '"\n"', "nul"]) {
      assert.throws(() => parseJson(text), SyntaxError, JSON.stringify(text));
    }
  });

  test(`nesting of ${MAX_JSON_DEPTH} levels is read and printed, one more is refused`, () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    for (const make of [nested, objects]) {
      assert.equal(printJson(parseJson(make(MAX_JSON_DEPTH))), make(MAX_JSON_DEPTH));
      assert.throws(() => parseJson(make(MAX_JSON_DEPTH + 1)), /nested deeper than 1000 levels/);
      assert.throws(() => parseJson(make(200_000)), SyntaxError);
    }
  });

  test("brackets in strings neither count as depth nor hide it", () => {
    const harmless = { text: `${"[{".repeat(5_000)}\\"`, list: Array.from({ length: 2_000 }, () => ({})) };
    assert.deepEqual(parseJson(JSON.stringify(harmless)), harmless);
    const deep = "[".repeat(5_000) + "]".repeat(5_000);
    for (const cover of ["]".repeat(9_000), '\\"'.repeat(10) + "}".repeat(9_000)]) {
      assert.throws(() => parseJson(`["${cover}",${deep}]`), /nested deeper/);
    }
  });

  test("keys that name the prototype are keys like any other", () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"a":"\\ud800"},"toString":1e2}';
    const value = parseJson(text);
    assert.ok(isJsonObject(value));
    assert.deepEqual(Object.keys(value), ["__proto__", "constructor", "toString"]);
    assert.deepEqual(ownValue(value, "__proto__"), { polluted: 1 });
    assert.equal(ownValue(value, "hasOwnProperty"), undefined);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(
      printJson(value),
      '{"__proto__":{"polluted":1},"constructor":{"a":"\ufffd"},"toString":100}',
    );
    assert.equal("polluted" in {}, false);
  });

  test("setting a key never reaches a prototype", () => {
    const object: Record<string, unknown> = {};
    setOwn(object, "__proto__", { polluted: 1 });
    assert.equal(Object.getPrototypeOf(object), Object.prototype);
    assert.equal(printJson(object), '{"__proto__":{"polluted":1}}');
  });
});

describe("for any document", () => {
  test("printing what was parsed is stable, and means the same", () => {
    const property = fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const printed = printJson(parseJson(text));
      assert.equal(printJson(parseJson(printed)), printed);
      assert.deepEqual(JSON.parse(printed), parseJson(text));
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("any text is parsed or refused with a SyntaxError, never anything else", () => {
    const sign = fc.constantFrom(...'[]{}":,\\ue+-0123456789dDtrfalsn. ', "\ud800", "__proto__", "e999");
    const text = fc.array(sign, { maxLength: 60 }).map((signs) => signs.join(""));
    const property = fc.property(text, (candidate) => {
      try {
        printJson(parseJson(candidate));
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  test("lone surrogates become U+FFFD in keys and values, however many backslashes stand around", () => {
    const pieces = ["\\\\", "\\ud83d", "\\ude00", "\\uD800", "\\uDfFf", "\\ud7ff", "ud800", "\\n", "x"];
    const string = fc
      .array(fc.constantFrom(...pieces), { maxLength: 12 })
      .map((parts) => `"${parts.join("")}"`);
    const text = fc
      .tuple(string, string, string)
      .map(([key, value, item]) => `{${key}:${value},"__proto__":[${item}]}`);
    const property = fc.property(text, (json) => {
      const object: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(JSON.parse(json) as Record<string, string | string[]>)) {
        setOwn(
          object,
          key.toWellFormed(),
          typeof value === "string" ? value.toWellFormed() : [value[0]?.toWellFormed()],
        );
      }
      assert.deepEqual(parseJson(json), object);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  test("a large value prints as fast below many levels as below none", () => {
    const large = "x".repeat(2_000_000);
    let nested: unknown = large;
    for (let i = 0; i < 990; i++) nested = { a: nested, b: 1 };
    const before = process.cpuUsage();
    assert.equal(printJson(nested).length, large.length + 2 + 990 * '{"a":,"b":1}'.length);
    const { user } = process.cpuUsage(before);
    assert.ok(user < 1_000_000, `${user} µs of CPU; copied on each level, it takes 3 seconds`);
  });

  test("numbers out of range are refused, however they are written", () => {
    const digits = "9".repeat(310);
    for (const text of ["1e309", "[1E+0309]", `[-${digits}]`, `{"a":[0,${"9".repeat(220)}e99]}`, digits])
      assert.throws(() => parseJson(text), SyntaxError, text);
    for (const text of ["1e308", `0.${digits}`, "1e-999", '"1e999"', `"${digits}"`, `[${"9".repeat(300)}]`])
      assert.deepEqual(parseJson(text), JSON.parse(text));
  });

  test("one lone surrogate among many keys costs no second object", () => {
    const keys = Array.from({ length: 200_000 }, (_, i) => `"k${i}":1`).join(",");
    const text = `{${keys},"x":"\\ud800"}`;
    const fastest = (parse: (text: string) => unknown) =>
      Math.min(
        ...[1, 2, 3, 4].map(() => {
          const { user } = process.cpuUsage();
          parse(text);
          return process.cpuUsage().user - user;
        }),
      );
    const plain = fastest(JSON.parse);
    const ours = fastest(parseJson);
    assert.ok(ours < plain * 2.5, `${ours} µs of CPU, where JSON.parse takes ${plain}`);
  });
});
