/** Typed params: a number, list or object of the event where a template asks for it by its annotation, and nowhere else. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject, JsonValue } from "../../../src/core/json.ts";
import { compileTemplate } from "../../../src/decide/render/index.ts";

const CONTEXT = {
  delivery: "d1",
  listener: { namespace: "ci", name: "el" },
  trigger: { namespace: "ci", name: "t" },
};

/** What `spec.x` becomes where the template writes `written`. */
function rendered(value: string, written: JsonValue = "$(tt.params.p)", names = "p, q"): unknown {
  const template = compileTemplate({
    annotations: { "sluice.dev/typed-params": names },
    spec: {
      params: [{ name: "p" }],
      resourcetemplates: [{ apiVersion: "v1", kind: "X", metadata: { name: "n" }, spec: { x: written } }],
    } as never,
  });
  const [object] = template(new Map([["p", value]]), CONTEXT, undefined as never);
  return (object as unknown as { readonly spec: { readonly x: unknown } }).spec.x;
}

describe("a value keeps its type", () => {
  const kept: readonly (readonly [string, unknown])[] = [
    ["3", 3],
    ["-1.5", -1.5],
    ["true", true],
    ["null", null],
    ['["a","b"]', ["a", "b"]],
    ['{"a":{"b":[1]}}', { a: { b: [1] } }],
    ["[]", []],
  ];
  for (const [value, wanted] of kept) test(value, () => assert.deepEqual(rendered(value), wanted));
});

describe("a text stays one", () => {
  const texts = [
    "",
    "main",
    "v1",
    "0123",
    "3 apples",
    "[WIP] work",
    "{x",
    "truex",
    "- a",
    "12345678901234567890",
    "1e999",
  ];
  for (const text of texts) test(JSON.stringify(text), () => assert.equal(rendered(text), text));
  test("of a param that is not named, with text around it, as a key", () => {
    assert.equal(rendered("3", "$(tt.params.p)", "q"), "3");
    assert.equal(rendered("3", "n-$(tt.params.p)"), "n-3");
    assert.deepEqual(rendered("3", { "$(tt.params.p)": "$(tt.params.p)" }), { "3": 3 });
  });
});

test("names and labels are texts in any case", () => {
  const template = compileTemplate({
    annotations: { "sluice.dev/typed-params": "p" },
    spec: {
      params: [{ name: "p" }],
      resourcetemplates: [
        {
          ...{ apiVersion: "v1", kind: "X" },
          metadata: {
            name: "$(tt.params.p)",
            labels: { n: "$(tt.params.p)" },
            annotations: { a: "$(tt.params.p)" },
          },
        },
      ],
    } as never,
  });
  const [object] = template(new Map([["p", "3"]]), CONTEXT, undefined as never);
  const metadata = object?.metadata as unknown as JsonObject;
  const inner = (key: string) => metadata[key] as JsonObject;
  assert.deepEqual([metadata["name"], inner("labels")["n"], inner("annotations")["a"]], ["3", "3", "3"]);
});

test("what an event spells is no variable of the run, in values and in keys", () => {
  assert.deepEqual(rendered('{"$(params.k)":["$(context.x) $(uid)"],"__proto__":{"a":1}}'), {
    "$$(params.k)": ["$$(context.x) $$(uid)"],
    ["__proto__"]: { a: 1 },
  });
  assert.equal(({} as { a?: number }).a, undefined);
});

test("a value counts against the largest object", () => {
  const long = JSON.stringify(Array.from({ length: 400_000 }, () => "abcdef"));
  assert.throws(() => rendered(long), /it has more than \d+ characters/);
});
