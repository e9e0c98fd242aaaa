/** Every recorded answer of Tekton's CEL interceptor, against ours. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { cel } from "../../interceptors/cel.ts";
import { payload } from "../../src/core/delivery.ts";
import { SluiceError } from "../../src/core/errors.ts";
import type { Verdict } from "../../src/core/interceptor.ts";
import { GRPC } from "../../src/core/interceptor.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Secrets } from "../../src/core/secrets.ts";

interface Vector {
  readonly id: string;
  readonly class: string;
  readonly input: {
    readonly body: string;
    readonly headers: Readonly<Record<string, readonly string[]>>;
    readonly requestURL: string;
    readonly extensions?: JsonObject;
    readonly filter?: string;
    readonly overlays?: readonly { readonly key: string; readonly expression?: string }[];
    readonly params?: JsonObject;
    readonly namespace?: string;
    readonly secrets?: readonly {
      readonly namespace: string;
      readonly name: string;
      readonly data: Readonly<Record<string, string>>;
    }[];
  };
  readonly output: {
    readonly continue?: boolean;
    readonly extensions?: JsonObject;
    readonly status: { readonly code?: number; readonly message?: string };
  };
}

const file = path.join(import.meta.dirname, "../../../shared/conformance/cel.json");

if (!existsSync(file)) {
  test("conformance vectors of the CEL interceptor", {
    skip: `ABSENT: ${path.basename(file)} is not beside the project`,
  });
} else {
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Vector[] };
  for (const [name, vectors] of Map.groupBy(cases, (vector) => vector.class)) {
    test(`${vectors.length} answers of class ${name} are Tekton's`, async () => {
      const differences: string[] = [];
      for (const vector of vectors) {
        const verdict = await answer(vector);
        const got = verdict.continue
          ? { continue: true, code: 0, extensions: verdict.extensions ?? null }
          : { continue: false, code: verdict.code, extensions: null };
        const { output } = vector;
        const want = {
          continue: output.continue ?? false,
          code: output.status.code ?? 0,
          extensions: output.extensions ?? null,
        };
        if (!isDeepStrictEqual(JSON.parse(JSON.stringify(got)), want)) {
          differences.push(
            `${vector.id}: ${JSON.stringify(vector.input.filter ?? vector.input.overlays ?? vector.input.params)}\n` +
              `  want ${JSON.stringify(want)} ${output.status.message ?? ""}\n` +
              `  got  ${JSON.stringify(got)} ${verdict.continue ? "" : verdict.reason}`,
          );
        }
      }
      assert.equal(differences.join("\n"), "");
    });
  }
}

async function answer({ input }: Vector): Promise<Verdict> {
  const { filter, overlays } = input;
  const params = input.params ?? {
    ...(filter === undefined ? {} : { filter }),
    ...(overlays === undefined ? {} : { overlays: overlays as unknown as JsonObject[] }),
  };
  const namespace = input.namespace ?? "default";
  try {
    const compiled = cel.compile(params, { namespace, secrets: secretsOf(input.secrets ?? []) });
    return await compiled.intercept({
      id: "e1",
      trigger: { namespace, name: "trigger-1" },
      url: input.requestURL,
      headers: input.headers,
      payload: payload(input.body),
      extensions: input.extensions ?? {},
    });
  } catch (error) {
    // What Tekton finds at the first event is found here when the trigger is compiled.
    if (error instanceof SluiceError) {
      return { continue: false, code: GRPC.INVALID_ARGUMENT, reason: error.message };
    }
    throw error;
  }
}

/** Nothing is known before it has been read, as in a gateway that has just started. */
function secretsOf(declared: NonNullable<Vector["input"]["secrets"]>): Secrets {
  return {
    peek: () => undefined,
    async read(namespace, name) {
      const found = declared.find((secret) => secret.namespace === namespace && secret.name === name);
      if (found === undefined) return null;
      return new Map(Object.entries(found.data).map(([key, value]) => [key, Buffer.from(value)]));
    },
  };
}
