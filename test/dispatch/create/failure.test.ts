/** Every answer of the API server that is no success, and what becomes of it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode, Retry } from "../../../src/core/errors.ts";
import { failureOf } from "../../../src/dispatch/create/failure.ts";

const about = {
  kind: "PipelineRun",
  namespace: "ci",
  name: "run-1",
  resource: "pipelineruns.tekton.dev",
  verb: "create",
  account: "robot",
} as const;
const NOW = Date.parse("2026-01-01T00:00:00Z");

function answer(status: number, body: unknown = "", headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return failureOf({ status, headers, body: text }, about, NOW);
}

function statusBody(reason: string, details: object = {}, message = "because"): object {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", reason, message, details };
}

const TERMINATING = [{ reason: "NamespaceTerminating", field: "metadata.namespace" }];

const CASES: readonly (readonly [number, object | string, Retry, ErrorCode])[] = [
  [302, "", "soon", "SLUICE_CREATE_BUSY"],
  [200, "<html>log in</html>", "soon", "SLUICE_CREATE_BUSY"],
  [400, statusBody("BadRequest"), "never", "SLUICE_CREATE_REFUSED"],
  [401, statusBody("Unauthorized"), "slow", "SLUICE_CREATE_CREDENTIALS"],
  [403, statusBody("Forbidden"), "slow", "SLUICE_CREATE_POLICY"],
  [
    403,
    statusBody("Forbidden", { causes: [{ message: "no", field: "spec" }] }),
    "slow",
    "SLUICE_CREATE_POLICY",
  ],
  [403, "denied by the proxy", "slow", "SLUICE_CREATE_POLICY"],
  [403, { kind: "Status", reason: "Forbidden", message: "no details" }, "slow", "SLUICE_CREATE_POLICY"],
  [403, statusBody("Forbidden", { kind: "pipelineruns" }), "slow", "SLUICE_CREATE_FORBIDDEN"],
  [403, statusBody("Forbidden", { name: "run-1", kind: "pipelineruns" }), "slow", "SLUICE_CREATE_POLICY"],
  [403, statusBody("Forbidden", { name: "x", kind: "serviceaccounts" }), "slow", "SLUICE_CREATE_POLICY"],
  [404, statusBody("NotFound", { name: "ci", kind: "namespaces" }), "slow", "SLUICE_CREATE_NAMESPACE"],
  [403, statusBody("Forbidden", { name: "run-1", causes: TERMINATING }), "slow", "SLUICE_CREATE_NAMESPACE"],
  [404, statusBody("NotFound"), "slow", "SLUICE_CREATE_KIND"],
  [404, "404 page not found\n", "slow", "SLUICE_CREATE_KIND"],
  [405, statusBody("MethodNotAllowed"), "never", "SLUICE_CREATE_REFUSED"],
  [408, "", "soon", "SLUICE_CREATE_BUSY"],
  [409, statusBody("Conflict"), "soon", "SLUICE_CREATE_BUSY"],
  [413, statusBody("RequestEntityTooLarge"), "never", "SLUICE_CREATE_REFUSED"],
  [415, "", "never", "SLUICE_CREATE_REFUSED"],
  [422, statusBody("Invalid"), "never", "SLUICE_CREATE_REFUSED"],
  [425, "", "soon", "SLUICE_CREATE_BUSY"],
  [429, statusBody("TooManyRequests"), "soon", "SLUICE_CREATE_BUSY"],
  [500, statusBody("InternalError"), "soon", "SLUICE_CREATE_BUSY"],
  [503, "not json {", "soon", "SLUICE_CREATE_BUSY"],
  [504, statusBody("Timeout"), "soon", "SLUICE_CREATE_BUSY"],
];

for (const [status, body, retry, code] of CASES) {
  const what =
    typeof body === "string" ? JSON.stringify(body) : JSON.stringify(body, ["reason", "details", "kind"]);
  test(`${status} ${what} is ${code}, ${retry}`, () => {
    assert.partialDeepStrictEqual(answer(status, body), { outcome: "failed", retry, code });
  });
}

test("a missing right to act as somebody is told from one of his own, and both say how to grant it", () => {
  const as = { namespace: "ci", name: "builder" };
  const refused = (details: object) => {
    const body = JSON.stringify(statusBody("Forbidden", details));
    const account = "service account ci/builder";
    return failureOf({ status: 403, headers: {}, body }, { ...about, account, as }, NOW);
  };
  const impersonation = refused({ name: "builder", kind: "serviceaccounts" });
  assert.equal(impersonation.code, "SLUICE_CREATE_IMPERSONATE");
  assert.match(
    impersonation.reason,
    /may not act as service account ci\/builder: “because”\..*kubectl create role \S+ -n ci --verb=impersonate --resource=serviceaccounts --resource-name=builder && /,
  );
  const creation = refused({ group: "tekton.dev", kind: "pipelineruns" });
  assert.equal(creation.code, "SLUICE_CREATE_FORBIDDEN");
  assert.match(
    creation.reason,
    /^service account ci\/builder may not create PipelineRun in ci: “because”\. Grant it: kubectl create role (\S+) -n ci --verb=create --resource=pipelineruns\.tekton\.dev && kubectl create rolebinding \1 -n ci --role=\1 --serviceaccount=ci:builder\.$/,
  );
});

test("whose right is missing is said as the server knows him, not as the kubeconfig calls him", () => {
  const told =
    'pipelineruns.tekton.dev is forbidden: User "system:serviceaccount:sluice:gateway" cannot create resource "pipelineruns" in API group "tekton.dev" in the namespace "ci"';
  const { reason } = answer(403, statusBody("Forbidden", { kind: "pipelineruns" }, told));
  assert.match(reason, /^system:serviceaccount:sluice:gateway may not create PipelineRun in ci: /);
  assert.match(reason, / --serviceaccount=sluice:gateway\.$/);
  const odd = 'User "$(rm -rf)" cannot create resource';
  assert.match(answer(403, statusBody("Forbidden", { kind: "x" }, odd)).reason, /^robot may not/);
});

test("what the message says decides nothing", () => {
  const lie = statusBody("Invalid", {}, 'namespaces "ci" not found; already exists; too many requests');
  assert.equal(answer(422, lie).code, "SLUICE_CREATE_REFUSED");
});

test("Retry-After is taken in seconds, as a date, and from Status.details", () => {
  assert.equal(answer(429, "", { "retry-after": "7" }).after, 7_000);
  assert.equal(answer(503, "", { "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }).after, 60_000);
  assert.equal(answer(503, "", { "retry-after": "Thu, 01 Jan 2015 00:01:00 GMT" }).after, 0);
  assert.equal(answer(429, statusBody("TooManyRequests", { retryAfterSeconds: 3 })).after, 3_000);
  assert.equal(answer(429, "", { "retry-after": "soon" }).after, undefined);
  assert.equal("after" in answer(500), false);
});

test("the reason names the object and what the server said", () => {
  const { reason } = answer(422, statusBody("Invalid", {}, "spec.pipelineRef: Required value"));
  assert.equal(reason, "the API server refused PipelineRun run-1: “spec.pipelineRef: Required value”");
  const causes = [
    { reason: "FieldValueRequired", field: "spec.pipelineRef", message: "m" },
    { reason: "FieldValueInvalid", field: 'spec["text of an event"]', message: "m" },
  ];
  const fields = answer(422, statusBody("Invalid", { causes }, "hunter2")).reason;
  assert.match(fields, /run-1: spec\.pipelineRef FieldValueRequired: “hunter2”$/);
});

test("what the server says of rights and namespaces holds names only, and is not quoted", () => {
  for (const message of [
    'pipelineruns.tekton.dev is forbidden: User "system:serviceaccount:ci:builder" cannot create resource "pipelineruns" in API group "tekton.dev" in the namespace "ci"',
    'serviceaccounts "builder" is forbidden: User "system:serviceaccount:sluice:sluice" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "ci"',
  ])
    assert.ok(
      answer(403, statusBody("Forbidden", { kind: "pipelineruns" }, message)).reason.includes(
        `: ${message}. Grant`,
      ),
    );
  const gone = answer(404, statusBody("NotFound", { kind: "namespaces" }, 'namespaces "ci" not found'));
  assert.match(gone.reason, /: namespaces "ci" not found$/);
  const webhook = 'pipelineruns is forbidden: User "x" cannot create resource "y" in API group "z": hunter2';
  assert.match(answer(403, statusBody("Forbidden", {}, webhook)).reason, /“[^”]*hunter2”/);
});

test("a foreign text is cut and cannot forge lines", () => {
  const { reason } = answer(
    500,
    statusBody("InternalError", {}, `\u001b[2J\r\nforged ${"x".repeat(100_000)}`),
  );
  assert.doesNotMatch(reason, /\p{Cc}/u);
  assert.ok(reason.length < 1_200);
});

test("bodies that are hostile JSON are text like any other", () => {
  for (const body of [
    "[".repeat(100_000),
    '{"kind":"Status","details":7,"message":{},"reason":[]}',
    "null",
    "7",
  ]) {
    assert.equal(answer(422, body).code, "SLUICE_CREATE_REFUSED");
  }
});
