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

const ask = async (path: string, request: object) => {
  const answer = createAnswerer({ interceptors: BUILT_IN, secrets: secretsOf([]) });
  const { status, body } = await answer(path, JSON.stringify(request));
  return status === 200 ? JSON.parse(body) : status;
};

test("a path is decoded, and one that is not written plainly leads elsewhere", async () => {
  assert.equal((await ask("/%63el", { body: "{}", context: {} })).continue, true);
  for (const path of ["//cel", "/./cel", "/x/../cel"]) assert.equal(await ask(path, {}), 307, path);
  assert.equal(await ask("/cel%zz", {}), 400);
});

test("a form from GitHub is refused before its parameters and its signature are looked at", async () => {
  const header = { "Content-Type": ["application/x-www-form-urlencoded"], "X-Github-Event": ["push"] };
  for (const secretRef of [{}, { secretName: "s", secretKey: "k" }]) {
    const answer = await ask("/github", { header, interceptor_params: { secretRef }, context: {} });
    assert.equal(answer.status.code, 3);
  }
});

test("a missing signature is seen before a missing context", async () => {
  const interceptor_params = { secretRef: { secretName: "s", secretKey: "k" } };
  assert.equal((await ask("/github", { interceptor_params })).status.code, 9);
  const header = { "X-Hub-Signature-256": ["sha256=00"] };
  assert.equal((await ask("/github", { interceptor_params, header })).status.code, 3);
});
