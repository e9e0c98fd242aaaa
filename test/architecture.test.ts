/** The layout of src/ (helpers/layout.ts), cycles, file sizes and first lines: agreed layering survives only if it is run. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { test } from "node:test";
import { FLOORS, PACKAGES, PARTS, PAST_THE_FACE, WITHOUT_FACE } from "./helpers/layout.ts";

const root = join(import.meta.dirname, "..");

/** Unit → the units that it may import. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map(FLOORS.flatMap(Object.entries));

interface Source {
  readonly path: string;
  readonly unit: string;
  readonly text: string;
  /** Paths from the project's folder of files of ours. */
  readonly ours: readonly string[];
  /** Names of npm packages. */
  readonly packages: readonly string[];
}

const sources = await readSources();

test("there are sources to look at", () => {
  assert.ok(sources.length > 10, `expected the whole of src, got ${sources.length} files`);
});

test("a unit may import units of lower floors alone", () => {
  const floor = new Map(FLOORS.flatMap((units, i) => Object.keys(units).map((unit) => [unit, i] as const)));
  const wrong = [...MAY_IMPORT].flatMap(([unit, allowed]) =>
    allowed
      .filter((other) => other !== "*" && (floor.get(other) ?? Infinity) >= (floor.get(unit) ?? 0))
      .map((other) => `${unit} may not import ${other}: it is not on a lower floor`),
  );
  assert.deepEqual(wrong, []);
});

test("every import of another unit is allowed by the table, and goes down", () => {
  const floor = (unit: string) => FLOORS.findIndex((units) => unit in units);
  const wrong = crossings().flatMap(({ path, unit, target, to }) => {
    const allowed = MAY_IMPORT.get(unit);
    assert.ok(allowed, `${path}: unit ${unit} is not in the table of helpers/layout.ts`);
    if (allowed.includes(to) || (allowed.includes("*") && floor(to) < floor(unit))) return [];
    return `${path} imports ${target}; ${unit} may import ${allowed.join(", ") || "nothing of ours"}`;
  });
  assert.deepEqual(wrong, []);
});

test("the table allows nothing that nobody uses", () => {
  const used = new Set(crossings().map(({ unit, to }) => `${unit} → ${to}`));
  const unused = [...MAY_IMPORT].flatMap(([unit, allowed]) =>
    allowed.filter((other) => other !== "*").map((other) => `${unit} → ${other}`),
  );
  assert.deepEqual(
    unused.filter((arrow) => !used.has(arrow)),
    [],
  );
});

test("folders inside of a unit hold to their own list, and their list to what they use", () => {
  const used = new Set<string>();
  const wrong: string[] = [];
  for (const { path, ours } of sources) {
    const part = partOf(path);
    const allowed = PARTS[part];
    if (allowed === undefined) continue;
    for (const target of ours) {
      const to = unitOf(target) === unitOf(path) ? partOf(target) : unitOf(target);
      if (to === part) continue;
      used.add(`${part} → ${to}`);
      if (!allowed.includes(to))
        wrong.push(`${path} imports ${target}; ${part} may import ${allowed.join(", ")}`);
    }
  }
  assert.deepEqual(wrong, []);
  const unused = Object.entries(PARTS).flatMap(([part, allowed]) => allowed.map((to) => `${part} → ${to}`));
  assert.deepEqual(
    unused.filter((arrow) => !used.has(arrow)),
    [],
  );
});

