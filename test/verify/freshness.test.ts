/** A time that is too far off is told as such: by how much, in which direction, and what is allowed. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { timeFault } from "../../src/verify/freshness.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { deliveryOf } from "../contracts/interceptor.ts";

const NOW = 1_800_000_000_000;
const rule = { header: "X-Time", toleranceMs: 300_000 };
const at = (seconds: string) => timeFault({ "X-Time": [seconds] }, NOW, rule);

test("a time is fresh, stale, missing, or not readable", () => {
  assert.equal(at("1800000299"), undefined);
  const stale = { kind: "stale", place: "header X-Time", allowed: "5 minutes are allowed" };
  assert.deepEqual(at("1799999400"), { ...stale, off: 600, direction: "behind it" });
  assert.deepEqual(at("1800000900"), { ...stale, off: 900, direction: "ahead of it" });
  assert.equal(timeFault({}, NOW, rule)?.kind, "missing");
  assert.match(JSON.stringify(at("1800000000000")), /milliseconds/);
  assert.match(JSON.stringify(at("yesterday")), /no number of seconds/);
});

const secret = { namespace: "ci", name: "hook", key: "token" };
const stored = new Map([["token", Buffer.from("a token of the listener")]]);
const secrets = { peek: () => stored, read: async () => stored };

test("GitLab and Slack: the header that was judged is named, and the clocks are the cure", async () => {
  const check = async (scheme: string, headers: Record<string, string>) => {
    const delivery = { ...deliveryOf(headers, "{}"), receivedAt: NOW };
    const proof = await createVerifier(secrets).begin(delivery).check({ scheme, secret });
    assert.ok(!proof.ok);
    return proof;
  };
  const old = "1799999400";
  const mac = createHmac("sha256", "x").update("{}").digest();
  const signed = await check("gitlab", {
    ...{ "Webhook-Id": "m", "Webhook-Timestamp": old },
    "Webhook-Signature": `v1,${mac.toString("base64")}`,
  });
  assert.equal(signed.code, "SLUICE_PROOF_STALE");
  assert.equal(signed.place, "header Webhook-Signature");
  assert.match(
    signed.reason,
    /header Webhook-Timestamp is 600 s off this gateway's clock \(behind it; 5 minutes are allowed\)/,
  );
  assert.match(signed.reason, /NTP/);
  const slack = { "X-Slack-Request-Timestamp": old, "X-Slack-Signature": `v0=${mac.toString("hex")}` };
  assert.equal((await check("slack", slack)).code, "SLUICE_PROOF_STALE");
  const token = await check("gitlab", { "X-Gitlab-Token": "another" });
  assert.equal(token.code, "SLUICE_SIGNATURE_WRONG");
  assert.match(token.reason, /^header X-Gitlab-Token is not the value of Secret ci\/hook/);
  assert.doesNotMatch(token.reason, /body|Webhook-Signature/);
});
