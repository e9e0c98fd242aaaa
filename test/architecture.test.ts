/** The import table of docs/architecture.md, cycles, file sizes and first lines: agreed layering survives only if it is run. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** unit → the units of ours it may import; "*" is anything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  config: ["core"],
  verify: ["core"],
  cel: ["core"],
  bind: ["core"],
  render: ["core"],
  intercept: ["core", "cel", "verify"],
  interceptors: ["core", "verify", "cel"],
  "accept.ts": [
    "core",
    "again.ts",
    "claims.ts",
    "unproved.ts",
    "decide-now.ts",
    "keep.ts",
    "refuse.ts",
    "turns.ts",
    "verify",
  ],
  "keep.ts": [
    "core",
    "claims.ts",
    "unproved.ts",
    "unproved-record.ts",
    "decide-now.ts",
    "redelivery.ts",
    "verify",
  ],
  "claims.ts": ["core"],
  "unproved.ts": ["core", "unproved-valve.ts"],
  "unproved-valve.ts": ["core"],
  "unproved-record.ts": ["core"],
  "decide-now.ts": ["core", "decide.ts", "turns.ts", "verify"],
  "turns.ts": ["core"],
  "again.ts": ["core"],
  "refuse.ts": ["core", "verify"],
  "decide.ts": ["core", "fire.ts", "turns.ts", "verify", "waiting.ts", "intercept", "bind", "render"],
  "fire.ts": ["core"],
  "decide-later.ts": ["core", "claims.ts", "decide.ts", "redelivery.ts", "turns.ts", "verify", "waiting.ts"],
  "waiting.ts": ["core"],
  "dispatch.ts": [
    "core",
    "as-declared.ts",
    "decide-later.ts",
    "distrust.ts",
    "gate.ts",
    "resolve.ts",
    "turns.ts",
    "verify",
    "intercept",
    "bind",
    "render",
  ],
  compile: ["core", "catalog", "intercept", "recall.ts", "bind", "render"],
  "recall.ts": ["catalog"],
  "plans.ts": ["core", "catalog", "compile", "recall.ts", "lint"],
  declared: ["core", "catalog", "config", "intercept", "kube", "lint", "plans.ts"],
  lint: ["core", "catalog", "bind", "render", "cel", "config"],
  "gate.ts": ["core"],
  "places.ts": ["core", "gate.ts"],
  "ports.ts": ["core", "config"],
  "preflight.ts": ["core", "config", "ports.ts"],
  "admin-access.ts": ["core", "config", "ops"],
  "shutdown.ts": ["core"],
  "redelivery.ts": ["core", "verify"],
  "resolve.ts": ["core"],
  "refusals.ts": ["core"],
  // What the store holds and nobody believes; what is declared otherwise by now.
  "distrust.ts": ["core"],
  "as-declared.ts": ["core"],
  "sweep.ts": ["core"],
  "audit.ts": ["core"],
  "acknowledged.ts": ["core"],
  // The text of an export, and its way into a ledger and out of it.
  backup: ["core", "ledger"],
  // What both ports share: certificates that change while they are in use.
  tls: ["core"],
  ingress: ["core", "tls"],
  catalog: ["core", "cel", "kube"],
  enqueue: ["core"],
  ledger: ["core"],
  store: ["core", "enqueue", "ledger"],
  create: ["core", "kube"],
  // One API server: proof, requests, discovery, watches, leases.
  kube: ["core"],
  // What Sluice does in a cluster besides creating: it follows its runs, and tells listeners where they are served.
  follow: ["core", "kube"],
  announce: ["core", "kube"],
  "lead.ts": ["core", "config", "kube", "create", "follow", "announce"],
  // Parity: what this gateway would create, beside what another created.
  shadow: ["core"],
  record: ["core"],
  ops: ["core", "tls"],
  cli: ["*"],
  "main.ts": ["*"],
};

/** npm package → the units that may use it. */
const PACKAGES: Record<string, readonly string[]> = {
  fastify: ["ingress", "ops", "tls"],
  "@octokit/webhooks": ["verify", "interceptors"],
  "@octokit/webhooks-methods": ["cli"],
  "@octokit/webhooks-examples": ["cli"],
  "@bufbuild/cel": ["cel"],
  "@bufbuild/cel-spec": ["cel"],
  "@bufbuild/protobuf": ["cel"],
  "@bufbuild/re2": ["cel"],
  yaml: ["cel", "catalog", "create", "kube", "cli", "config", "interceptors", "render"],
  zod: ["backup", "catalog", "config"],
  bullmq: ["enqueue"],
  ioredis: ["enqueue", "ledger", "store"],
  pg: ["store"],
  "@kubernetes/client-node": ["kube"],
  jose: ["verify"],
  pino: ["record"],
  "pino-pretty": ["record"],
  "prom-client": ["record"],
  commander: ["cli"],
  picocolors: ["cli"],
};

interface Source {
  readonly path: string;
  readonly unit: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources = await readSources();

test("there are sources to look at", () => {
  assert.ok(sources.length > 10, `expected the whole of src, got ${sources.length} files`);
});

test("dependencies point one way", () => {
  const wrong: string[] = [];
  for (const source of sources) {
    const allowed = MAY_IMPORT[source.unit];
    assert.ok(allowed, `${source.path}: unit ${source.unit} is not in the import table`);
    for (const target of source.imports.filter((name) => name.startsWith("."))) {
      const unit = unitOf(relative(root, join(root, dirname(source.path), target)));
      if (unit !== source.unit && !allowed.includes(unit) && !allowed.includes("*")) {
        wrong.push(
          `${source.path} imports ${target}; ${source.unit} may import ${allowed.join(", ") || "nothing of ours"}`,
        );
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("npm packages stay in the folders that own them", () => {
  const wrong: string[] = [];
  for (const source of sources) {
    for (const name of source.imports.filter((name) => !name.startsWith(".") && !name.startsWith("node:"))) {
      const parts = name.split("/");
      const pkg = name.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] as string);
      const owners = PACKAGES[pkg];
      if (!owners?.includes(source.unit))
        wrong.push(`${source.path} imports ${pkg}; its owners: ${owners?.join(", ") ?? "none"}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no cycle exists", () => {
  const graph = new Map<string, string[]>();
  for (const source of sources) {
    const targets = source.imports.filter((name) => name.startsWith("."));
    graph.set(
      source.path,
      targets.map((target) => relative(root, join(root, dirname(source.path), target))),
    );
  }
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

async function readSources(): Promise<Source[]> {
  const found: Source[] = [];
  for await (const path of glob("{src,interceptors}/**/*.{ts,js}", { cwd: root })) {
    const text = readFileSync(join(root, path), "utf8");
    const imports = [
      ...text.matchAll(
        /(?:^|\n)\s*(?:import|export)\s[^"'`;]*?from\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|(?:^|\n)import\s+["']([^"']+)["']/g,
      ),
    ].map((m) => (m[1] ?? m[2] ?? m[3]) as string);
    found.push({ path, unit: unitOf(path), text, imports });
  }
  return found;
}

/** `src/core/json.ts` → core; `src/main.ts` → main.ts; `interceptors/cel.ts` → interceptors. */
function unitOf(path: string): string {
  const parts = path.split("/");
  return parts[0] === "src" ? (parts[1] as string) : (parts[0] as string);
}
