/** The Redis that our pages tell people to start is one that the gateway has nothing to say against. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readiness } from "../../src/admin/checks.ts";
import { openStore } from "../../src/storage/open.ts";
import { ROOT } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis.ts";

/** Settings of the command line of `redis-server` in a page. */
function settingsIn(path: string): Readonly<Record<string, string>> {
  const text = readFileSync(join(ROOT, path), "utf8").replaceAll(/[",[\]]/g, "");
  const [, line] = /redis-server ((?:--[a-z-]+ \S+\s*?)+)$/m.exec(text) ?? [];
  assert.ok(line, `${path} tells how to start a Redis`);
  const words = line.trim().split(/\s+/);
  return Object.fromEntries(
    words.flatMap((word, i) => (i % 2 === 0 ? [[word.slice(2), words[i + 1] ?? ""]] : [])),
  );
}

for (const path of ["README.md", "docker-compose.yml"])
  test(`the Redis of ${path} passes every check`, async () => {
    const given = settingsIn(path);
    assert.ok(Object.keys(given).length >= 3, JSON.stringify(given));
    // What the helper sets of its own is Redis' default again, unless the page sets it.
    const defaults = { appendonly: "no", appendfsync: "everysec", save: "3600 1 300 100 60 10000" };
    await using redis = await startRedis({ settings: () => ({ ...defaults, ...given }) });
    const store = await openStore(redis.url, {});
    try {
      const { checks } = await readiness(store.checks?.() ?? []);
      assert.ok(checks.length > 5);
      assert.deepEqual(
        checks.filter(({ ok }) => !ok),
        [],
      );
    } finally {
      await store.close();
    }
  });
