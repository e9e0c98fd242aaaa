/** Tekton's interceptor protocol, answered: hostile requests. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createAnswerer } from "../../interceptors/answer.ts";
import { BUILT_IN } from "../../interceptors/index.ts";
import { secretsOf } from "./ask.ts";

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
