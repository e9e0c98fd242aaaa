/** Opens a store by its address: queue and ledger side by side in one place. */

import { asFault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Store } from "../core/store.ts";
import { createRedisLedger } from "../ledger/redis.ts";
import { createSqlLedger } from "../ledger/sql.ts";
import { openEmbedded } from "./embedded.ts";
import { openPostgres } from "./postgres.ts";
import { openRedis } from "./redis.ts";
import { parseStoreUrl } from "./url.ts";

export interface StoreOptions {
  /** Who opens it: other processes that find an embedded store taken are told where to ask. */
  readonly owner?: { readonly admin: string };
  /** Hears of a store that is away and back again, and of what goes wrong in the background. */
  readonly tell?: Tell;
}

/**
 * Opens a store; what it lacks (folder, tables) is made.
 *
 * @param url `embedded:<dir>`, `redis://…`, `rediss://…` or `postgres://…`.
 * @throws SluiceError SLUICE_CONFIG_INVALID for the address, SLUICE_STORE_AWAY when the server does not answer,
 *   SLUICE_STORE_BUSY when another process has the embedded store, SLUICE_STORE_VERSION when it is too new.
 */
export async function openStore(url: string, { owner, tell = () => {} }: StoreOptions = {}): Promise<Store> {
  const address = parseStoreUrl(url);
  const onError = (error: unknown) => tell({ type: "defect", where: "queue", error: asFault(error) });
  if (address.kind === "redis") {
    const parts = await openRedis({ url: address.url, tell, onError });
    return assemble(address.name, parts, () => createRedisLedger(parts));
  }
  const parts =
    address.kind === "postgres"
      ? await openPostgres(address.url, onError)
      : await openEmbedded({ folder: address.folder, admin: owner?.admin ?? "", onError });
  return assemble(address.name, parts, () => createSqlLedger(parts));
}

async function assemble(
  name: string,
  parts: { readonly queue: Store["queue"]; close(): Promise<void> },
  openLedger: () => Store["ledger"] | Promise<Store["ledger"]>,
): Promise<Store> {
  try {
    const ledger = await openLedger();
    const close = async () => {
      await ledger.close();
      await parts.close();
    };
    return { name, ledger, queue: parts.queue, close };
  } catch (error) {
    await parts.close();
    throw error;
  }
}
