/** The layout of src/: its units by floor, what each may import, its faces and its npm packages. */

/** Unit → the units that it may import, floor by floor: all of them lie on floors below. `*`: any of those. */
export const FLOORS: readonly Readonly<Record<string, readonly string[]>>[] = [
  { core: [] },
  {
    config: ["core"],
    kubernetes: ["core"],
    reconcile: ["core"],
    record: ["core"],
    storage: ["core"],
    tls: ["core"],
    verify: ["core"],
  },
  {
    admin: ["core", "tls"],
    decide: ["core", "verify"],
    ingress: ["core", "tls"],
  },
  {
    catalog: ["config", "core", "decide", "kubernetes"],
    dispatch: ["core", "decide", "kubernetes", "verify"],
    gateway: ["admin", "config", "core"],
    intake: ["core", "decide", "verify"],
    interceptors: ["core", "decide", "verify"],
  },
  { leader: ["config", "core", "dispatch", "kubernetes"] },
  { "main.ts": ["*"] },
  { cli: ["*"] },
];

/**
 * Folders inside of a unit that hold to less than their unit may: what each may import besides itself. A unit's own name
 * stands for those of its files that are in none of these folders.
 */
export const PARTS: Readonly<Record<string, readonly string[]>> = {
  "admin/shadow": ["core"],
  "catalog/cluster": ["catalog", "catalog/kinds", "core", "kubernetes"],
  "catalog/kinds": ["catalog", "core", "decide"],
  "catalog/lint": ["catalog", "core", "decide"],
  "decide/bind": ["core"],
  "decide/cel": ["core"],
  "decide/intercept": ["core"],
  "decide/render": ["core"],
  "dispatch/create": ["core", "kubernetes"],
  "leader/announce": ["core", "kubernetes"],
  "leader/follow": ["core", "kubernetes"],
  "storage/backup": ["core", "storage/ledger"],
  "storage/embedded": ["core", "storage", "storage/ledger", "storage/queue"],
  "storage/ledger": ["core"],
  "storage/postgres": ["core", "storage", "storage/queue"],
  "storage/queue": ["core"],
  "storage/redis": ["core", "storage", "storage/queue"],
};

const NO_SERVER =
  "the CLI needs it, and src/admin/index.ts loads the web server: 133 files of npm for a verb that serves nothing";

/** Files that other units import past the index.ts of their unit, and why. */
export const PAST_THE_FACE: Readonly<Record<string, string>> = {
  "admin/batch.ts": NO_SERVER,
  "admin/batches.ts": NO_SERVER,
  "admin/fields.ts": NO_SERVER,
  "admin/filter.ts": NO_SERVER,
  "admin/guard.ts": NO_SERVER,
  "admin/in-process.ts": NO_SERVER,
  "admin/select.ts": NO_SERVER,
  "config/env.ts":
    "every command starts with it, and src/config/index.ts loads YAML: `sluice --version` would take twice as long",
};

/** Units without a face. core: every file is one noun, port or primitive, and a list of all would load all. */
export const WITHOUT_FACE: readonly string[] = ["core", "main.ts"];

/** npm package → the units, or folders inside of a unit, that may use it. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@bufbuild/cel": ["decide/cel"],
  "@bufbuild/re2": ["decide/cel"],
  "@kubernetes/client-node": ["kubernetes"],
  "@octokit/webhooks-examples": ["cli"],
  "@octokit/webhooks-methods": ["cli"],
  bullmq: ["storage/queue"],
  commander: ["cli"],
  fastify: ["admin", "ingress", "tls"],
  ioredis: ["storage"],
  jose: ["verify"],
  pg: ["storage/postgres"],
  picocolors: ["cli"],
  pino: ["record"],
  "pino-pretty": ["record"],
  "prom-client": ["record"],
  yaml: ["catalog", "cli", "config", "decide/cel", "dispatch/create", "interceptors", "kubernetes"],
  zod: ["config", "storage/backup"],
};
