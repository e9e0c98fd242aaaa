/** Reading JSON in steps: the same values and the same refusals as parseJson, and many steps for large texts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson } from "../../src/core/json.ts";
import { createJsonCounter } from "../../src/core/json-count.ts";
import { countSteps, parseSteps } from "../../src/core/json-steps.ts";

function drive<T>(steps: Generator<void, T>): { value: T; steps: number } {
  for (let count = 1; ; count++) {
    const next = steps.next();
    if (next.done) return { value: next.value, steps: count };
  }
}

function outcomeOf(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    return "refused";
  }
}

/** A stream of numbers below `below`, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

const ATOMS = [
  ...[
    '""',
    '"a"',
    '"__proto__"',
    '"\\n"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"é漢😀"',
    '"\\\\"',
    '"\\""',
  ],
  ...["0", "-0", "1.5", "-1e5", "true", "false", "null", "123456789012345678901234567890"],
];

function document(next: (below: number) => number, depth = 0): string {
  const space = ["", "", "", " ", "\n\t"][next(5)] ?? "";
  const kind = depth > 5 ? 0 : next(4);
  if (kind < 2) return `${space}${ATOMS[next(ATOMS.length)]}${space}`;
  const items = Array.from({ length: next(5) }, () => document(next, depth + 1));
  if (kind === 2) return `${space}[${items.join(",")}${items.length === 0 ? space : ""}]`;
  const members = items.map((item) => `${space}${ATOMS[next(10)]}${space}:${item}`);
  return `{${members.join(",")}}${space}`;
}

test("random documents, whole and damaged, read as parseJson reads them", () => {
  const next = numbers(7);
  for (let i = 0; i < 20_000; i++) {
    let text = document(next);
    if (i % 2 === 1) {
      const at = next(text.length + 1);
      const wrong = ["", ",", "}", "]", '"', "\\", "\u0001", "x", ":", "[", "{", "0"][next(12)] ?? "";
      text = text.slice(0, at) + wrong + text.slice(at + next(2));
    }
    const bytes = Buffer.from(text);
    const expected = outcomeOf(() => parseJson(bytes.toString()));
    assert.deepEqual(
      outcomeOf(() => drive(parseSteps(bytes)).value),
      expected,
      JSON.stringify(text),
    );
  }
});

test("long strings are decoded in pieces, and come out as in one", () => {
  const units = [
    "x",
    "é",
    "漢",
    "😀",
    "\\u0000",
    "\\ud800",
    "\\ud83d\\ude00",
    "\\udc00",
    "\\\\",
    '\\"',
    "x\\ud83d",
  ];
  for (const unit of units) {
    const text = `{"a":"-${unit.repeat(Math.ceil(300_000 / unit.length))}"}`;
    const bytes = Buffer.from(text);
    const { value, steps } = drive(parseSteps(bytes));
    assert.deepEqual(value, parseJson(text), unit);
    assert.ok(steps > 3, unit);
  }
});

test("invalid UTF-8 becomes U+FFFD, wherever a long string is cut", () => {
  for (const pattern of [[0xff], [0x80], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xe2, 0x82, 0xac, 0x80, 0x80]]) {
    const inner = Buffer.alloc(300_001, Buffer.from(pattern));
    const bytes = Buffer.concat([Buffer.from('["'), inner, Buffer.from('"]')]);
    assert.deepEqual(drive(parseSteps(bytes)).value, parseJson(bytes.toString()), String(pattern));
  }
});

test("a number that no double holds is refused, also where a later one takes its key", () => {
  for (const text of ["1e400", '{"a":[-1e999]}', '{"a":1e400,"a":1}'])
    assert.throws(() => drive(parseSteps(Buffer.from(text))), /out of the range/);
});

test("__proto__ is a key like any other", () => {
  const value = drive(parseSteps(Buffer.from('{"__proto__":{"x":1},"a":2}'))).value as object;
  assert.deepEqual(Object.keys(value), ["__proto__", "a"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test("values are counted the same in any chunks, and strings hold none", () => {
  const text = '{"a,[{":[1,2,{"b":"\\\\\\",["}],"c":{}}';
  const bytes = Buffer.from(text);
  const whole = createJsonCounter();
  whole.feed(bytes);
  assert.deepEqual([whole.values, whole.depth], [1 + 1 + 1 + 1 + 1 + 1 + 1 + 1, 3]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parts = createJsonCounter();
    parts.feed(bytes, 0, cut);
    parts.feed(bytes.subarray(cut));
    assert.deepEqual([parts.values, parts.depth], [whole.values, whole.depth], String(cut));
  }
});

test("counting refuses what nests too deep, and takes steps", () => {
  assert.throws(() => drive(countSteps(Buffer.alloc(2_000, "["))), SyntaxError);
  const { value, steps } = drive(countSteps(Buffer.from(`[${"0,".repeat(500_000)}0]`)));
  assert.equal(value, 500_002);
  assert.ok(steps > 3);
});

test("a key of more than a megabyte is refused", () => {
  const body = (length: number) => Buffer.from(`{"${"k".repeat(length)}":1}`);
  assert.deepEqual(Object.keys(drive(parseSteps(body(1_000_000))).value as object)[0]?.length, 1_000_000);
  assert.throws(() => drive(parseSteps(body(1_100_000))), /a key is longer/);
});

test("a number may be long, and not longer than what is read at once", () => {
  const body = (digits: number) => Buffer.from(`{"a": 0.${"1".repeat(digits)}}`);
  assert.deepEqual(drive(parseSteps(body(60_000))).value, parseJson(body(60_000).toString()));
  assert.throws(() => drive(parseSteps(body(70_000))), /a number is longer than 65536 bytes/);
});
