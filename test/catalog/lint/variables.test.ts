/** Text that was meant as a variable: in bindings and templates, with what to write; and what is left in peace. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Written, written } from "../../helpers/objects.ts";
import { firing, lintOf, open, pipelineRun, taskRun } from "./helper.ts";

async function unknown(...objects: readonly Written[]): Promise<readonly string[]> {
  const { warnings } = await lintOf(...objects);
  const found = warnings.filter(({ code }) => code === "SLUICE_VARIABLE_UNKNOWN");
  return found.map(({ values, fix }) => `${values["variable"]} → ${fix}`);
}

const runParam = (value: unknown) =>
  pipelineRun({ pipelineRef: { name: "p" }, params: [{ name: "x", value }] });
const bound = (value: string) =>
  unknown(open(firing([{ name: "x", value }], [{ name: "x" }], runParam("$(tt.params.x)"))));
const inTemplate = (resource: Written) =>
  unknown(open(firing([{ name: "x", value: "1" }], [{ name: "x" }, { name: "y", default: "" }], resource)));

describe("a binding's value", () => {
  const wrong: readonly [string, string][] = [
    ["$(header.X-Foo", "$(header.X-Foo → Write $(header.X-Foo)."],
    ["$(body.ref}", "$(body.ref} → Write $(body.ref)."],
    ["a $(body.a and $(body.b)", "$(body.a and → Write $(body.a)."],
    ["$(anything", "$(anything → Close the bracket: $(…)."],
    [`\${body.ref}`, `\${body.ref} → Write $(body.ref).`],
    ["{{ body.ref }}", "{{ body.ref }} → Write $(body.ref)."],
    ["{{.body.ref}}", "{{.body.ref}} → Write $(body.ref)."],
    [`v-\${{ payload.ref }}`, `\${{ payload.ref }} → Write $(body.ref).`],
    ["$[body.commits[0].id]", "$[body.commits[0].id] → Write $(body.commits[0].id)."],
    ["$body.ref", "$body.ref → Write $(body.ref)."],
    [`\${headers.X-Foo}`, `\${headers.X-Foo} → Write $(header.X-Foo).`],
    ["body.ref", "body.ref → Write $(body.ref)."],
    ["(extensions.tag)", "(extensions.tag) → Write $(extensions.tag)."],
  ];
  for (const [value, said] of wrong)
    test(`${value} is text`, async () => assert.deepEqual(await bound(value), [said]));
  for (const value of [
    "$(body.ref)",
    "x $(body.a[?(@.b == 'c')].d)",
    `\${HOME}`,
    "$5",
    "somebody.ref",
    "{{ x }}",
  ])
    test(`${value} is left in peace`, async () => assert.deepEqual(await bound(value), []));
  test("that opens one variable in another is told how it can be computed", async () => {
    const [said = ""] = await bound("$(body.$(body.key))");
    assert.match(said, /Expressions do not nest.*overlay/);
  });
  test("that calls CEL is told where calls belong", async () => {
    for (const [value, code] of [
      ["$(body.ref.split('/')[2])", "SLUICE_PATH_DOUBTFUL"],
      ["$(body.a[?(@.size == 'c')].d)", undefined],
    ] as const) {
      const one = firing([{ name: "x", value }], [{ name: "x" }], runParam("$(tt.params.x)"));
      assert.equal((await lintOf(open(one))).warnings[0]?.code, code);
    }
  });
  test("that reads of the context what it never has is told what it has", async () => {
    for (const [value, cure] of [
      ["$(context.eventid)", /Did you mean \$\(context\.eventID\)\?/],
      ["$(context['event_id'])", /Did you mean \$\(context\.eventID\)\?/],
      ["$(context.listener)", /Write \$\(context\.eventID\)/],
    ] as const) {
      const one = firing([{ name: "x", value }], [{ name: "x" }], runParam("$(tt.params.x)"));
      const [doubt, ...others] = (await lintOf(open(one))).warnings;
      assert.deepEqual([doubt?.code, others], ["SLUICE_PATH_DOUBTFUL", []]);
      assert.match(doubt?.fix ?? "", cure);
    }
    for (const value of ["$(context.eventID)", "$(Context.EventID)"])
      assert.deepEqual(await bound(value), []);
  });
  test("is looked at in a TriggerBinding that a trigger names, with its place", async () => {
    const binding = written("TriggerBinding", "b", { params: [{ name: "x", value: `\${body.ref}` }] });
    const one = firing([], [{ name: "x" }], runParam("$(tt.params.x)"));
    const { warnings } = await lintOf(binding, open({ ...one, bindings: [{ ref: "b" }] }));
    assert.deepEqual(
      warnings.map(({ code, values }) => [code, values["object"]]),
      [["SLUICE_VARIABLE_UNKNOWN", "TriggerBinding ci/b"]],
    );
    assert.ok((warnings[0]?.at?.line ?? 0) > 1);
  });
  test("of any length is read in a moment", async () => {
    const began = performance.now();
    for (const value of [
      `$(body${"a".repeat(200_000)}`,
      " ".repeat(200_000),
      `{{ body.${"a".repeat(200_000)}`,
    ])
      await bound(value);
    assert.ok(performance.now() - began < 5_000);
  });
});

describe("a template's text", () => {
  const wrong: readonly [string, string][] = [
    [`\${tt.params.x}`, `\${tt.params.x} → Write $(tt.params.x).`],
    ["{{ tt.params.x }}", "{{ tt.params.x }} → Write $(tt.params.x)."],
    ["$((tt.params.x))", "$((tt.params.x)) → Write $(tt.params.x)."],
    ["$[tt.params.x]", "$[tt.params.x] → Write $(tt.params.x)."],
    ["$(tt.params.x", "$(tt.params.x → Write $(tt.params.x)."],
    ["$(tt.params.x $(tt.params.y)", "$(tt.params.x → Write $(tt.params.x)."],
    ["$(params.x)", "$(params.x) → Write $(tt.params.x)."],
  ];
  for (const [value, said] of wrong)
    test(`${value} is no variable`, async () => assert.deepEqual(await inTemplate(runParam(value)), [said]));
  for (const value of ["$(TT.params.x)", "$(triggertemplate.params.x)", "$(tt_params.x)"])
    test(`${value} is none either`, async () => assert.equal((await inTemplate(runParam(value))).length, 1));
  for (const value of ["$(body.ref)", "$(extensions.tag)", `\${body.ref}`])
    test(`${value}: only a binding reads the event`, async () => {
      const [said = ""] = await inTemplate(runParam(value));
      assert.match(said, /Bind a param to it/);
    });
  const steps = (more: Written) => taskRun({ taskSpec: { steps: [{ image: "alpine", ...more }] } });
  const right: readonly [string, Written][] = [
    [
      "a shell's own variables in a script",
      steps({ script: `echo \${body.ref} $(body.x) $body.x \${HOME}` }),
    ],
    ["in args and command", steps({ command: ["sh"], args: ["-c", `echo \${body.ref}`] })],
    ["a param of the run's own", runParam("$(params.other)")],
    ["variables of Tekton Pipelines", runParam("$(context.pipelineRun.name)")],
    [
      "a pipeline's own params",
      pipelineRun({
        params: [{ name: "x", value: "$(tt.params.x)" }],
        pipelineSpec: { tasks: [{ name: "t", params: [{ name: "x", value: "$(params.x)" }] }] },
      }),
    ],
  ];
  for (const [what, resource] of right)
    test(`${what} are left in peace`, async () => assert.deepEqual(await inTemplate(resource), []));
  test("a template's variable is one in a script too", async () => {
    assert.equal((await inTemplate(steps({ script: `echo \${tt.params.x}` }))).length, 1);
  });
});
