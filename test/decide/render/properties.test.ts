/** What holds for every template and every value: Tekton's pasted text is the measure, structure never changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SluiceError } from "../../../src/core/errors.ts";
import type { JsonObject, JsonValue } from "../../../src/core/json.ts";
import { isJsonObject, printString } from "../../../src/core/json.ts";
import { compileSubstitution } from "../../../src/decide/render/index.ts";

const RUNS = { numRuns: 2_000 };
const UID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "$(tt.params.a)",
        "$(tt.params.b)",
        "$(tt.params.none)",
        "$(uid)",
        "$(",
        ")",
        '"',
        "\\",
        "\n",
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(""));
const template = fc
  .letrec<{ node: JsonValue }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      text,
      fc.integer(),
      fc.constant(null),
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(text, tie("node"), { maxKeys: 3 }),
    ),
  }))
  .node.map((spec) => JSON.parse(JSON.stringify({ kind: "Any", spec })) as JsonObject);
// As values of events arrive: strings JSON-escaped, everything else as JSON.
const escaped = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((value) => printString(value).slice(1, -1));
const hostile = fc
  .array(fc.constantFrom('"', "\\", "\n", "{", "}", "[", "]", ":", ",", "$(", "uid)", "u0041", "x"), {
    maxLength: 6,
  })
  .map((parts) => parts.join(""));

function render(resource: JsonObject, params: ReadonlyMap<string, string>): JsonObject | undefined {
  const spec = { params: [], resourcetemplates: [resource] };
  try {
    return compileSubstitution({ annotations: {}, spec })[0]?.(params, () => UID);
  } catch (error) {
    assert.ok(error instanceof SluiceError, `only SluiceErrors may leave: ${error}`);
    assert.equal(error.code, "SLUICE_TEMPLATE_BROKEN");
    return undefined;
  }
}

/**
 * What Tekton does, on the text of the whole resource; each variable once, whatever order Tekton would take. Not so
 * where a `$` and a `(` meet at a value's edge: they are taken apart.
 */
function pasted(resource: JsonObject, params: ReadonlyMap<string, string>): JsonValue | undefined {
  const raw = JSON.stringify(resource)
    .split(/\$\(tt\.params\.(a|b)\)/)
    .map((part, i) => (i % 2 === 0 ? part : (params.get(part) as string).replaceAll("$(", () => "$$(")))
    .map((part) => part.replaceAll("$(uid)", UID))
    .reduce((text, part) => (text.endsWith("$") && part.startsWith("(") ? `${text}$${part}` : text + part));
  try {
    return JSON.parse(raw) as JsonValue;
  } catch {
    return undefined;
  }
}

test("values that are well escaped give exactly what Tekton's pasting gives", () => {
  fc.assert(
    fc.property(template, escaped, escaped, (resource, a, b) => {
      const params = new Map([
        ["a", a],
        ["b", b],
      ]);
      const got = render(resource, params);
      assert.ok(got !== undefined);
      assert.deepEqual(got, pasted(resource, params));
    }),
    RUNS,
  );
});

test("whatever values hold, the result is Tekton's, or a fault where Tekton fails or is led astray", () => {
  fc.assert(
    fc.property(template, hostile, hostile, (resource, a, b) => {
      const params = new Map([
        ["a", a],
        ["b", b],
      ]);
      const got = render(resource, params);
      const tekton = pasted(resource, params);
      if (got !== undefined) assert.deepEqual(got, tekton);
      else if (tekton !== undefined) assert.notEqual(shape(tekton), shape(resource));
    }),
    RUNS,
  );
});

test("the structure of a result is the structure of its template", () => {
  fc.assert(
    fc.property(template, fc.oneof(hostile, escaped), (resource, value) => {
      const got = render(resource, new Map([["a", value]]));
      // Keys that become equal are one key, so only templates without variables in keys keep their number.
      fc.pre(!/"[^"]*\$\([^"]*":/.test(JSON.stringify(resource)));
      if (got !== undefined) assert.equal(shape(got), shape(resource));
    }),
    RUNS,
  );
});

/** A value with every string and key emptied. */
function shape(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(shape).join()}]`;
  if (isJsonObject(value)) return `{${Object.values(value).map(shape).join()}}`;
  return typeof value === "string" ? '""' : String(value);
}

/** Strings of a template that hold no variable but those of its params, and halves of others. */
const halves = fc
  .array(fc.constantFrom("$(tt.params.a)", "$(tt.params.b)", "$", "x", "\n", "\\", '"'), { maxLength: 6 })
  .map((parts) => parts.join(""))
  .filter((value) => !/(?<!\$)\$\((?!tt\.params\.[ab]\))/.test(value));
const spelling = fc
  .array(
    fc.constantFrom(
      ...["$", "(", "(uid)", "(context.pipelineRun.name)", "(tt.params.b)", "$(params.x)", ")", "$$", ""],
      ...["\\u0024", "\\u0028", "\\\\"],
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(""));

test("values beside each other, and beside the template's text, never spell a variable together", () => {
  const resources = fc
    .array(fc.tuple(halves, halves), { minLength: 1, maxLength: 3 })
    .map((pairs) => ({ kind: "Any", spec: { list: pairs.flat(), keys: Object.fromEntries(pairs) } }));
  fc.assert(
    fc.property(resources, spelling, spelling, (resource, a, b) => {
      const params = new Map([
        ["a", a],
        ["b", b],
      ]);
      const got = render(resource, params);
      if (got !== undefined) for (const text of strings(got)) assert.doesNotMatch(text, /(?<!\$)\$\(/);
    }),
    RUNS,
  );
});

function strings(value: JsonValue): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(strings);
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, held]) => [key, ...strings(held)]) : [];
}
