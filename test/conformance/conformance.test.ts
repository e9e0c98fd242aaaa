/** Every vector through the real code: ours, and those of ../shared/conformance (skipped, loudly, where it is absent). */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { printReport } from "./report.ts";
import { readByDesign, runFolder, SUITES } from "./runner.ts";
import { agree, OWN, SHARED } from "./vectors.ts";

if (!existsSync(SHARED)) {
  test("Sluice agrees with Tekton's recorded answers", { skip: `NOT RUN: ${SHARED} is absent` }, () => {});
} else {
  const report = await runFolder(SHARED);
  const { results } = report;
  for (const { file } of SUITES) {
    describe(file, () => {
      const own = results.filter((result) => result.file === file);
      for (const [name, ofClass] of Map.groupBy(own, (result) => result.class)) {
        test(`${ofClass.length} of class ${name}`, () => {
          const failed = ofClass.filter(({ outcome }) => outcome === "failed");
          assert.equal(failed.length, 0, printReport({ results: failed, absent: [] }));
        });
      }
      test("there are vectors", () => assert.ok(own.length > 20, `only ${own.length}`));
    });
  }

  test("at most 2 % differ by design, and each entry says which and why", () => {
    const meant = results.filter(({ outcome }) => outcome === "by design");
    assert.ok(meant.length <= results.length * 0.02, `${meant.length} of ${results.length}`);
    for (const { id, class: name, reason } of readByDesign()) {
      assert.ok(reason.length > 20);
      const named = results.some((result) => result.id === id || result.class === name);
      assert.ok(named, `${id ?? name} names no vector`);
    }
  });

  test("the numbers in docs/compatibility.md are the runner's", () => {
    const of = (wanted: string) => results.filter(({ outcome }) => outcome === wanted).length;
    const page = compatibility();
    for (const number of [results.length, of("passed")])
      assert.ok(page.includes(number.toLocaleString("en")));
    assert.ok(page.includes(`${of("by design")} differ on purpose`));
  });
}

test("Sluice agrees with Tekton's answers to inputs of our own", async () => {
  const { results, absent } = await runFolder(OWN, []);
  assert.deepEqual(absent, []);
  const failed = results.filter(({ outcome }) => outcome !== "passed");
  assert.equal(failed.length, 0, printReport({ results: failed, absent: [] }));
  assert.ok(
    compatibility().includes(`${results.length.toLocaleString("en")} more`),
    `${results.length} of them`,
  );
});

test("docs/compatibility.md names every difference", () => {
  const page = compatibility();
  for (const { id, class: name } of readByDesign()) {
    const mark = name ?? id?.replace(/^.*(?=-\d)/, "") ?? "";
    assert.ok(page.includes(mark), `${mark} is not there`);
  }
});

function compatibility(): string {
  return readFileSync(join(import.meta.dirname, "../../docs/compatibility.md"), "utf8");
}

describe("the runner", () => {
  const bound = (id: string, body: string, v: string) => ({
    id,
    class: "made-up",
    input: { body, bindingParams: [{ name: "v", value: "$(body.a)" }] },
    output: { params: { v } },
  });

  async function folderWith(cases: readonly object[]) {
    const folder = temporaryFolder("sluice-vectors-");
    await writeFile(join(folder.path, "bindings.json"), JSON.stringify({ about: "", cases }));
    return folder;
  }

  test("tells apart what passes, what fails, what differs by design, and what says so wrongly", async () => {
    using folder = await folderWith([
      bound("b-1", '{"a":1}', "1"),
      bound("b-2", '{"a":1}', "2"),
      bound("b-3", '{"a":1}', "3"),
      bound("b-4", '{"a":4}', "4"),
    ]);
    const byDesign = [
      { id: "b-3", reason: "it is meant" },
      { id: "b-4", reason: "it once was meant" },
    ];
    const report = await runFolder(folder.path, byDesign);
    assert.deepEqual(
      report.results.map(({ outcome }) => outcome),
      ["passed", "failed", "by design", "failed"],
    );
    assert.equal(report.absent.length, SUITES.length - 1);
    const text = printReport(report);
    assert.match(
      text,
      /FAILED b-2 \(made-up\): it differs\n {2}input .*\n {2}expected {"v":"2"}\n {2}got .*"1"/,
    );
    assert.match(text, /FAILED b-4 .*agrees, but by-design\.json says that it differs/);
    assert.match(text, /\n1 passed, 2 failed, 1 by design\n$/);
  });

  test("ends with exit code 1 when a vector fails, and when there are none", async () => {
    const main = join(import.meta.dirname, "run.ts");
    const exitOf = async (folder: string) =>
      (await once(spawn(process.execPath, [main, folder], { stdio: "ignore" }), "exit"))[0] as number;
    using good = await folderWith([bound("b-1", '{"a":1}', "1")]);
    using bad = await folderWith([bound("b-1", '{"a":1}', "2")]);
    using none = temporaryFolder("sluice-vectors-");
    const folders = [good.path, bad.path, none.path, join(none.path, "absent")];
    assert.deepEqual(await Promise.all(folders.map(exitOf)), [0, 1, 1, 1]);
  });

  test("counts a vector that no code can read as failed", async () => {
    using folder = await folderWith([{ id: "x", class: "broken", input: {}, output: {} }]);
    const [result] = (await runFolder(folder.path, [])).results;
    assert.equal(result?.outcome, "failed");
  });

  test("compares as JSON: keys in any order, arrays in theirs, -0 as 0, a missing value as null", () => {
    assert.ok(agree({ got: { a: -0, b: [1, 2] }, want: { b: [1, 2], a: 0 } }));
    assert.ok(agree({ got: undefined, want: null }));
    assert.ok(!agree({ got: [1, 2], want: [2, 1] }));
    assert.ok(!agree({ got: { a: 1 }, want: { a: 1, b: 2 } }));
  });
});
