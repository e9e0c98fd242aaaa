/** The workflows: YAML, with what they call there, the packages that the tests ask for, and as few rights as can be. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { VERBS } from "../../src/cli/index.ts";
import { ROOT } from "../helpers/process.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<string, { readonly "timeout-minutes": number; readonly steps: readonly Step[] }>
  >;
}

const FOLDER = join(ROOT, ".github/workflows");
const workflows = globSync("*.yml", { cwd: FOLDER })
  .sort()
  .map((name) => {
    const document = parseDocument(readFileSync(join(FOLDER, name), "utf8"));
    assert.deepEqual(document.errors, [], name);
    return { name, workflow: document.toJS() as Workflow };
  });
const steps = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs).flatMap(({ steps }) => steps));
const script = readFileSync(join(ROOT, ".ci/e2e-kind"), "utf8");
const commands = [...steps.map(({ run = "" }) => run), script].join("\n");

test("there are two: one for every change, one for a cluster", () => {
  assert.deepEqual(
    workflows.map(({ name }) => name),
    ["ci.yml", "e2e-kind.yml"],
  );
});

test("they may read and no more, end by themselves, and use actions of a fixed version", () => {
  for (const { name, workflow } of workflows) {
    assert.deepEqual(workflow.permissions, { contents: "read" }, name);
    for (const [job, { "timeout-minutes": minutes }] of Object.entries(workflow.jobs))
      assert.ok(minutes > 0 && minutes <= 60, `${name} ${job}`);
  }
  for (const { uses } of steps) if (uses !== undefined) assert.match(uses, /^actions\/[\w-]+@v\d+$/);
});

test("what they call is there", () => {
  for (const [, path = ""] of commands.matchAll(/(?:^|\s)((?:\.ci|deploy|examples)\/[\w./-]+)/gm))
    assert.ok(existsSync(join(ROOT, path)), path);
  accessSync(join(ROOT, ".ci/e2e-kind"), constants.X_OK);
  execFileSync("bash", ["-n", join(ROOT, ".ci/e2e-kind")]);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  // `npm cit` is `npm ci` and `npm test`.
  assert.match(commands, /^npm cit$/m);
  assert.ok(scripts["test"]);
});

test("the verbs and options they use are those of the command line", () => {
  const verbs = new Map(
    VERBS.map(({ name, options }) => [name, options.map(({ flags }) => flags).join(" ")]),
  );
  const used = [...commands.matchAll(/(?:gateway sluice|in_gateway|sluice:ci) ([a-z]+)(.*)$/gm)];
  assert.ok(used.length >= 8, `${used.length} are used`);
  for (const [line, verb = "", rest = ""] of used) {
    const options = verbs.get(verb);
    assert.ok(options !== undefined, line);
    for (const [flag] of rest.matchAll(/--[a-z-]+/g)) assert.ok(options.includes(flag), line);
  }
});

test("the packages that tests install by themselves are installed before", () => {
  const named = globSync("test/**/*.ts", { cwd: ROOT }).flatMap((path) =>
    [...readFileSync(join(ROOT, path), "utf8").matchAll(/ensureProgram\(\s*"[^"]+",\s*"([^"]+)"/g)].map(
      ([, name = ""]) => name,
    ),
  );
  const installed = /apt-get install (.*)$/m
    .exec(commands)?.[1]
    ?.split(" ")
    .filter((word) => !word.startsWith("-"));
  assert.deepEqual(installed, [...new Set(named)].sort());
});
