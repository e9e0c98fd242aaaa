/** Fingerprints: what differs between deliveries is taken out, what tells causes apart stays. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fingerprintOf, normalise } from "../../../src/storage/ledger/fingerprint.ts";

test("numbers, ids, hashes, quoted text and names of objects are taken out of a reason", () => {
  const cases = [
    ["try 7: connection refused after 12 ms", "try #: connection refused after # ms"],
    ["delivery 0198c7a1-7b1e-7c44-9d6e-0123456789ab is gone", "delivery # is gone"],
    ["commit deadbeef and 0xDEADBEEF12", "commit # and #"],
    ["connect ECONNREFUSED 10.0.0.7:6443", "connect ECONNREFUSED #"],
    ['pipelines.tekton.dev "build-x7k2m" not found', 'pipelines.tekton.dev "…" not found'],
    ["doesn't match 'a b' in `c d`", 'doesn\'t match "…" in "…"'],
    ["PipelineRun ci/build-abcdefgh exists already", "PipelineRun # exists already"],
    ["the API server refused TaskRun lint: denied", "the API server refused TaskRun #: denied"],
    ["Secret webhook-token has no usable key", "Secret # has no usable key"],
    ["param sha:  body.sha is missing", "param sha: body.sha is missing"],
  ] as const;
  for (const [reason, expected] of cases) assert.equal(normalise(reason), expected);
});

test("one cause has one fingerprint, whether or not the generated name holds a digit", () => {
  const names = ["alpha-yprpmrubi9", "alpha-scekwuipag", "alpha-7kzqwmbvtd", "alpha-bcdfghjklm"];
  const messages = [
    (name: string) => `the API server refused PipelineRun ${name}: admission webhook denied the request`,
    (name: string) => `the API server refused Task ${name}: admission webhook denied the request`,
    (name: string) => `this rule wants no PipelineRun ci/${name}.`,
    (name: string) => `PipelineRun ${name} exists already`,
  ];
  for (const message of messages) {
    const found = new Set(names.map((name) => fingerprintOf({ code: "A", reason: message(name) })));
    assert.equal(found.size, 1, message("…"));
  }
  assert.equal(normalise("commit deadbeef: gone"), normalise("commit 0badcafe: gone"));
});

test("causes that differ in code or words have fingerprints of their own", () => {
  const of = (code: string, reason: string) => fingerprintOf({ code, reason });
  assert.equal(of("A", "after 1 s"), of("A", "after 22 s"));
  assert.notEqual(of("A", "after 1 s"), of("B", "after 1 s"));
  assert.notEqual(of("A", "namespace prod does not exist"), of("A", "kind prod does not exist"));
  assert.match(of("A", "x"), /^[\w-]{16}$/);
});

test("any text has a fingerprint, and a hostile one of a thousand signs costs no time", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (reason) => {
      assert.equal(normalise(normalise(reason)).length <= normalise(reason).length, true);
    }),
  );
  const hostile = [
    "a".repeat(1_000),
    "'".repeat(1_000),
    '"`'.repeat(500),
    "Aa".repeat(500),
    "A a".repeat(333),
  ];
  const started = performance.now();
  for (let i = 0; i < 100; i++) for (const reason of hostile) normalise(reason);
  assert.ok(performance.now() - started < 2_000);
});
