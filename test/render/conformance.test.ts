/** Tekton's own answers for templates, from ../shared/conformance; skipped, loudly, where they are absent. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { payload } from "../../src/core/delivery.ts";
import { SluiceError } from "../../src/core/errors.ts";
import type { HeaderMap } from "../../src/core/headers.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { TriggerTemplateSpec } from "../../src/core/tekton.ts";
import type { TemplateSource } from "../../src/render/index.ts";
import { compileSubstitution, compileTemplate } from "../../src/render/index.ts";

interface Param {
  readonly name: string;
  readonly value: string;
}

interface Created {
  readonly namespace: string;
  readonly resource: string;
  readonly object: JsonObject;
}

interface Template {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: TriggerTemplateSpec;
}

type Vector = { readonly id: string; readonly class: string } & (
  | {
      readonly input: {
        readonly mode: "render";
        readonly template: Template;
        readonly params: readonly Param[];
        readonly uid: string;
      };
      readonly output: { readonly resources: readonly { readonly json?: JsonObject }[] };
    }
  | {
      readonly input: {
        readonly mode: "pipeline";
        readonly template: Template;
        readonly uid: string;
        readonly body: string;
        readonly headers: HeaderMap;
        readonly extensions: JsonObject;
        readonly eventID: string;
        readonly bindingParams: readonly Param[];
        readonly triggerName: string;
        readonly eventListenerName: string;
        readonly namespace: string;
      };
      readonly output: { readonly created: readonly Created[]; readonly error?: string };
    }
);

interface Document {
  readonly apiResources: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly resource: string;
  }[];
  readonly cases: readonly Vector[];
}

const file = join(import.meta.dirname, "../../../shared/conformance/templates.json");

// A value must never change the structure of a resource: here Sluice refuses on purpose what Tekton creates.
const REFUSED = "unsafe-splice";

if (!existsSync(file)) {
  test("templates agree with Tekton's vectors", { skip: `NOT CHECKED: ${file} is absent` }, () => {});
} else {
  // Whole pipelines need the station bind, which this folder does not import otherwise.
  const { compileBindings } = await import("../../src/bind/index.ts");
  const document = JSON.parse(readFileSync(file, "utf8")) as Document;

  const run = (vector: Vector): unknown => {
    const { input } = vector;
    const template = source(input.template);
    if (input.mode === "render") {
      const params = new Map(input.params.map(({ name, value }) => [name, value]));
      return compileSubstitution(template).map((substitute) =>
        orError(() => substitute(params, () => input.uid)),
      );
    }
    return orError(() => {
      const bound = input.bindingParams.map((param) => ({ ...param, from: "vector" }));
      const trigger = { namespace: input.namespace, name: input.triggerName };
      const params = compileBindings(
        bound,
        template.spec.params,
      )({
        id: input.eventID,
        trigger,
        url: "/",
        headers: input.headers,
        payload: payload(input.body),
        extensions: input.extensions,
      });
      const listener = { namespace: input.namespace, name: input.eventListenerName };
      const plan = compileTemplate(template, { names: "tekton", uid: () => input.uid });
      return plan(params, { delivery: input.eventID, listener, trigger }).map((object) => {
        const { apiVersion, kind } = object;
        const known = document.apiResources.find((r) => r.apiVersion === apiVersion && r.kind === kind);
        if (known === undefined) return "error";
        const namespace = object.metadata?.namespace || input.namespace;
        return { namespace, resource: `${apiVersion}/${known.resource}`, object };
      });
    });
  };

  test("there are vectors", () => assert.ok(document.cases.length >= 98));
  for (const [name, vectors] of Map.groupBy(document.cases, (vector) => vector.class)) {
    const does = name === REFUSED ? "are refused" : "agree with Tekton's";
    test(`templates of class ${name} ${does}`, () => {
      const wrong = vectors.flatMap((vector) => {
        const got = JSON.parse(JSON.stringify(run(vector)));
        const want = name === REFUSED ? refused(vector) : expected(vector);
        return same(got, want) ? [] : [{ id: vector.id, got, want }];
      });
      assert.deepEqual(wrong, []);
    });
  }
}

function expected(vector: Vector): unknown {
  if (vector.input.mode === "render") {
    const { resources } = vector.output as { resources: readonly { json?: JsonObject }[] };
    return resources.map((resource) => resource.json ?? "error");
  }
  const { created, error } = vector.output as { created: readonly Created[]; error?: string };
  if (error === undefined) return created;
  // The plan fails as a whole, or the target does not know the kind.
  return created.length === 0 ? ["error"] : [...created, "error"];
}

function refused(vector: Vector): unknown {
  return vector.input.mode === "render"
    ? vector.input.template.spec.resourcetemplates.map(() => "error")
    : ["error"];
}

function orError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof SluiceError, `only SluiceErrors may leave: ${error}`);
    return "error";
  }
}

function same(got: unknown, want: unknown): boolean {
  try {
    assert.deepEqual(got === "error" ? ["error"] : got, want);
    return true;
  } catch {
    return false;
  }
}

function source(template: Template): TemplateSource {
  return { annotations: template.metadata?.annotations ?? {}, spec: template.spec };
}
