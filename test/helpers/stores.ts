/** The three kinds of store, for suites that must hold on each: a name, and a fresh address on demand. */

import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { openPglite } from "../../src/store/pglite.ts";
import { temporaryFolder } from "./folder.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";

/** An address that nobody has used before, for `openStore`; disposal takes away what stands behind it. */
export interface FreshStore extends AsyncDisposable {
  readonly url: string;
}

/** One kind of store. What is dear to start (a server, an initialised folder) is shared until disposal. */
export interface StoreDriver extends AsyncDisposable {
  open(): Promise<FreshStore>;
}

export const STORE_DRIVERS = {
  redis: redisStores,
  embedded: embeddedStores,
  sqlite: sqliteStores,
  postgres: postgresStores,
} as const satisfies Record<string, () => Promise<StoreDriver>>;

/** A server for each: they start in milliseconds, and a test may kill its own. */
async function redisStores(): Promise<StoreDriver> {
  return { open: () => startRedis(), async [Symbol.asyncDispose]() {} };
}

async function embeddedStores(): Promise<StoreDriver> {
  const template = temporaryFolder("sluice-embedded-");
  const pristine = join(template.path, "postgres");
  return {
    async open() {
      // Postgres takes seconds to lay out its folder, and a moment to copy it.
      if (!existsSync(pristine)) await (await openPglite(pristine)).close();
      const folder = temporaryFolder("sluice-embedded-");
      cpSync(template.path, folder.path, { recursive: true });
      return {
        url: `embedded:${folder.path}`,
        [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
      };
    },
    async [Symbol.asyncDispose]() {
      template[Symbol.dispose]();
    },
  };
}

async function sqliteStores(): Promise<StoreDriver> {
  return {
    async open() {
      const folder = temporaryFolder("sluice-sqlite-");
      return { url: `sqlite:${folder.path}`, [Symbol.asyncDispose]: async () => folder[Symbol.dispose]() };
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function postgresStores(): Promise<StoreDriver> {
  const server = await startPostgres();
  return {
    open: async () => ({ url: await server.createDatabase(), async [Symbol.asyncDispose]() {} }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
