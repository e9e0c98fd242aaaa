/** URLs for people and for storage: nothing in them that grants anything. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { maskedParameters, maskQuery, shownUrl } from "../../src/core/url.ts";

test("a shown URL has neither credentials nor query nor fragment, however it is written", () => {
  const shown: readonly [string, string][] = [
    ["http://user:pa55@a.test:8080/x?token=t0k3n#f", "http://a.test:8080/x"],
    ["https://a.test", "https://a.test/"],
    ["http:\\\\user:pa55@a.test\\x", "http://a.test/x"],
    ["ftp://user:pa55@a.test/x", "ftp://a.test/x"],
    ["//user:pa55@a.test/x?t0k3n", "***@a.test/x"],
    ["http://user:pa55@[bad/x", "***@[bad/x"],
    ["mailto:user:pa55@a.test", "***@a.test"],
    ["a word", "a word"],
    ["", ""],
  ];
  for (const [url, expected] of shown) assert.equal(shownUrl(url), expected);
  assert.equal(shownUrl(`http://a.test/${"x".repeat(5_000)}`).length, 200);
});

test("values of sensitive query parameters are masked, the rest stays byte for byte", () => {
  const masked: readonly [string, string][] = [
    ["/ci/git?token=t0k3n&ref=a%20b", "/ci/git?token=***&ref=a%20b"],
    [
      "/?api_key=k&apikey=k&X-Api-Key=k&access_token=k",
      "/?api_key=***&apikey=***&X-Api-Key=***&access_token=***",
    ],
    ["/?sig=s&key=k&jwt=j&auth=a&to%6ben=t", "/?sig=***&key=***&jwt=***&auth=***&to%6ben=***"],
    ["/?a=1&&b&=c&token&author=me&monkey=1&%ff=1", "/?a=1&&b&=c&token&author=me&monkey=1&%ff=1"],
    ["/?secret=a=b?c", "/?secret=***"],
    ["/token=1", "/token=1"],
    ["/?", "/?"],
  ];
  for (const [url, expected] of masked) {
    assert.equal(maskQuery(url), expected);
    assert.equal(maskQuery(maskQuery(url)), expected, "twice is once");
  }
});

test("what was masked is named once each, and nothing where nothing was", () => {
  assert.deepEqual(maskedParameters(maskQuery("/?token=a&token=b&key=&x=***")), ["?token", "?key"]);
  assert.deepEqual(maskedParameters("/?token=a"), []);
  assert.deepEqual(maskedParameters("/"), []);
});
