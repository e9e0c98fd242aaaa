/** Addresses of stores: what is read, what is refused, and what people get to see of it. */

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { SluiceError } from "../../src/core/errors.ts";
import { parseStoreUrl } from "../../src/storage/url.ts";

test("each kind of address is read", () => {
  assert.deepEqual(parseStoreUrl("embedded:./.sluice"), {
    kind: "embedded",
    folder: resolve("./.sluice"),
    name: "embedded ./.sluice",
  });
  const kinds = {
    "redis://localhost:6379/0": "redis",
    "rediss://cache.example:6380": "redis",
    "redis+sentinel://a,b/main": "redis",
    "postgres://db/sluice": "postgres",
    "postgresql://db/sluice": "postgres",
  };
  for (const [url, kind] of Object.entries(kinds)) assert.equal(parseStoreUrl(url).kind, kind, url);
});

test("passwords are masked in the name, wherever they stand", () => {
  assert.equal(parseStoreUrl("redis://user:hunter2@h:1/0").name, "redis redis://user:***@h:1/0");
  assert.equal(parseStoreUrl("redis://:hunter2@h/0").name, "redis redis://:***@h/0");
  const urls = [
    "postgres://h/db?user=u&password=hunter2",
    "redis+unix:///run/redis.sock?password=hunter2",
    "redis+sentinel://u:hunter2@a,b/main?sentinelPassword=hunter2",
    "rediss+cluster://u:hunter2@a,b?ca=ca.pem",
  ];
  for (const url of urls) assert.ok(!parseStoreUrl(url).name.includes("hunter2"), url);
});

test("a wrong address is refused as the setting store, without showing it", () => {
  const wrong = [
    "",
    "embedded:",
    "./hunter2",
    "hunter2:/",
    "mysql://u:hunter2@h/db",
    "redis:hunter2@h",
    "redis://u:hunter2@h:99999",
    "redis://h/hunter2",
    "redis://h/0?hunter2=1",
    "redis://h/0?PASSWORD=hunter2",
    "redis://u:hunter2?@h",
    "redis://u:hunter2/@h",
    "redis://",
    "REDIS://hunter2",
  ];
  for (const text of wrong) {
    assert.throws(
      () => parseStoreUrl(text),
      (error) =>
        error instanceof SluiceError &&
        error.code === "SLUICE_CONFIG_INVALID" &&
        error.values["key"] === "store" &&
        (!error.message.includes("hunter2") || /^[a-z0-9]+:\/$/.test(text)),
      text,
    );
  }
});
