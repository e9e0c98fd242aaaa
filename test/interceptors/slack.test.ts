/** The slack interceptor: contract with our signingSecretRef, and forms. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { slack } from "../../interceptors/slack.ts";
import { payload } from "../../src/core/delivery.ts";
import { runChain } from "../../src/decide/intercept/chain.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import {
  deliveryOf,
  eventOf,
  interceptorContract,
  memorySecrets,
  offlineTools,
} from "../contracts/interceptor.ts";

const now = deliveryOf({}, "").receivedAt / 1_000;
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

function sign(body: string, secret: string, time = now) {
  const hex = createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex");
  return { ...FORM, "X-Slack-Request-Timestamp": String(time), "X-Slack-Signature": `v0=${hex}` };
}

interceptorContract({
  interceptor: slack,
  params: { signingSecretRef: { secretName: "hook", secretKey: "token" }, requestedFields: ["text"] },
  body: "command=%2Fci&text=build+main",
  sign,
  proofHeader: "X-Slack-Signature",
  coversBody: true,
});

test("the fields of a slash command become extensions, repeated ones as a list", async () => {
  const interceptor = slack.compile({ requestedFields: ["text", "__proto__"] }, offlineTools());
  const body = "text=build+main&__proto__=a&__proto__=b&token=t";
  const { event, stopped } = await runChain(
    [{ name: "slack", interceptor }],
    eventOf(deliveryOf({ ...FORM, "X-Slack-Signature": "v0=x" }, body)),
  );
  assert.equal(stopped, undefined);
  assert.deepEqual(Object.entries(event.extensions), [
    ["text", ["build main"]],
    ["__proto__", ["a", "b"]],
  ]);
});

test("a signature older than five minutes is refused", async () => {
  const verifier = createVerifier(memorySecrets({ hook: { token: "s" } }));
  const demand = { scheme: "slack", secret: { namespace: "ci", name: "hook", key: "token" } };
  assert.equal((await verifier.begin(deliveryOf(sign("a=1", "s", now - 300), "a=1")).check(demand)).ok, true);
  assert.equal(
    (await verifier.begin(deliveryOf(sign("a=1", "s", now - 301), "a=1")).check(demand)).ok,
    false,
  );
});

test("null in a list of values is an empty text, as Go reads it", async () => {
  const interceptor = slack.compile({ requestedFields: ["a", "b"] }, offlineTools());
  const headers = { ...FORM, "X-Slack-Signature": "v0=x" };
  const event = { ...eventOf(deliveryOf(headers, "")), payload: payload('{"a":[null,"x"],"b":null}') };
  assert.deepEqual(await interceptor.intercept(event), {
    continue: true,
    extensions: { a: ["", "x"], b: null },
  });
});
