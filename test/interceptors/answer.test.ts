/** Tekton's interceptor protocol, answered: the vectors of its HTTP interface that need no CEL, and hostile requests. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createAnswerer } from "../../interceptors/answer.ts";
import { BUILT_IN } from "../../interceptors/index.ts";
import type { DeclaredSecret } from "./vectors.ts";
import { readVectors, secretsOf } from "./vectors.ts";

interface Input {
  readonly path: string;
  readonly body: string;
  readonly secrets?: readonly DeclaredSecret[];
}

interface Output {
  readonly status?: number;
  readonly contentType?: string;
  readonly body?: {
    readonly continue: boolean;
    readonly extensions?: unknown;
    readonly status: { readonly code?: number };
  };
  readonly connectionClosed?: boolean;
}

const hasCel = BUILT_IN.some(({ name }) => name === "cel");
const vectors = readVectors<Input, Output>("interceptor-http.json")?.filter(
  ({ input }) => hasCel || !/cel/i.test(input.path),
);

test("requests are answered as the vectors of interceptor-http.json say", {
  skip: !vectors && "../shared is absent: interceptor-http.json NOT RUN",
}, async () => {
  const failures: string[] = [];
  for (const { id, input, output } of vectors ?? []) {
    const answer = createAnswerer({ interceptors: BUILT_IN, secrets: secretsOf(input.secrets ?? []) });
    const got = await answer(input.path, input.body);
    const body = got.contentType === "application/json" ? JSON.parse(got.body) : undefined;
    const seen = [got.status, got.contentType, body?.continue, body?.extensions, body?.status.code];
    const { contentType, status, body: wanted } = output;
    const right = [status, contentType, wanted?.continue, wanted?.extensions, wanted?.status.code];
    const same = output.connectionClosed
      ? body?.continue !== true
      : JSON.stringify(seen) === JSON.stringify(right);
    if (!same) failures.push(`${id}: got ${JSON.stringify(seen)}, wanted ${JSON.stringify(right)}`);
  }
  assert.deepEqual(failures, []);
});

test("requests that are none get 400, and never a defect", async () => {
  const answer = createAnswerer({ interceptors: BUILT_IN, secrets: secretsOf([]) });
  const bodies = [
    "",
    "{",
    "5",
    '"x"',
    '{"body":5}',
    '{"header":{"A":"x"}}',
    '{"context":[]}',
    "[".repeat(9_999),
  ];
  for (const body of bodies) assert.equal((await answer("/gitlab", body)).status, 400, body.slice(0, 20));
  for (const path of ["/", "", "/gitlab/", "/__proto__", "/constructor"]) {
    assert.equal((await answer(path, "{}")).status, 400, path);
  }
  const { status, body } = await answer(
    "/GitLab?x=1",
    '{"BODY":"{}","Context":{"TRIGGER_ID":"namespaces/ci/triggers/t"}}',
  );
  assert.deepEqual([status, body], [200, '{"continue":true,"status":{}}']);
});
