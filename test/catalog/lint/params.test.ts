/** Params and variables that miss each other: the misspelt name is said, shared bindings are left in peace. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { written } from "../../helpers/objects.ts";
import { firing, lines, lintOf, open, pipelineRun } from "./helper.ts";

const run = (value: string) => pipelineRun({ params: [{ name: "x", value }] });

test("a misspelt param is told from both sides, with the name that was probably meant", async () => {
  const bindings = [{ name: "gitrevison", value: "$(body.after)" }];
  const { errors, warnings } = await lintOf(
    open(firing(bindings, [{ name: "gitrevision" }], run("$(tt.params.gitrevision)"))),
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(lines(warnings), [
    "SLUICE_PARAM_UNBOUND trigger ci/a gives param gitrevision no value, so $(tt.params.gitrevision) stays in the object as it is; its bindings give gitrevison",
    "SLUICE_PARAM_UNUSED param gitrevison is bound, but the template of trigger ci/a does not take it; it declares gitrevision",
  ]);
  assert.ok(warnings.every(({ at }) => (at?.line ?? 0) > 0));
});

describe("a declared param without a binding", () => {
  const unbound = async (param: object, value: string) =>
    (await lintOf(open(firing([], [{ name: "x", ...param }], run(value))))).warnings.map(({ code }) => code);

  test("is a warning where its variable is used, and none with a default or without a use", async () => {
    assert.deepEqual(await unbound({}, "$(tt.params.x)"), ["SLUICE_PARAM_UNBOUND"]);
    assert.deepEqual(await unbound({ default: "" }, "$(tt.params.x)"), []);
    assert.deepEqual(await unbound({}, "fixed"), []);
  });

  test("is none where a binding is missing: it may hold the param", async () => {
    const { warnings } = await lintOf(
      open(firing([{ ref: "gone" }], [{ name: "x" }], run("$(tt.params.x)"))),
    );
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["SLUICE_REF_MISSING"],
    );
  });
});

describe("a bound param that a template does not take", () => {
  const binding = written("TriggerBinding", "tb", {
    params: [
      { name: "a", value: "$(body.a)" },
      { name: "b", value: "$(body.b)" },
    ],
  });
  const taking = (name: string, param: string) => ({
    ...firing([{ ref: "tb" }], [{ name: param }], run(`$(tt.params.${param})`)),
    name,
  });

  test("is a warning when no template of all its triggers takes it", async () => {
    const { warnings } = await lintOf(binding, open(taking("one", "a"), taking("two", "a")));
    assert.deepEqual(lines(warnings), [
      "SLUICE_PARAM_UNUSED param b is bound, but the template of trigger ci/one and 1 more does not take it",
    ]);
    assert.equal(warnings[0]?.values["object"], "TriggerBinding ci/tb");
  });

  test("is none when one takes it, when a template is missing, or when it is declared only", async () => {
    assert.deepEqual((await lintOf(binding, open(taking("one", "a"), taking("two", "b")))).warnings, []);
    const lost = { ...taking("two", "a"), template: { ref: "gone" } };
    assert.deepEqual(
      (await lintOf(binding, open(taking("one", "a"), lost))).warnings.map(({ code }) => code),
      ["SLUICE_REF_MISSING"],
    );
    const declared = firing([{ name: "x", value: "v" }], [{ name: "x" }], run("fixed"));
    assert.deepEqual((await lintOf(open(declared))).warnings, []);
  });
});

describe("a variable", () => {
  for (const variable of [
    "$(tt.param.revision)",
    '$(tt.params["revision"])',
    "$(tt.params.revision )",
    "$( tt.params.revision)",
    "$(tt.revision)",
  ]) {
    test(`${variable} is replaced by nothing, and a warning says what was meant`, async () => {
      const bindings = [{ name: "revision", value: "v" }];
      const { warnings } = await lintOf(
        open(firing(bindings, [{ name: "revision" }], run(`a ${variable} b`))),
      );
      const [warning = assert.fail("no warning"), ...others] = warnings;
      assert.deepEqual(others, []);
      assert.equal(
        warning.message,
        `${variable} is no variable that is replaced; did you mean $(tt.params.revision)?`,
      );
      assert.ok((warning.at?.line ?? 0) > 0);
    });
  }

  test("of a declared param, of Tekton Pipelines or in plain text is none", async () => {
    const text = "$(tt.params.x) $(params.y) $(uid) $(ttl) $(context.pipelineRun.name) tt.params.z";
    const { warnings } = await lintOf(open(firing([{ name: "x", value: "v" }], [{ name: "x" }], run(text))));
    assert.deepEqual(warnings, []);
  });
});
