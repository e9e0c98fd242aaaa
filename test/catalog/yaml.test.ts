/** YAML as kubectl reads it, positions of fields, and files that mean harm. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Path } from "../../src/catalog/findings.ts";
import { createLocate, parseYaml } from "../../src/catalog/yaml.ts";

function valuesOf(text: string): unknown[] {
  const { documents, faults } = parseYaml({ path: "x.yaml", text });
  assert.deepEqual(
    faults.map(({ message }) => message),
    [],
  );
  return documents.map(({ value }) => value);
}

function reasonsOf(text: string): string[] {
  return parseYaml({ path: "x.yaml", text }).faults.map(
    ({ message, at }) => `${at?.line}:${at?.column} ${message.replace("no valid YAML: ", "")}`,
  );
}

test("plain scalars mean what they mean to kubectl", () => {
  const cases: [string, unknown][] = [
    ["yes", true],
    ["On", true],
    ["y", true],
    ["NO", false],
    ["off", false],
    ["~", null],
    ["Null", null],
    ["", null],
    ["010", 8],
    ["0x1F", 31],
    ["0b11", 3],
    ["-0o7", -7],
    ["1_000", 1000],
    ["08", 8],
    ["+12", 12],
    ["1e3", 1000],
    [".5", 0.5],
    ["5.", 5],
    ["1e400", "1e400"],
    ["1.2.3", "1.2.3"],
    ["2024-01-01", "2024-01-01"],
    ["12:30", "12:30"],
    ["yEs", "yEs"],
    ["v1", "v1"],
    ["-", [null]],
    ["0755x", "0755x"],
    ["$(body.a)", "$(body.a)"],
  ];
  for (const [text, value] of cases)
    assert.deepEqual(valuesOf(`a: ${text === "-" ? "\n- " : text}`), [{ a: value }], text);
});

test("quoted and tagged scalars are what they say", () => {
  assert.deepEqual(valuesOf(`{a: "yes", b: '010', c: !!str 5, d: !!int "5", e: ! x}`), [
    { a: "yes", b: "010", c: "5", d: 5, e: "x" },
  ]);
  assert.deepEqual(valuesOf("a: |\n  1\n"), [{ a: "1\n" }]);
});

test("keys are text, whatever they look like", () => {
  assert.deepEqual(valuesOf("on: 1\n5: 2\n"), [{ true: 1, 5: 2 }]);
});

test("documents are separate, and empty ones are left out", () => {
  assert.deepEqual(valuesOf("a: 1\n---\n# nothing\n---\nb: 2\n---\n"), [{ a: 1 }, { b: 2 }]);
  assert.deepEqual(valuesOf(""), []);
});

test("JSON is YAML: tabs, escapes and surrogate pairs", () => {
  assert.deepEqual(valuesOf('{\n\t"a": [\n\t\t1, "\\ud83d\\ude00\\/"\n\t],\n\t"b": null}'), [
    { a: [1, "😀/"], b: null },
  ]);
});

test("aliases and merges are resolved, and what stands in the map itself wins", () => {
  assert.deepEqual(valuesOf("x: &a {q: 1, r: 1}\nm:\n  <<: *a\n  r: 2\nz: *a\n"), [
    { x: { q: 1, r: 1 }, m: { r: 2, q: 1 }, z: { q: 1, r: 1 } },
  ]);
});

test("what is no clear JSON is refused with its place", () => {
  assert.deepEqual(reasonsOf("a: 1\nb: 2\na: 3\n"), ['3:1 key "a" is written twice']);
  assert.deepEqual(reasonsOf("a: .inf"), ["1:4 .inf is no JSON value; quote it if it is meant as text"]);
  assert.match(reasonsOf("a: 12345678901234567890").join(), /^1:4 integers beyond 2\^53/);
  assert.match(reasonsOf("a: !!binary aGk=").join(), /^1:\d+ tag tag:yaml.org,2002:binary has no meaning/);
  assert.match(reasonsOf("a: *b").join(), /^1:4 \*b stands before its anchor/);
  assert.match(reasonsOf("a: &a [*a]").join(), /^1:8 \*a stands before its anchor, inside it/);
  assert.match(reasonsOf("? [1]\n: 2").join(), /^1:3 keys must be text/);
  assert.match(reasonsOf("a: 'x").join(), /^1:\d+ Missing closing 'quote/);
});

test("one broken document does not hide the faults of the next", () => {
  assert.equal(reasonsOf("a: .nan\n---\nb: 1\n---\nc: *x\n").length, 2);
});

test("a parser's message never quotes the file", () => {
  assert.ok(!reasonsOf('a: "topsecret\n---\n\ttopsecret: }').join().includes("topsecret"));
});

test("alias bombs, deep nesting and huge lists end in a value or a fault, never in a crash", () => {
  const bomb = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${Array(10).fill(i === 0 ? "x" : `*a${i - 1}`)}]`,
  );
  assert.match(reasonsOf(bomb.join("\n")).join(), /holds more than 1000000 values/);
  const merges = Array.from({ length: 30 }, (_, i) =>
    i === 0 ? "m0: &m0 {a: 1}" : `m${i}: &m${i} {<<: [*m${i - 1}, *m${i - 1}]}`,
  );
  assert.equal(reasonsOf(merges.join("\n")).length, 1);
  assert.match(reasonsOf("[".repeat(50_000)).join(), /nested too deeply/);
  assert.match(reasonsOf("- ".repeat(50_000)).join(), /nested too deeply/);
  assert.match(reasonsOf(`${"{a: ".repeat(50_000)}`).join(), /nested too deeply/);
  assert.equal((valuesOf(`- a: b\n`.repeat(20_000))[0] as unknown[]).length, 20_000);
});

test("keys of the prototype are plain keys", () => {
  const [value] = valuesOf("__proto__: {polluted: 1}\nconstructor: 2\n") as [object];
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test("any text parses to documents and faults without throwing", () => {
  const signs = fc.constantFrom(
    "a",
    ":",
    " ",
    "\n",
    "-",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "!",
    "|",
    ">",
    "'",
    '"',
    "%",
    "?",
    "\t",
    "#",
    "<<",
    "---\n",
    "1",
    "\u0000",
    "😀",
    ",",
  );
  fc.assert(
    fc.property(fc.array(signs, { maxLength: 40 }), (parts) => {
      const { documents, faults } = parseYaml({ path: "x.yaml", text: parts.join("") });
      for (const { value } of documents) JSON.stringify(value);
      for (const { at } of faults) assert.ok(at !== undefined && at.line > 0 && at.column > 0);
    }),
    { numRuns: 2_000 },
  );
});

test("any JSON comes out as it went in", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false, maxDepth: 4 }), (value) => {
      const text = JSON.stringify({ value });
      // Integers that a double cannot hold are refused.
      fc.pre(!/\d{16}/.test(text));
      assert.equal(JSON.stringify(valuesOf(text)[0]), text);
    }),
    { numRuns: 300 },
  );
});

test("a field is found where its name stands, and a missing one where its parent does", () => {
  const text = "a: 1\n---\n# c\nspec:\n  list:\n    - name: x\n      value: y\n    - {name: z}\n  Other: 1\n";
  const file = { path: "f.yaml", text };
  const locate = createLocate();
  const at = (path: Path, document = 1): string => {
    const { line, column } = locate({ file, document, path: [] }, path);
    return `${line}:${column}`;
  };
  assert.equal(at(["a"], 0), "1:1");
  assert.equal(at([]), "4:1");
  assert.equal(at(["spec", "list"]), "5:3");
  assert.equal(at(["spec", "list", 0, "value"]), "7:7");
  assert.equal(at(["spec", "list", 1]), "8:7");
  assert.equal(at(["spec", "list", 1, "value", "deeper"]), "8:7");
  assert.equal(at(["spec", "other"]), "9:3");
});
