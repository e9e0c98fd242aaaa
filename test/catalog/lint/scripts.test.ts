/** Script injection: which text of an event is seen to reach code, how far it is followed, and what is left in peace. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Written, written } from "../../helpers/objects.ts";
import { firing, lintOf, open, pipelineRun, taskRun } from "./helper.ts";

const title = { name: "title", value: "$(body.pull_request.title)" };
const step = (script: string, more = {}) => ({ taskSpec: { steps: [{ image: "alpine", script, ...more }] } });

/** `param → place [via]` of each injection that is seen. */
async function injections(...objects: readonly Written[]): Promise<readonly string[]> {
  const linted = await lintOf(...objects);
  assert.deepEqual(linted.errors, []);
  // The chains of these tests set no extensions; that is said too.
  const warnings = linted.warnings.filter(({ code }) => code !== "SLUICE_EXTENSION_UNSET");
  const found = warnings.filter(({ code }) => code === "SLUICE_SCRIPT_INJECTION");
  assert.equal(found.length, warnings.length, JSON.stringify(warnings));
  return found.map(({ values }) => `${values["param"]} → ${values["place"]}${values["via"]}`);
}

const one = (resource: Parameters<typeof taskRun>[0], binding = title) =>
  injections(open(firing([binding], [{ name: "title" }], resource)));

const SCRIPT = "resourcetemplates[0].spec.taskSpec.steps[0].script";

test("a field of the event in a script is a warning with trigger, param, expression, place and cure", async () => {
  const resource = taskRun(step("echo $(tt.params.title)"));
  const { warnings } = await lintOf(open(firing([title], [{ name: "title" }], resource)));
  const [warning = assert.fail("no warning"), ...others] = warnings;
  assert.deepEqual(others, []);
  assert.equal(warning.code, "SLUICE_SCRIPT_INJECTION");
  const parts = ["trigger ci/a", "param title", "$(body.pull_request.title) (bindings[0])", SCRIPT];
  for (const part of parts) assert.ok(warning.message.includes(part), warning.message);
  assert.match(warning.fix, /environment variable whose value is \$\(tt\.params\.title\)/);
  assert.ok((warning.at?.line ?? 0) > 0 && (warning.at?.column ?? 0) > 1);
});

describe("what counts as the sender's", () => {
  for (const value of [
    "$(body.a)",
    "$(header.X-Title)",
    "$(extensions.branch)",
    "v-$(body.a)",
    "$(*)",
    "$(..title)",
  ]) {
    test(`${value} does`, async () => {
      assert.deepEqual(await one(taskRun(step("$(tt.params.title)")), { name: "title", value }), [
        `title → ${SCRIPT}`,
      ]);
    });
  }
  for (const value of ["constant", "$(context.eventID)", "$()"]) {
    test(`${value} does not`, async () => {
      assert.deepEqual(await one(taskRun(step("$(tt.params.title)")), { name: "title", value }), []);
    });
  }
});

describe("where text becomes code", () => {
  const container = (more: object) => ({ taskSpec: { steps: [{ image: "alpine", ...more }] } });
  const code: readonly [string, object, string][] = [
    ["the words of a shell", { command: ["/bin/sh"], args: ["-c", "echo $(tt.params.title)"] }, "args"],
    ["the words of a shell in command", { command: ["bash", "-ec", "$(tt.params.title)"] }, "command"],
    ["another interpreter's", { command: ["python3"], args: ["-c", "print('$(tt.params.title)')"] }, "args"],
    ["an unknown entry point given -c", { args: ["-c", "$(tt.params.title)"] }, "args"],
    ["the program itself", { command: ["$(tt.params.title)"] }, "command"],
  ];
  for (const [what, more, field] of code) {
    test(`${what}: a warning`, async () => {
      const place = `title → resourcetemplates[0].spec.taskSpec.steps[0].${field}`;
      assert.deepEqual(await one(taskRun(container(more))), [place]);
    });
  }
  const data: readonly [string, object][] = [
    [
      "an environment variable",
      { script: 'echo "$TITLE"', env: [{ name: "TITLE", value: "$(tt.params.title)" }] },
    ],
    ["an argument of a program that is no shell", { command: ["git"], args: ["log", "$(tt.params.title)"] }],
    ["an argument of the image's own program", { args: ["--title=$(tt.params.title)"] }],
    ["a working folder", { script: "ls", workingDir: "$(tt.params.title)" }],
  ];
  for (const [what, more] of data) {
    test(`${what}: none`, async () => {
      assert.deepEqual(await one(taskRun(container(more))), []);
    });
  }
  test("sidecars, pipelines' tasks, finally and other kinds are looked into, too", async () => {
    const shell = { command: ["sh", "-c"], args: ["$(tt.params.title)"] };
    const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "j" } };
    const found = await injections(
      open(
        firing(
          [title],
          [{ name: "title" }],
          { ...job, spec: { template: { spec: { containers: [shell] } } } },
          taskRun({ taskSpec: { sidecars: [{ script: "$(tt.params.title)" }], steps: [] } }),
          pipelineRun({ pipelineSpec: { finally: [{ name: "f", ...step("$(tt.params.title)") }] } }),
        ),
      ),
    );
    assert.deepEqual(found, [
      "title → resourcetemplates[0].spec.template.spec.containers[0].args",
      "title → resourcetemplates[1].spec.taskSpec.sidecars[0].script",
      "title → resourcetemplates[2].spec.pipelineSpec.finally[0].taskSpec.steps[0].script",
    ]);
  });
});

