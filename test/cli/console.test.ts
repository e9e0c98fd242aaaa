/** What is printed with: foreign text has no power over a terminal, and JSON and YAML stay what they are. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { ago, clean, createConsole, oneLine } from "../../src/cli/console.ts";
import { fault } from "../../src/core/errors.ts";
import { remembered } from "./helper.ts";

function remembering(isTTY = false, color = false) {
  const { said, streams } = remembered(isTTY);
  return { said, console: createConsole(streams, color) };
}

const HOSTILE = "a\u001b[31mb\u009b2Jc\u202ed\u0007e\u007ff";
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are looked for
const POWER = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2066]/;

test("text of strangers loses every sign that drives a terminal, and nothing else", () => {
  assert.equal(clean(HOSTILE), "a\ufffd[31mb\ufffd2Jc\ufffdd\ufffde\ufffdf");
  assert.equal(clean("Grüße, 世界 🎉\n\ttab"), "Grüße, 世界 🎉\n\ttab");
  assert.equal(oneLine("one\r\n  two\u2028three"), "one two three");
});

test("a table's cell cannot pass for a row", () => {
  const { said, console } = remembering();
  console.table(
    ["ID", "NAME"],
    [
      ["1", "evil\n2  created"],
      ["3", HOSTILE],
    ],
  );
  assert.equal(said.stdout.trimEnd().split("\n").length, 3);
  assert.doesNotMatch(said.stdout, POWER);
});

test("a fault's place, message and cure are cleaned", () => {
  const { said, console } = remembering();
  const at = { file: `x${HOSTILE}\n.yaml`, line: 1, column: 2 };
  console.fault(fault("SLUICE_OBJECT_INVALID", { field: HOSTILE, reason: HOSTILE }, { at }));
  assert.doesNotMatch(said.stderr, POWER);
  assert.equal(said.stderr.trimEnd().split("\n").length, 2);
});

test("JSON escapes what a terminal would obey and reads back as it was", () => {
  const { said, console } = remembering();
  console.json({ name: HOSTILE });
  assert.doesNotMatch(said.stdout, POWER);
  assert.deepEqual(JSON.parse(said.stdout), { name: HOSTILE });
});

test("YAML is cleaned on a terminal, and exact in a pipe", () => {
  const terminal = remembering(true);
  terminal.console.yaml({ name: HOSTILE });
  assert.doesNotMatch(terminal.said.stdout, POWER);
  const pipe = remembering(false);
  pipe.console.yaml({ name: HOSTILE });
  assert.deepEqual(parse(pipe.said.stdout), { name: HOSTILE });
});

test("columns are as wide as their widest cell, and colours are used only when asked", () => {
  const plain = remembering();
  plain.console.table(["A", "LONG"], [["wide cell", "x"]]);
  assert.equal(plain.said.stdout, "A          LONG\nwide cell  x\n");
  const coloured = remembering(false, true);
  coloured.console.table(["A"], []);
  assert.ok(coloured.said.stdout.startsWith("\u001b[1mA"));
});

test("ages read as people say them", () => {
  const second = 1_000;
  const ages = [0, 89, 90, 3_600 * 2, 3_600 * 48].map((seconds) => ago(0, seconds * second));
  assert.deepEqual(ages, ["0 s ago", "89 s ago", "2 min ago", "2 h ago", "2 d ago"]);
  assert.equal(ago(5_000, 0), "0 s ago");
});
