/** The gitlab interceptor: contract, tokens outside ASCII, and the signing tokens of 2026. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { gitlab } from "../../interceptors/gitlab.ts";
import { headersFromWire } from "../../src/core/header-bytes.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { deliveryOf, interceptorContract, memorySecrets } from "../contracts/interceptor.ts";

interceptorContract({
  interceptor: gitlab,
  params: { secretRef: { secretName: "hook", secretKey: "token" }, eventTypes: ["Push Hook"] },
  body: '{"object_kind":"push"}',
  sign: (_body, secret) => ({ "X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret }),
  proofHeader: "X-Gitlab-Token",
  coversBody: false,
});

const demand = { scheme: "gitlab", secret: { namespace: "ci", name: "hook", key: "token" } };

test("a token outside ASCII is compared by its UTF-8 bytes, as they come over the wire", async () => {
  const token = "pässwörd🔑";
  const verifier = createVerifier(memorySecrets({ hook: { token } }));
  for (const [bytes, ok] of [
    [Buffer.from(token), true],
    [Buffer.from("password"), false],
    [Buffer.from("pässwörd", "latin1"), false],
  ] as const) {
    const [value = ""] =
      headersFromWire(["X-Gitlab-Token", bytes.toString("latin1")])["X-Gitlab-Token"] ?? [];
    const delivery = deliveryOf({ "X-Gitlab-Token": value }, "{}");
    assert.equal((await verifier.begin(delivery).check(demand)).ok, ok);
  }
});

test("a signing token proves body, id and time, and only for five minutes", async () => {
  const key = Buffer.from("0123456789abcdef0123456789abcdef");
  const verifier = createVerifier(memorySecrets({ hook: { token: `whsec_${key.toString("base64")}` } }));
  const body = '{"object_kind":"push"}';
  const now = deliveryOf({}, "").receivedAt / 1_000;
  const proved = async (time: number, sent = body, id = "msg_1") => {
    const signature = createHmac("sha256", key).update(`msg_1.${time}.${body}`).digest("base64");
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": String(time),
      "webhook-signature": `v1,AAAA v1,${signature}`,
    };
    return (await verifier.begin(deliveryOf(headers, sent)).check(demand)).ok;
  };
  assert.equal(await proved(now), true);
  assert.equal(await proved(now - 299), true);
  assert.equal(await proved(now - 301), false);
  assert.equal(await proved(now + 301), false);
  assert.equal(await proved(now, "{}"), false);
  assert.equal(await proved(now, body, "msg_2"), false);
});

test("a signing token is no plain token: who reads it in X-Gitlab-Token proves nothing by it", async () => {
  const token = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
  const verifier = createVerifier(memorySecrets({ hook: { token } }));
  const proof = await verifier.begin(deliveryOf({ "X-Gitlab-Token": token }, "{}")).check(demand);
  assert.equal(proof.ok ? "proved" : proof.code, "SLUICE_SIGNATURE_WRONG");
});