test("outsiders import a unit, or a folder of it, through its index.ts, but for the exceptions", () => {
  const used = new Set<string>();
  const wrong: string[] = [];
  for (const { path, target, to } of crossings()) {
    if (WITHOUT_FACE.includes(to) || basename(target) === "index.ts") continue;
    const file = target.replace(/^src\//, "");
    used.add(file);
    if (!(file in PAST_THE_FACE))
      wrong.push(`${path} imports ${target}; outsiders import an index.ts of ${to}`);
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    Object.keys(PAST_THE_FACE).filter((file) => !used.has(file)),
    [],
    "exceptions that nobody uses",
  );
});

test("npm packages stay in the folders that own them, and each owner uses its package", () => {
  const used = new Set<string>();
  const wrong: string[] = [];
  for (const { path, packages } of sources) {
    for (const name of packages) {
      const owners = PACKAGES[name] ?? [];
      const owner = owners.find((one) => path.startsWith(one === "interceptors" ? `${one}/` : `src/${one}/`));
      if (owner === undefined)
        wrong.push(`${path} imports ${name}; its owners: ${owners.join(", ") || "none"}`);
      used.add(`${owner}: ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
  const unused = Object.entries(PACKAGES).flatMap(([name, owners]) =>
    owners.map((owner) => `${owner}: ${name}`),
  );
  assert.deepEqual(
    unused.filter((pair) => !used.has(pair)),
    [],
  );
});

test("no cycle exists", () => {
  const graph = new Map(sources.map(({ path, ours }) => [path, ours]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), `cycle: ${[...trail, path].join(" → ")}`);
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

test("process.env is read in one file; process.exit and signals live in src/cli", () => {
  const readers = sources.filter((s) => /process\.env\b/.test(s.text)).map((s) => s.path);
  assert.deepEqual(
    readers.filter((path) => path !== "src/config/env.ts"),
    [],
  );
  const exits = sources.filter(
    (s) => /process\.(exit\b|exitCode|umask|on\(|once\((?!"exit"))/.test(s.text) && s.unit !== "cli",
  );
  assert.deepEqual(
    exits.map((s) => s.path),
    [],
  );
});

test("every file says in its first line what it does, and none has more than 300 lines", () => {
  const mute = sources.filter((s) => !/^(#!.*\n)?\/\*\* .+/.test(s.text)).map((s) => s.path);
  assert.deepEqual(mute, []);
  const long = sources.filter((s) => s.text.split("\n").length > 301).map((s) => s.path);
  assert.deepEqual(long, []);
});

test("no escape hatches: any, ts-ignore, biome-ignore without a reason", () => {
  const wrong = sources.filter((s) =>
    /@ts-ignore|@ts-nocheck|\bas any\b|biome-ignore [^:]*: *$/m.test(s.text),
  );
  assert.deepEqual(
    wrong.map((s) => s.path),
    [],
  );
});

/** Imports that leave their unit. */
function crossings() {
  return sources.flatMap(({ path, unit, ours }) =>
    ours.map((target) => ({ path, unit, target, to: unitOf(target) })).filter(({ to }) => to !== unit),
  );
}

async function readSources(): Promise<Source[]> {
  const found: Source[] = [];
  for await (const path of glob("{src,interceptors}/**/*.{ts,js}", { cwd: root })) {
    const text = readFileSync(join(root, path), "utf8");
    const imports = [
      ...text.matchAll(
        /(?:^|\n)\s*(?:import|export)\s[^"'`;]*?from\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|(?:^|\n)import\s+["']([^"']+)["']|(?:\brequire|createRequire\(import\.meta\.url\))\("([^"]+)"\)/g,
      ),
    ].map((m) => (m[1] ?? m[2] ?? m[3] ?? m[4]) as string);
    const ours = imports.filter((name) => name.startsWith("."));
    const foreign = imports.filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
    found.push({
      path,
      unit: unitOf(path),
      text,
      ours: ours.map((name) => relative(root, join(root, dirname(path), name))),
      packages: foreign.map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/")),
    });
  }
  return found;
}

/** `src/core/json.ts` → core; `src/main.ts` → main.ts; `interceptors/cel.ts` → interceptors. */
function unitOf(path: string): string {
  const parts = path.split("/");
  return parts[0] === "src" ? (parts[1] as string) : (parts[0] as string);
}

/** `src/decide/cel/parse.ts` → decide/cel; the unit where the file is in no folder of PARTS. */
function partOf(path: string): string {
  return Object.keys(PARTS).find((part) => path.startsWith(`src/${part}/`)) ?? unitOf(path);
}
