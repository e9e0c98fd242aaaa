/** Generated pages are what the code's tables say now. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generate } from "../../docs/generate.ts";
import { loadVerbs } from "../../src/cli/index.ts";
import { ERRORS } from "../../src/core/error-table.ts";
import { ROOT } from "../helpers/process.ts";

const generated = await generate();

test("every generated page is up to date", () => {
  for (const [name, text] of generated) {
    const written = readFileSync(join(ROOT, "docs", name), "utf8");
    assert.ok(written === text, `docs/${name} is not what the code says now: run \`npm run docs\``);
  }
});

test("generating twice gives the same", async () => {
  assert.deepEqual(await generate(), generated);
});

test("every error has a heading, its message and its cure", () => {
  const text = generated.get("errors.md") ?? "";
  for (const [code, { message }] of Object.entries(ERRORS)) {
    assert.ok(text.includes(`\n## ${code}\n`), code);
    assert.ok(text.replaceAll("\\", "").includes(`${message} |`), code);
  }
  assert.equal(text.match(/\*\*What to do:\*\* \S/g)?.length, Object.keys(ERRORS).length);
});

test("every verb has a heading and all its options", async () => {
  const text = generated.get("cli.md") ?? "";
  for (const { name, options } of await loadVerbs()) {
    const [, section = ""] = text.split(`\n## sluice ${name}\n`);
    const own = section.split("\n## ")[0] ?? "";
    for (const { flags } of options) assert.ok(own.includes(`| \`${flags}\` |`), `${name}: ${flags}`);
  }
});

test("metrics with labels show them, and those outside the table are there too", () => {
  const text = generated.get("metrics.md") ?? "";
  assert.match(
    text,
    /\| `sluice_decisions_total` \| counter \| `namespace`, `listener`, `trigger`, `result` \|/,
  );
  assert.match(text, /\| `sluice_queue_jobs` \| gauge \| `state` \|/);
  assert.match(text, /\| `sluice_build_info` \| gauge \| `version` \|/);
});

test("no cell breaks its table", () => {
  for (const [name, text] of generated) {
    for (const table of text.match(/(^\|.*\n?)+/gm) ?? []) {
      const widths = table
        .trimEnd()
        .split("\n")
        .map((row) => row.replaceAll("\\|", "").split("|").length);
      assert.equal(new Set(widths).size, 1, `${name}: ${table.slice(0, 200)}`);
    }
  }
});
