/** docs/security.md: every promise names a test that is there, and every attack that is tested has its promise. */

import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../helpers/process.ts";
import { page } from "./pages.ts";

const doc = page("docs/security.md");
const TEST = /`(test\/[\w./-]+)`/g;
const PARTIES = ["A stranger", "A sender", "A tenant", "An operator", "The store", "The cluster"];

/** The text between a heading and the next. */
function section(heading: string): string {
  return (doc.text.split(`\n## ${heading}\n`)[1] ?? "").split("\n## ")[0] ?? "";
}

/** Rows of a section's table, without its head. */
function promises(heading: string): readonly (readonly string[])[] {
  const rows = section(heading).match(/^\|.*\|$/gm) ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const attacks = globSync("test/attack/*.test.ts", { cwd: ROOT });

for (const party of PARTIES)
  test(`each promise about ${party.toLowerCase()} names a test that is there`, () => {
    const rows = promises(party);
    assert.ok(rows.length >= 4, `${rows.length} promises`);
    for (const [promise = "", cell = "", ...more] of rows) {
      assert.deepEqual(more, [], promise);
      const named = [...cell.matchAll(TEST)].map(([, path = ""]) => path);
      assert.ok(named.length > 0, `"${promise}" names no test`);
      for (const path of named) assert.ok(existsSync(join(ROOT, path)), `"${promise}": ${path} is not there`);
    }
  });

test("each attack that is run stands behind a promise", () => {
  const named = new Set(
    PARTIES.flatMap(promises).flatMap(([, cell = ""]) => [...cell.matchAll(TEST)].map(([, path]) => path)),
  );
  assert.deepEqual(
    attacks.filter((path) => !named.has(path)),
    [],
  );
});

test("what is not promised is said, and where to report a vulnerability", () => {
  assert.ok((section("What is not promised").match(/^\*\*/gm) ?? []).length >= 8);
  assert.match(page("SECURITY.md").text, /private vulnerability reporting/);
  for (const path of ["README.md", "docs/deploy.md", "docs/architecture.md"])
    assert.match(page(path).text, /security\.md/, path);
});
