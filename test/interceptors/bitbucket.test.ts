/** The bitbucket interceptor: contract and algorithms. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { bitbucket } from "../../interceptors/bitbucket.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { deliveryOf, interceptorContract, memorySecrets, offlineTools } from "../contracts/interceptor.ts";

const hmac = (algorithm: string, secret: string, body: string) =>
  `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;

interceptorContract({
  interceptor: bitbucket,
  params: { secretRef: { secretName: "hook", secretKey: "token" }, eventTypes: ["repo:push"] },
  body: '{"push":{"changes":[]}}',
  sign: (body, secret) => ({ "X-Event-Key": "repo:push", "X-Hub-Signature": hmac("sha256", secret, body) }),
  proofHeader: "X-Hub-Signature",
  coversBody: true,
});

test("sha256 and sha512 are taken from X-Hub-Signature, sha1 only where it is allowed, md5 and a cut digest never", async () => {
  const verifier = createVerifier(memorySecrets({ hook: { token: "s" } }));
  const demand = { scheme: "bitbucket", secret: { namespace: "ci", name: "hook", key: "token" } };
  const cut = hmac("sha256", "s", "{}").slice(0, -2);
  const values = [
    ...["sha256", "sha512"].map((algorithm) => [hmac(algorithm, "s", "{}"), true] as const),
    ...[hmac("md5", "s", "{}"), cut, "sha256=", `sha1=${cut.slice(7)}`].map(
      (value) => [value, false] as const,
    ),
  ];
  for (const [value, ok] of values) {
    const delivery = deliveryOf({ "X-Hub-Signature": value }, "{}");
    assert.equal((await verifier.begin(delivery).check(demand)).ok, ok, value);
  }
  const params = { secretRef: { secretName: "hook", secretKey: "token" } };
  const weak = deliveryOf({ "X-Hub-Signature": hmac("sha1", "s", "{}") }, "{}");
  for (const allowSha1 of [true, false]) {
    const tools = offlineTools();
    const [demanded] = bitbucket.compile({ ...params, allowSha1 }, tools).proofs ?? [];
    assert.ok(demanded);
    assert.equal((await verifier.begin(weak).check(demanded)).ok, allowSha1);
  }
});
