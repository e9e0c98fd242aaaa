/** What holds for every binding and event, tried with generated ones; jsonpath-plus is the second opinion. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JSONPath } from "jsonpath-plus";
import { SluiceError } from "../../../src/core/errors.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import { parseJson, printJson } from "../../../src/core/json.ts";
import { compileBindings } from "../../../src/decide/bind/index.ts";
import { eventWith } from "./events.ts";

const RUNS = { numRuns: 2_000 };

function read(value: string, body: JsonValue): string | undefined {
  const plan = compileBindings([{ name: "out", value, from: "test" }], []);
  try {
    return plan(eventWith({ text: JSON.stringify(body) })).get("out");
  } catch (error) {
    assert.ok(error instanceof SluiceError, `only SluiceErrors may leave: ${error}`);
    assert.notEqual(error.code, "SLUICE_INTERNAL");
    return undefined;
  }
}

const fragment = fc.constantFrom(
  ..."$( ) { } [ ] . .. * ? @ , : ' \" \\ \n - + 1 0 31.0 ( == != < > => true range end".split(" "),
  ..."body header extensions context __proto__ constructor a b 'a' [?( )] [*] [0] [-1:] é 🎉".split(" "),
);

test("whatever a binding's value says, the result is text or a SluiceError, and nothing else changes", () => {
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join("")),
      fc.jsonValue({ maxDepth: 4 }),
      (path, body) => {
        const got = read(`$(body${path}) $(${path})${path}`, body as JsonValue);
        assert.ok(got === undefined || typeof got === "string");
        assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), before);
        assert.equal(({} as Record<string, unknown>)["a"], undefined);
      },
    ),
    RUNS,
  );
});

test("a string comes out as the inside of a JSON string", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.equal(JSON.parse(`"${read("$(body.s)", { s: text })}"`), text.toWellFormed());
    }),
    RUNS,
  );
});

test("everything else comes out as JSON with the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      fc.pre(typeof value !== "string");
      const text = JSON.stringify({ v: value });
      const want = (parseJson(text) as { v: JsonValue }).v;
      const got = read("$(body.v)", { v: value as JsonValue });
      assert.equal(got, printJson(want));
      assert.deepEqual(parseJson(got ?? ""), want);
    }),
    RUNS,
  );
});

// Where the two dialects mean the same: no missing path, no `length` of arrays, no `..` into strings, and `.*` for `[*]`,
// which in the Kubernetes dialect is a slice that ends at the first empty array.
const key = fc.constantFrom("a", "b", "c");
const document = fc.letrec<{ node: JsonValue }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.integer(),
    fc.boolean(),
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(key, tie("node")),
  ),
})).node;
const step = fc.oneof(
  key.map((name) => `.${name}`),
  key.map((name) => `['${name}']`),
  key.map((name) => `..${name}`),
  fc.constant(".*"),
  fc.nat(2).map((at) => `[${at}]`),
);

test("paths that mean the same in both dialects find what jsonpath-plus finds", () => {
  let compared = 0;
  fc.assert(
    fc.property(document, fc.array(step, { minLength: 1, maxLength: 4 }), (body, steps) => {
      const path = steps.join("");
      const got = read(`$(body${path})`, body);
      if (got === undefined) return;
      const found: JsonValue[] = JSONPath({ path: `$.body${path}`, json: { body }, eval: false });
      assert.equal(got, found.length === 1 ? printJson(found[0]) : printJson(found));
      compared++;
    }),
    RUNS,
  );
  assert.ok(compared > 200, `only ${compared} paths found something`);
});
