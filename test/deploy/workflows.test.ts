/** The workflows: YAML, with what they call there, the packages that the tests ask for, and as few rights as can be. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { loadVerbs } from "../../src/cli/index.ts";
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

test("they may read and no more, end by themselves, and use actions of a fixed commit", () => {
  for (const { name, workflow } of workflows) {
    assert.deepEqual(workflow.permissions, { contents: "read" }, name);
    for (const [job, { "timeout-minutes": minutes }] of Object.entries(workflow.jobs))
      assert.ok(minutes > 0 && minutes <= 60, `${name} ${job}`);
  }
  for (const { uses } of steps) if (uses !== undefined) assert.match(uses, /^actions\/[\w-]+@[0-9a-f]{40}$/);
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

test("the verbs and options they use are those of the command line", async () => {
  const verbs = new Map(
    (await loadVerbs()).map(({ name, options }) => [name, options.map(({ flags }) => flags).join(" ")]),
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

/** Images by a tag that may move: what their digests are could not be looked up where this was written. */
const BY_TAG = [
  "docker.io/library/node:24-bookworm-slim",
  "docker.io/library/redis:8-alpine",
  "docker.io/library/redis:8.2-alpine",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the workflow says so
  "node:${{ matrix.node }}-bookworm",
];

test("images are pinned by digest, but for those that are known not to be", () => {
  const places = ["deploy/Dockerfile", "docker-compose.yml", "deploy/overlays/redis/redis.yaml"];
  const texts = [...places, ...workflows.map(({ name }) => join(".github/workflows", name))].map((path) =>
    readFileSync(join(ROOT, path), "utf8"),
  );
  const named = texts.flatMap((text) =>
    [...text.matchAll(/^ *(?:FROM|image:|container:) +(\S+:.*?)(?: AS \w+)?$/gm)].map(
      ([, image = ""]) => image,
    ),
  );
  const moving = named.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image));
  assert.deepEqual([...new Set(moving)].sort(), BY_TAG);
});

test("all that npm installs has a hash in the lockfile, and no install script of it runs", () => {
  const read = <T>(path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
  type Locked = { readonly integrity?: string; readonly hasInstallScript?: boolean };
  const { packages } = read<{ readonly packages: Readonly<Record<string, Locked>> }>("package-lock.json");
  const others = Object.entries(packages).filter(([path]) => path !== "");
  const without = others.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ""));
  assert.deepEqual(without, []);
  const scripts = others.filter(([, one]) => one.hasInstallScript === true).map(([path]) => path);
  const { allowScripts } = read<{ readonly allowScripts: Readonly<Record<string, boolean>> }>("package.json");
  for (const path of scripts) assert.equal(allowScripts[path.replace(/^.*node_modules\//, "")], false, path);
  for (const platform of ["linux-x64", "linux-arm64", "win-x64"])
    assert.ok(packages[`node_modules/node-${platform}`]?.integrity, platform);
});
