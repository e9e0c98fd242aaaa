/** Names and labels of templates that no API server takes, found before an event comes. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Written } from "../../helpers/objects.ts";
import { firing, lintOf, open } from "./helper.ts";

const object = (metadata: Written): Written => ({ apiVersion: "tekton.dev/v1", kind: "TaskRun", metadata });

async function found(metadata: Written, ...bindings: readonly Written[]) {
  const params = bindings.map(({ name }) => ({ name }));
  const { warnings } = await lintOf(open(firing(bindings, params, object(metadata))));
  return warnings.filter(({ code }) => code.startsWith("SLUICE_METADATA"));
}
const codes = async (...args: Parameters<typeof found>) => (await found(...args)).map(({ code }) => code);
const X = (value: string) => ({ name: "x", value });

describe("a literal that is refused in any case", () => {
  const wrong: readonly [string, Written][] = [
    ["a prefix in upper case", { generateName: "Build-" }],
    ["a number as a label", { generateName: "b-", labels: { build: 12 } }],
    ["a truth value as a label", { generateName: "b-", labels: { ci: true } }],
    ["a branch as a label", { generateName: "b-", labels: { ref: "refs/heads/main" } }],
    ["a number as an annotation", { generateName: "b-", annotations: { n: 5 } }],
    ["no name at all", { labels: { a: "b" } }],
    ["literal text around a variable", { generateName: "b-", labels: { ref: "refs/heads/$(tt.params.x)" } }],
    ["literal text that is too long by itself", { name: `${"a".repeat(63)}$(tt.params.x)y` }],
    ["labels that are a list", { generateName: "b-", labels: ["a"] }],
  ];
  for (const [what, metadata] of wrong)
    test(what, async () => {
      const all = await found(metadata, X("$(extensions.x)"));
      assert.deepEqual(
        all.map(({ code }) => code),
        ["SLUICE_METADATA_INVALID"],
      );
      assert.ok((all[0]?.at?.line ?? 0) > 1);
    });
  test("a literal binding counts as written", async () => {
    assert.deepEqual(await codes({ name: "run-$(tt.params.x)" }, X("Prod_EU")), ["SLUICE_METADATA_INVALID"]);
    assert.deepEqual(await codes({ name: "run-$(tt.params.x)" }, X("prod-eu")), []);
  });
  test("a generateName is as long as it likes, as for an API server, which cuts it before it adds its letters", async () => {
    assert.deepEqual(await codes({ generateName: `${"a".repeat(70)}-` }), []);
  });
  test("null is an empty annotation, and no label that Tekton takes", async () => {
    const all = async (metadata: Written) =>
      (await lintOf(open(firing([], [], object(metadata))))).warnings.map(({ code, message }) => [
        code,
        message,
      ]);
    assert.deepEqual(await all({ generateName: "b-", annotations: { e: null } }), []);
    assert.deepEqual(await all({ generateName: "b-", annotations: null }), []);
    for (const labels of [{ e: null }, null]) {
      const [[code, message] = [], ...others] = await all({ generateName: "b-", labels });
      assert.deepEqual([code, others], ["SLUICE_TEMPLATE_BROKEN", []]);
      assert.match(message ?? "", /is null, and Tekton adds its labels only to texts/);
    }
  });
  test("a field that metadata does not have is dropped, and is named", async () => {
    const { warnings } = await lintOf(
      open(firing([], [], object({ generateName: "b-", label: { a: "b" } }))),
    );
    assert.deepEqual(
      warnings.map(({ code, fix }) => [code, fix]),
      [["SLUICE_FIELD_IGNORED", "Did you mean labels?"]],
    );
  });
  test("the better text is told", async () => {
    const [one] = await found({ generateName: "Simple-Run-" });
    assert.match(one?.message ?? "", /write simple-run-/);
  });
});

describe("what an event brings", () => {
  test("into the key of a label or annotation, where a value of any kind may not fit", async () => {
    const key = { "x/$(tt.params.x)": "y" };
    for (const map of ["labels", "annotations"]) {
      const [one, ...others] = await found({ generateName: "b-", [map]: key }, X("$(body.team)"));
      assert.deepEqual([one?.code, others], ["SLUICE_METADATA_FROM_EVENT", []]);
      assert.match(one?.message ?? "", /where it is not a key/);
      assert.deepEqual(await codes({ generateName: "b-", [map]: key }, X("$(body.after)")), []);
    }
  });
  test("a branch into a label, any text into a name: with the overlay that makes it fit", async () => {
    const [label] = await found({ generateName: "b-", labels: { ref: "$(tt.params.x)" } }, X("$(body.ref)"));
    assert.equal(label?.code, "SLUICE_METADATA_FROM_EVENT");
    assert.match(label.fix, /\{key: x, expression: "body\.ref\.translate\(/);
    const name = await codes({ generateName: "b-$(tt.params.x)-" }, X("$(body.repository.name)"));
    assert.deepEqual(name, ["SLUICE_METADATA_FROM_EVENT"]);
  });
  test("a name with $(uid) leaves little room", async () => {
    const [room] = await found({ name: "$(tt.params.x)-production-$(uid)" }, X("$(extensions.x)"));
    assert.equal(room?.code, "SLUICE_METADATA_ROOM");
    assert.match(room.message, /leaves 15 of 63 characters for \$\(tt\.params\.x\)/);
  });
  const calm: readonly [Written, string][] = [
    [{ generateName: "b-", labels: { sha: "$(tt.params.x)" } }, "$(body.after)"],
    [{ name: "b-$(tt.params.x)" }, "$(body.pull_request.head.sha)"],
    [{ generateName: "b-", labels: { repo: "$(tt.params.x)" } }, "$(body.repository.name)"],
    [{ generateName: "b-", labels: { ref: "$(tt.params.x)" } }, "$(extensions.x)"],
    [{ generateName: "b-", annotations: { title: "$(tt.params.x)" } }, "$(body.pull_request.title)"],
    [{ name: "b-$(uid)" }, "$(body.ref)"],
  ];
  for (const [metadata, value] of calm)
    test(`nothing is said of ${value} in ${JSON.stringify(metadata)}`, async () =>
      assert.deepEqual(await codes(metadata, X(value)), []));
});
