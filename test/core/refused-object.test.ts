/** All that is wrong with an object's metadata is told at once, with CEL that helps when it is run. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../src/core/json.ts";
import { refusedFields } from "../../src/core/object-metadata.ts";
import { refusedObject } from "../../src/core/refused-object.ts";
import { activate } from "../../src/decide/cel/activation.ts";
import { compileCel } from "../../src/decide/cel/program.ts";

type Fields = Readonly<Record<string, string>>;

/** A template whose texts name params as `$(x)`, rendered with values that `$(body.x)` binds. */
function rendered(written: JsonObject, body: JsonObject, extra: Fields = {}) {
  const params = new Map(
    Object.entries(body).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  for (const [name, value] of Object.entries(extra)) params.set(name, value);
  const fill = (value: unknown): unknown => {
    if (typeof value === "string")
      return value.replace(/\$\((\w+)\)/g, (_, name: string) => params.get(name) ?? "");
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [fill(key), fill(inner)]));
  };
  const object = (metadata: unknown) => ({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata });
  const origin = (_: number, path: readonly string[]) => {
    let found: unknown = object(written);
    for (const step of path) found = (found as Record<string, unknown> | undefined)?.[step];
    return [...String(found).matchAll(/\$\((\w+)\)/g)].map(([, param = ""]) => ({
      param,
      value: `$(body.${param})`,
    }));
  };
  return {
    params,
    fill,
    object,
    refused: () => refusedObject([object(fill(written)) as never], { params, origin }),
  };
}

/** The overlays that a message tells. */
function overlaysOf(message: string): ReadonlyMap<string, string> {
  return new Map(
    [...message.matchAll(/\{key: ([\w.-]+), expression: "([^"]*)"\}/g)].map(([, key = "", cel = ""]) => [
      key,
      cel,
    ]),
  );
}

function evaluated(expression: string, body: JsonObject): string {
  const payload = { text: JSON.stringify(body), json: () => body };
  const event = { id: "1", url: "/", headers: {}, extensions: {}, payload };
  return String(
    compileCel(expression).evaluate(activate(event as never), { namespace: "", secrets: {} as never }),
  );
}

test("a bad name, labels, a key and an annotation are told in one message", () => {
  const written = {
    name: "$(ref)",
    labels: { branch: "$(ref)", title: "$(title)", "$(key)": "x" },
    annotations: { build: 7, "a b": "x" },
  };
  const message =
    rendered(written, { ref: "refs/heads/X", title: "one two", key: "k 1" }).refused()?.error.message ?? "";
  for (const field of [
    "metadata.name",
    "metadata.labels[“branch”]",
    "metadata.labels[“title”]",
    "key metadata.labels[“k 1”]",
    'metadata.annotations[“build”]: the number 7 must be text: put it into quotes ("7")',
    "key metadata.annotations[“a b”]",
  ])
    assert.ok(message.includes(field), `${field} in ${message}`);
  // In a name and in a label: one overlay, by the rule of the name.
  assert.deepEqual([...overlaysOf(message).keys()], ["ref", "title"]);
  assert.match(overlaysOf(message).get("ref") ?? "", /lowerAscii/);
});

test("of many fields ten are told, and the number of the others", () => {
  const labels = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, "a/b"]));
  const message = rendered({ name: "a", labels }, {}).refused()?.error.message ?? "";
  assert.match(message, /“l9”.*; and 20 more fields/);
  assert.doesNotMatch(message, /“l10”/);
});

describe("what is told makes the object fit", () => {
  const templates: readonly JsonObject[] = [
    { name: "$(a)" },
    { name: "run-$(a)-x", labels: { v: "$(a)" } },
    { name: "x", labels: { v: "pre.$(a)" } },
    { name: "x", labels: { v: "$(a)-$(b)" } },
    { name: "$(a)-$(b)-$(a)" },
  ];
  const values = [
    "refs/heads/Feature/X",
    "-dash-",
    "a.-b",
    "x".repeat(200),
    `${"y".repeat(50)}/${"z".repeat(50)}`,
    "Größe (neu) ☃!",
    'it\'s "quoted" \\ here',
    "two\nlines",
    "[WIP] work",
    "release_1.0_",
    -7,
    -1.5e-7,
  ];
  for (const written of templates) {
    test(JSON.stringify(written), () => {
      for (const a of values) {
        for (const b of ["ok", "A/B C"]) {
          const body = { a, b };
          const first = rendered(written, body);
          const refused = first.refused();
          if (refused === undefined) continue;
          const cured = Object.fromEntries(
            [...overlaysOf(refused.error.message)].map(([key, cel]) => [key, evaluated(cel, body)]),
          );
          assert.notDeepEqual(cured, {}, refused.error.message);
          const second = rendered(written, body, cured);
          const left = refusedFields(second.object(second.fill(written)) as never);
          assert.deepEqual(left, [], `${JSON.stringify(body)}: ${JSON.stringify(second.fill(written))}`);
        }
      }
    });
  }
});

test("a list is no text: CEL that works on texts is not told", () => {
  const message =
    rendered({ name: "x", labels: { v: "$(a)" } }, { a: ["x", "y"] }).refused()?.error.message ?? "";
  assert.match(message, /the value of param a is a list: let its binding name one text of it/);
  assert.equal(overlaysOf(message).size, 0);
});

test("text that alone leaves no room is named", () => {
  const message = rendered({ name: `${"n".repeat(63)}-$(a)` }, { a: "x" }).refused()?.error.message ?? "";
  assert.match(message, /the text around \$\(tt\.params\.a\) alone leaves no room/);
});

test("what an overlay computes is put into brackets before anything is appended", () => {
  const params = new Map([["a", "x y"]]);
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", labels: { v: "x y" } } };
  const origin = () => [{ param: "a", value: "$(extensions.tag)" }];
  const message = refusedObject([object as never], { params, origin })?.error.message ?? "";
  assert.match(message, /let the expression of overlay tag be \(…\)\.translate\(/);
});