describe("a value is followed", () => {
  const given = [{ name: "t", value: "$(tt.params.title)" }];
  const inTask = "resourcetemplates[0].spec.pipelineSpec.tasks[0].taskSpec.steps[0].script";

  for (const spelled of [
    "$(params.t)",
    "$(inputs.params.t)",
    '$(params["t"])',
    "$(params['t'])",
    "$(params.t[*])",
    "$(params.t.key)",
  ]) {
    test(`from a run's params to ${spelled}`, async () => {
      assert.deepEqual(await one(taskRun({ params: given, ...step(`echo ${spelled}`) })), [
        `title → ${SCRIPT} as $(params.t)`,
      ]);
    });
  }

  test("through a pipeline's task under another name, and where a spec only declares it", async () => {
    const task = {
      name: "x",
      params: [{ name: "u", value: "a $(params.t)" }],
      taskSpec: { params: [{ name: "u" }], steps: [{ script: "echo $(params.u)" }] },
    };
    const run = pipelineRun({ params: given, pipelineSpec: { params: [{ name: "t" }], tasks: [task] } });
    assert.deepEqual(await one(run), [`title → ${inTask} as $(params.u)`]);
  });

  test("through a default, a list and a matrix", async () => {
    const defaulted = {
      params: [{ name: "t", default: "$(tt.params.title)" }],
      steps: [{ script: "$(params.t)" }],
    };
    assert.deepEqual(await one(taskRun({ taskSpec: defaulted })), [`title → ${SCRIPT} as $(params.t)`]);
    const listed = [{ name: "t", value: ["a", "$(tt.params.title)"] }];
    assert.deepEqual(await one(taskRun({ params: listed, ...step("$(params.t[1])") })), [
      `title → ${SCRIPT} as $(params.t)`,
    ]);
    const task = { name: "x", matrix: { params: listed }, ...step("$(params.t)") };
    assert.deepEqual(await one(pipelineRun({ pipelineSpec: { tasks: [task] } })), [
      `title → ${inTask} as $(params.t)`,
    ]);
  });

  test("no further than another value of the same name, an environment variable or a referenced task", async () => {
    const task = { name: "x", params: [{ name: "t", value: "fixed" }], ...step("$(params.t)") };
    assert.deepEqual(await one(pipelineRun({ params: given, pipelineSpec: { tasks: [task] } })), []);
    const env = { env: [{ name: "T", value: "$(params.t)" }] };
    assert.deepEqual(await one(taskRun({ params: given, ...step('echo "$T"', env) })), []);
    assert.deepEqual(await one(taskRun({ params: given, taskRef: { name: "elsewhere" } })), []);
    assert.deepEqual(
      await one(taskRun({ params: given, ...step("$(params.other) $(params.__proto__)") })),
      [],
    );
  });
});

test("triggers that share template and binding make one warning that counts them", async () => {
  const params = [{ name: "title" }];
  const objects = [
    written("TriggerTemplate", "tt", { params, resourcetemplates: [taskRun(step("$(tt.params.title)"))] }),
    written("TriggerBinding", "tb", { params: [title] }),
  ];
  const named = (name: string) => ({ name, bindings: [{ ref: "tb" }], template: { ref: "tt" } });
  const { warnings } = await lintOf(...objects, open(named("a"), named("b"), named("c")));
  assert.deepEqual(
    warnings.map(({ values }) => [values["trigger"], values["source"], values["object"]]),
    [["ci/a and 2 more", "$(body.pull_request.title) (TriggerBinding tb)", "TriggerTemplate ci/tt"]],
  );
});

test("free text comes first: titles, messages and branches before numbers and hashes", async () => {
  const bindings = ["number", "sha", "title", "head_commit.message"].map((path, i) => ({
    ...{ name: `p${i}`, value: `$(body.${path})` },
  }));
  const script = bindings.map(({ name }) => `echo $(tt.params.${name})`).join("; ");
  const found = await injections(
    open(
      firing(
        bindings,
        bindings.map(({ name }) => ({ name })),
        taskRun(step(script)),
      ),
    ),
  );
  assert.deepEqual(
    found.map((line) => line.slice(0, 2)),
    ["p2", "p3", "p0", "p1"],
  );
});
