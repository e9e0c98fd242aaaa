/** The pages on installing and moving: every setting, verb, option and folder that they name is there. */

import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadVerbs } from "../../src/cli/index.ts";
import { SETTING_KEYS, variableOf } from "../../src/config/schema.ts";
import { ROOT } from "../helpers/process.ts";
import { blocks, page } from "./pages.ts";

const PAGES = ["docs/deploy.md", "docs/migrate-from-tekton.md"].map(page);

test("variables in the pages and the manifests are settings", () => {
  const known = new Set(SETTING_KEYS.map(variableOf));
  const manifests = globSync("deploy/**/*.{yaml,md}", { cwd: ROOT }).map(page);
  const named = [...PAGES, ...manifests].flatMap(({ path, text }) =>
    [...text.matchAll(/\bSLUICE_[A-Z_]+/g)].map(([name]) => [path, name] as const),
  );
  assert.ok(named.length > 20);
  // Kubernetes' own, told of where links to Services are switched off.
  const unknown = named.filter(([, name]) => !known.has(name) && name !== "SLUICE_SERVICE_HOST");
  assert.deepEqual(unknown, []);
});

test("folders and files in the pages are there", () => {
  for (const { path, text } of PAGES)
    for (const [, named = ""] of text.matchAll(
      /(?<![\w/.-])((?:deploy|examples|overlays|access|\.ci|\.github)\/[\w./-]*\w)/g,
    )) {
      const from = /^(overlays|access)\//.test(named) ? join("deploy", named) : named;
      assert.ok(existsSync(join(ROOT, from)), `${path}: ${named}`);
    }
});

test("verbs and options in the commands are those of the command line", async () => {
  const verbs = new Map(
    (await loadVerbs()).map(({ name, options }) => [name, options.map(({ flags }) => flags).join(" ")]),
  );
  // At the start of a line, behind `kubectl exec … --`, or behind a variable.
  const CALL = /(?:^|-- |" )sluice ([a-z]+)(.*)$/gm;
  const commands = PAGES.flatMap((one) =>
    blocks(one)
      .filter(({ info }) => info === "sh")
      .flatMap(({ text }) => [...text.matchAll(CALL)]),
  );
  assert.ok(commands.length >= 8, `${commands.length}`);
  for (const [line, verb = "", rest = ""] of commands) {
    const options = verbs.get(verb);
    assert.ok(options !== undefined, line);
    for (const [flag] of rest.matchAll(/--[a-z-]+/g)) assert.ok(options.includes(flag), `${line}: ${flag}`);
  }
});

test("each overlay and each folder of rights is told of", () => {
  const { text } = page("docs/deploy.md");
  for (const folder of globSync("deploy/{overlays,access}/*", { cwd: ROOT }))
    assert.ok(text.includes(`\`${folder.replace("deploy/", "")}\``), folder);
});
