/** Opens only the queue of a store, as openStore does it, for tests that need no ledger. */

import type { Queue } from "../../../src/core/queue.ts";
import { openEmbedded } from "../../../src/storage/embedded/store.ts";
import { openPostgres } from "../../../src/storage/postgres/store.ts";
import { openRedis } from "../../../src/storage/redis/store.ts";
import { parseStoreUrl } from "../../../src/storage/url.ts";

export interface OpenQueue extends AsyncDisposable {
  readonly queue: Queue;
}

/** @param now the store's clock, milliseconds since the epoch. */
export async function openQueue(
  url: string,
  onError: (error: unknown) => void = () => {},
  now: () => number = Date.now,
): Promise<OpenQueue> {
  const address = parseStoreUrl(url);
  const { queue, close } =
    address.kind === "redis"
      ? await openRedis({ url, news: { lost() {}, reached() {} }, onError, now })
      : address.kind === "postgres"
        ? await openPostgres(url, onError, "strict", now)
        : await openEmbedded({ folder: address.folder, admin: "", onError });
  return { queue, [Symbol.asyncDispose]: close };
}
