/** Header maps: Go's spelling of names, every value kept, secrets masked, hostile names harmless. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canonicalName,
  header,
  headersFromPairs,
  headersToJson,
  isSensitive,
  MASK,
  maskedNames,
  maskHeaders,
} from "../../src/core/headers.ts";
import { printJson } from "../../src/core/json.ts";

test("names are spelled as Go's textproto spells them", () => {
  const spellings: readonly [string, string][] = [
    ["x-github-event", "X-Github-Event"],
    ["X-GitHub-Hook-ID", "X-Github-Hook-Id"],
    ["CONTENT-TYPE", "Content-Type"],
    ["etag", "Etag"],
    ["x-1a-b2", "X-1a-B2"],
    ["-a--b-", "-A--B-"],
    ["x_token", "X_token"],
    ["with space", "with space"],
    ["ünicode", "ünicode"],
    ["", ""],
  ];
  for (const [name, canonical] of spellings) {
    assert.equal(canonicalName(name), canonical);
    assert.equal(canonicalName(name), canonical, "and so it is when it is remembered");
  }
});

test("names that come after a thousand others are spelled all the same", () => {
  for (let i = 0; i < 1_100; i++) assert.equal(canonicalName(`x-filler-${i}`), `X-Filler-${i}`);
  assert.equal(canonicalName("x-late-comer"), "X-Late-Comer");
});

test("every value is kept in order under one name, and a lone last name is passed over", () => {
  const headers = headersFromPairs(["x-a", "1", "X-B", "", "X-A", "2", "dangling"]);
  assert.deepEqual(headers, { "X-A": ["1", "2"], "X-B": [""] });
  assert.equal(header(headers, "x-a"), "1");
  assert.equal(header(headers, "X-B"), "");
  assert.equal(header(headers, "x-c"), undefined);
});

test("names of the prototype are headers like any other, and absent ones are absent", () => {
  const headers = headersFromPairs(["__proto__", "a", "__proto__", "b", "constructor", "c"]);
  assert.equal(printJson(headersToJson(headers)), '{"Constructor":["c"],"__proto__":["a","b"]}');
  assert.equal(header(headers, "__proto__"), "a");
  assert.equal(header(headersFromPairs([]), "__proto__"), undefined);
  assert.equal(header({}, "constructor"), undefined);
  assert.equal(printJson(headersToJson(maskHeaders(headers))), printJson(headersToJson(headers)));
});

test("what proves or grants something is masked, each value, and nothing else is", () => {
  const secret = [
    ...["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Gitlab-Token", "X-Api-Key"],
    ...["X-Hub-Signature", "X-Hub-Signature-256", "X-Slack-Signature", "Webhook-Signature", "x-apikey"],
    ...[
      "X-Authorization",
      "X-Forwarded-Authorization",
      "X-Auth-Key",
      "X-Goog-Iap-Jwt-Assertion",
      "auth",
      "X_Jwt",
    ],
    ...["X-Sig", "X-Service-Key", "X-Pass", "X-Db-Pwd"],
    ...["X-Client-Secret", "x-db-password", "X-Amz-Security-Token", "Aws-Credential"],
  ];
  const open = [
    "Content-Type",
    "X-Github-Event",
    "X-Github-Delivery",
    "User-Agent",
    "Ce-Id",
    "Webhook-Id",
    "X-Author",
    ...["X-Event-Key", "Idempotency-Key", "X-Design", "X-Monkey", "X-Passenger"],
  ];
  for (const name of secret) assert.ok(isSensitive(name), name);
  for (const name of open) assert.ok(!isSensitive(name), name);
  const headers = headersFromPairs(["cookie", "a=1", "cookie", "b=2", "x-github-event", "push"]);
  assert.deepEqual(maskHeaders(headers), { Cookie: [MASK, MASK], "X-Github-Event": ["push"] });
  assert.deepEqual(headers["Cookie"], ["a=1", "b=2"], "the given map stays as it is");
});

test("headers that a proof reads are masked whatever they are called", () => {
  const headers = headersFromPairs(["x-hook", "opensesame", "x-github-event", "push"]);
  const also = new Set(["X-Hook"]);
  const masked = maskHeaders(headers, also);
  assert.deepEqual(masked, { "X-Hook": [MASK], "X-Github-Event": ["push"] });
  assert.deepEqual(maskedNames(masked, also), ["X-Hook"]);
  assert.deepEqual(maskedNames(masked), [], "by its name alone it would not be known");
});
