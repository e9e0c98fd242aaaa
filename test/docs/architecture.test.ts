/** docs/architecture.md names every unit of src: a table with holes is read as if it had none. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

test("the table of who may import whom has every folder and file of src, and no other", () => {
  const text = readFileSync(join(root, "docs/architecture.md"), "utf8");
  const [, table = ""] = /## Who may import whom\n([^#]*)/.exec(text) ?? [];
  const named = [...table.matchAll(/^\| (src\/[^|]*) \|/gm)].flatMap(([, cell = ""]) =>
    cell.replaceAll("src/", "").split(", "),
  );
  const there = readdirSync(join(root, "src")).filter((name) => !name.startsWith("."));
  assert.deepEqual(named.sort(), there.sort());
});
