/** The three kinds of store, for suites that must hold on each: a name, and a fresh address on demand. */

import { temporaryFolder } from "./folder.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";

/** An address that nobody has used before, for `openStore`; disposal takes away what stands behind it. */
export interface FreshStore extends AsyncDisposable {
  readonly url: string;
}

/** One kind of store. What is dear to start (a server) is shared until disposal. */
export interface StoreDriver extends AsyncDisposable {
  open(): Promise<FreshStore>;
}

export const STORE_DRIVERS = {
  redis: redisStores,
  embedded: embeddedStores,
  postgres: postgresStores,
} as const satisfies Record<string, () => Promise<StoreDriver>>;

/** A server for each: they start in milliseconds, and a test may kill its own. */
async function redisStores(): Promise<StoreDriver> {
  return { open: () => startRedis(), async [Symbol.asyncDispose]() {} };
}

async function embeddedStores(): Promise<StoreDriver> {
  return {
    async open() {
      const folder = temporaryFolder("sluice-embedded-");
      return { url: `embedded:${folder.path}`, [Symbol.asyncDispose]: async () => folder[Symbol.dispose]() };
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
