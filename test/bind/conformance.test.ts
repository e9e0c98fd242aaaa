/** Tekton's own answers for bindings, from ../shared/conformance; skipped, loudly, where they are absent. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BoundParam } from "../../src/bind/index.ts";
import { compileBindings } from "../../src/bind/index.ts";
import { SluiceError } from "../../src/core/errors.ts";
import type { HeaderMap } from "../../src/core/headers.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { TemplateParam } from "../../src/core/tekton.ts";
import { eventWith } from "./events.ts";

interface Case {
  readonly id: string;
  readonly class: string;
  readonly input: {
    readonly body: string;
    readonly headers?: HeaderMap;
    readonly extensions?: JsonObject;
    readonly eventID?: string;
    readonly bindingParams: readonly Omit<BoundParam, "from">[];
    readonly templateParams?: readonly TemplateParam[];
  };
  readonly output: { readonly params?: Readonly<Record<string, string>>; readonly error?: string };
}

const file = join(import.meta.dirname, "../../../shared/conformance/bindings.json");

if (!existsSync(file)) {
  test("bindings agree with Tekton's vectors", { skip: `NOT CHECKED: ${file} is absent` }, () => {});
} else {
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] };
  const classes = Map.groupBy(cases, (vector) => vector.class);
  test("there are vectors", () => assert.ok(cases.length >= 357));
  for (const [name, vectors] of classes) {
    test(`bindings of class ${name} agree with Tekton's`, () => {
      const wrong = vectors.flatMap((vector) => {
        const got = bind(vector.input);
        const same = vector.output.error === undefined ? isSame(got, vector.output.params) : got === "error";
        return same ? [] : [{ id: vector.id, params: vector.input.bindingParams, want: vector.output, got }];
      });
      assert.deepEqual(wrong, []);
    });
  }
}

function isSame(got: unknown, want: unknown): boolean {
  try {
    assert.deepEqual(got, want);
    return true;
  } catch {
    return false;
  }
}

function bind(input: Case["input"]): Record<string, string> | "error" {
  const params = input.bindingParams.map((param) => ({ ...param, from: "vector" }));
  try {
    const plan = compileBindings(params, input.templateParams ?? []);
    const { body, headers = {}, extensions = {}, eventID = "" } = input;
    return Object.fromEntries(plan(eventWith({ id: eventID, text: body, headers, extensions })));
  } catch (error) {
    assert.ok(error instanceof SluiceError, `only SluiceErrors may leave: ${error}`);
    return "error";
  }
}
