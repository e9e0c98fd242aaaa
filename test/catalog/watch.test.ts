/** Hot reload: what changes on disk comes into force, without what is broken. */

import assert from "node:assert/strict";
import { EventEmitter, on, once } from "node:events";
import { appendFile, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { formatFault } from "../../src/catalog/faults.ts";
import { bindingsOf } from "../../src/catalog/resolve.ts";
import { triggersOf } from "../../src/catalog/select.ts";
import { createFileCatalog, type FileCatalogOptions } from "../../src/catalog/watch.ts";
import { fault } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/fact.ts";
import { bindingYaml, folderWith } from "./objects-helper.ts";

// A change that is not noticed must fail its test, not hang it.
const timeout = 20_000;

async function watched(t: TestContext, paths: readonly string[], options: Partial<FileCatalogOptions> = {}) {
  const facts: Fact[] = [];
  const told = new EventEmitter();
  const catalog = await createFileCatalog({
    paths,
    // The clock would find every change in the end: these tests ask what the watchers see, unless they say otherwise.
    scanMs: 3_600_000,
    quietMs: 10,
    tell(fact) {
      facts.push(fact);
      told.emit("fact", fact);
    },
    ...options,
  });
  t.after(() => catalog.close());
  // The first look after the start finds nothing new; let it pass.
  await catalog.refresh();
  return {
    catalog,
    facts,
    /** Does something and resolves with the first fact of the type that follows. */
    async fact(type: Fact["type"], work: () => Promise<unknown>): Promise<Fact> {
      const following = on(told, "fact", { signal: t.signal });
      await work();
      for await (const [fact] of following) if (fact.type === type) return fact;
      throw new Error("no fact came");
    },
    value: (name: string) =>
      catalog.state().declarations.find("TriggerBinding", "default", name)?.spec.params[0]?.value,
  };
}

test("a file that changes, comes or goes is noticed", { timeout }, async (t) => {
  const folder = await folderWith(t, { "a.yaml": bindingYaml("a", "one") });
  const { fact, value } = await watched(t, [folder]);
  assert.equal(value("a"), "one");
  await fact("catalog.loaded", () => writeFile(join(folder, "a.yaml"), bindingYaml("a", "two")));
  assert.equal(value("a"), "two");
  await fact("catalog.loaded", () => writeFile(join(folder, "b.yaml"), bindingYaml("b", "new")));
  assert.equal(value("b"), "new");
  await fact("catalog.loaded", () => rm(join(folder, "a.yaml")));
  assert.equal(value("a"), undefined);
});

test("a folder that comes into being is watched from then on", { timeout }, async (t) => {
  const folder = await folderWith(t, { "a.yaml": bindingYaml("a") });
  const { fact, value } = await watched(t, [folder]);
  await mkdir(join(folder, "sub.tmp"));
  await writeFile(join(folder, "sub.tmp/b.yaml"), bindingYaml("b", "one"));
  await fact("catalog.loaded", () => rename(join(folder, "sub.tmp"), join(folder, "sub")));
  assert.equal(value("b"), "one");
  await fact("catalog.loaded", () => writeFile(join(folder, "sub/b.yaml"), bindingYaml("b", "two")));
  assert.equal(value("b"), "two");
});

test("an editor that replaces the file is noticed, time after time", { timeout }, async (t) => {
  const folder = await folderWith(t, { "a.yaml": bindingYaml("a", "0") });
  const file = join(folder, "a.yaml");
  const { fact, value } = await watched(t, [file]);
  for (const text of ["1", "2", "3"]) {
    await writeFile(`${file}~`, bindingYaml("a", `"${text}"`));
    await fact("catalog.loaded", () => rename(`${file}~`, file));
    assert.equal(value("a"), text);
  }
});

test("the link swap of a Kubernetes mount is noticed", { timeout }, async (t) => {
  const folder = await folderWith(t, {
    "mount/..1/a.yaml": bindingYaml("a", "one"),
    "mount/..2/a.yaml": bindingYaml("a", "two"),
  });
  const mount = join(folder, "mount");
  await symlink("..1", join(mount, "..data"));
  await symlink("..data/a.yaml", join(mount, "a.yaml"));
  const { fact, value } = await watched(t, [mount]);
  assert.equal(value("a"), "one");
  await symlink("..2", join(mount, "..data_tmp"));
  await fact("catalog.loaded", () => rename(join(mount, "..data_tmp"), join(mount, "..data")));
  assert.equal(value("a"), "two");
});

test("what no watcher tells, the clock finds", { timeout }, async (t) => {
  const folder = await folderWith(t, { "real/a.yaml": bindingYaml("a", "one"), "config/readme": "" });
  // The folder behind the link is watched by nobody.
  await symlink("../real/a.yaml", join(folder, "config/a.yaml"));
  const { fact, value } = await watched(t, [join(folder, "config")], { scanMs: 20 });
  await fact("catalog.loaded", () => writeFile(join(folder, "real/a.yaml"), bindingYaml("a", "two")));
  assert.equal(value("a"), "two");
});

test("a broken file takes out what it declares, and nothing else; mended, it is back", {
  timeout,
}, async (t) => {
  const folder = await folderWith(t, {
    "a.yaml": bindingYaml("a", "one"),
    "b.yaml": bindingYaml("b", "one"),
  });
  const { catalog, fact, value } = await watched(t, [folder]);
  const loaded = await fact("catalog.loaded", async () => {
    await writeFile(join(folder, "a.yaml"), `${bindingYaml("a", "two")}  broken: [`);
    await writeFile(join(folder, "b.yaml"), bindingYaml("b", "two"));
  });
  assert.deepEqual([value("a"), value("b")], [undefined, "two"]);
  assert.ok(loaded.type === "catalog.loaded");
  assert.match(formatFault(loaded.faults?.[0] ?? assert.fail()), /a\.yaml:\d+:\d+ no valid YAML/);
  assert.deepEqual(catalog.state().faults, loaded.faults);
  const why = catalog.state().declarations.fault?.("TriggerBinding", "default", "a");
  assert.match(why?.message ?? "", /TriggerBinding default\/a cannot be used: its file is no valid YAML/);
  await fact("catalog.loaded", () => writeFile(join(folder, "a.yaml"), bindingYaml("a", "three")));
  assert.deepEqual([value("a"), value("b")], ["three", "two"]);
  assert.deepEqual(catalog.state().faults, []);
});

test("what the compiler finds is told, and keeps nothing from coming into force but its own crash", {
  timeout,
}, async (t) => {
  const folder = await folderWith(t, { "a.yaml": bindingYaml("a", "good") });
  const { catalog, fact, value } = await watched(t, [folder], {
    accept({ declarations }) {
      const found = declarations.find("TriggerBinding", "default", "a")?.spec.params[0]?.value;
      if (found === "crash") throw new Error("compiler crashed");
      const fail = fault("SLUICE_PATH_SYNTAX", { path: "x", reason: "refused" });
      return { errors: found === "bad" ? [fail] : [], warnings: found === "doubtful" ? [fail] : [] };
    },
  });
  await fact("catalog.loaded", () => writeFile(join(folder, "a.yaml"), bindingYaml("a", "bad")));
  assert.deepEqual(
    [value("a"), catalog.state().faults.map(({ code }) => code)],
    ["bad", ["SLUICE_PATH_SYNTAX"]],
  );
  await fact("catalog.broken", () => writeFile(join(folder, "a.yaml"), bindingYaml("a", "crash")));
  assert.deepEqual([value("a"), catalog.state().away.map(({ code }) => code)], ["bad", ["SLUICE_INTERNAL"]]);
  await fact("catalog.loaded", () => writeFile(join(folder, "a.yaml"), bindingYaml("a", "doubtful")));
  assert.deepEqual(
    [value("a"), catalog.state().faults, catalog.state().warnings.length, catalog.state().away],
    ["doubtful", [], 1, []],
  );
});

test("while the files are not there, what was read last stays in force", { timeout }, async (t) => {
  const folder = await folderWith(t, { "conf/a.yaml": bindingYaml("a", "one") });
  const { catalog, fact, value } = await watched(t, [join(folder, "conf")]);
  const away = await fact("catalog.broken", () => rename(join(folder, "conf"), join(folder, "moved")));
  assert.ok(away.type === "catalog.broken" && away.loaded);
  assert.deepEqual(
    [value("a"), catalog.state().away.map(({ code }) => code)],
    ["one", ["SLUICE_CONFIG_MISSING"]],
  );
  await fact("catalog.loaded", () => rename(join(folder, "moved"), join(folder, "conf")));
  assert.deepEqual([value("a"), catalog.state().away], ["one", []]);
});

test("without a good state nothing is declared, until the first one comes", { timeout }, async (t) => {
  const folder = await folderWith(t, {});
  const { catalog, fact, value } = await watched(t, [join(folder, "later.yaml")]);
  assert.deepEqual(
    [catalog.state().loaded, catalog.state().away.map(({ code }) => code)],
    [false, ["SLUICE_CONFIG_MISSING"]],
  );
  await fact("catalog.loaded", () => writeFile(join(folder, "later.yaml"), bindingYaml("a", "x")));
  assert.deepEqual([catalog.state().loaded, value("a")], [true, "x"]);
});

test("listeners hear of each new state, and one that throws breaks nothing", { timeout }, async (t) => {
  const folder = await folderWith(t, { "a.yaml": bindingYaml("a", "one") });
  const { catalog, facts, fact } = await watched(t, [folder]);
  const heard = new EventEmitter();
  catalog.onChange(() => {
    throw new Error("listener is broken");
  });
  const stop = catalog.onChange(({ declarations }) => heard.emit("state", declarations));
  const state = once(heard, "state", { signal: t.signal });
  await writeFile(join(folder, "a.yaml"), bindingYaml("a", "two"));
  const [declarations] = await state;
  assert.equal(declarations.find("TriggerBinding", "default", "a").spec.params[0].value, "two");
  assert.deepEqual(
    facts.flatMap((one) => (one.type === "defect" ? one.error.values["reason"] : [])),
    ["listener is broken"],
  );
  stop();
  let again = 0;
  heard.on("state", () => again++);
  await fact("catalog.loaded", () => appendFile(join(folder, "a.yaml"), "# more\n"));
  assert.equal(again, 0);
});

test("files that did not change bring nothing into force anew", { timeout }, async (t) => {
  const folder = await folderWith(t, { "a.yaml": bindingYaml("a") });
  const { catalog, facts } = await watched(t, [folder]);
  await writeFile(join(folder, "notes.txt"), "no YAML");
  await catalog.refresh();
  assert.equal(facts.filter(({ type }) => type === "catalog.loaded").length, 1);
});

test("a fault that is found when references are resolved has its place too", { timeout }, async (t) => {
  const folder = await folderWith(t, {
    "el.yaml":
      "apiVersion: triggers.tekton.dev/v1beta1\nkind: EventListener\nmetadata: {name: el}\nspec:\n  triggers:\n    - template: {ref: tt}\n      bindings:\n        - ref: nope\n",
  });
  const { catalog } = await watched(t, [folder]);
  const { declarations } = catalog.state();
  const [listener] = declarations.listeners;
  assert.ok(listener);
  const [trigger] = triggersOf(listener, declarations).groups[0]?.triggers ?? [];
  assert.ok(trigger);
  const [missing] = bindingsOf(trigger, declarations).faults;
  assert.equal(
    formatFault(missing ?? assert.fail()).replace(`${folder}/`, ""),
    "el.yaml:8:11 EventListener default/el: spec.triggers[0].bindings[0].ref: TriggerBinding nope does not exist in namespace default  → Create it, or correct the reference in EventListener default/el: spec.triggers[0].bindings[0].ref.",
  );
});
