/** docs/architecture.md has the table that is enforced: one that is read must not differ from one that is run. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FLOORS } from "../helpers/layout.ts";
import { ROOT } from "../helpers/process.ts";
import { page } from "./pages.ts";

const { text } = page("docs/architecture.md");

test("the table of who may import whom is the one that is enforced", () => {
  const [, table = ""] = /## Who may import whom\n([^#]*)/.exec(text) ?? [];
  const read = [...table.matchAll(/^\| (?:src\/)?([^|/ ]*)\/? \| (\d+) \| ([^|]*) \|/gm)].map(
    ([, unit, floor, allowed = ""]) => `${unit} on ${floor}: ${allowed}`,
  );
  const enforced = FLOORS.flatMap((units, floor) =>
    Object.entries(units).map(([unit, allowed]) => `${unit} on ${floor}: ${inWords(allowed)}`),
  );
  assert.deepEqual(read.sort(), enforced.sort());
});

test("the tree has every folder and file at the top of src, and no other", () => {
  const [, tree = ""] = /\n {4}src\/\n((?: {6}.*\n)+)/.exec(text) ?? [];
  const named = [...tree.matchAll(/^ {6}([\w.-]+)\/?(?= )/gm)].map(([, name]) => name);
  assert.deepEqual(named.sort(), readdirSync(join(ROOT, "src")).sort());
});

function inWords(allowed: readonly string[]): string {
  if (allowed.includes("*")) return "anything below";
  return allowed.join(", ") || "nothing of ours";
}
