/** Opens a store by its address: queue and ledger side by side in one place. */

import { setTimeout } from "node:timers/promises";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { StoreKeys } from "../core/integrity.ts";
import type { Hold, Store } from "../core/store.ts";
import { isTrouble } from "../core/trouble.ts";
import { createLateClock, type LateClock, openStoreClock } from "./clock.ts";
import type { StoreNews } from "./health.ts";
import { createStoreNews, heard } from "./health.ts";
import { createHold } from "./hold.ts";
import { type KeyMark, keyCheck, markKey, prepareSqlMark, redisMark, sqlMark } from "./key-mark.ts";
import type { Durability } from "./survey.ts";
import type { StoreAddress } from "./url.ts";
import { parseStoreUrl } from "./url.ts";

export interface StoreOptions {
  /** Who opens it: other processes that find an embedded store taken are told where to ask. */
  readonly owner?: { readonly admin: string };
  /** Hears of a store that is away and back again, and of what goes wrong in the background. */
  readonly tell?: Tell;
  /**
   * Milliseconds for which a server that does not answer is tried again; default 0: one try. For an embedded store that
   * another process has, two seconds of it at most.
   */
  readonly waitMs?: number;
  /** What the store's checks make of a storage that may forget; default strict: not ready. */
  readonly durability?: Durability;
  /** Milliseconds that a delivery waits for a store that is away for a moment; default 0. */
  readonly holdMs?: number;
  /** Sign what is stored, and tell what of it is believed; without them nothing is signed and all is believed. */
  readonly keys?: StoreKeys | undefined;
}

/** What stays the same from one try to the next. */
type Opening = Required<Pick<StoreOptions, "tell" | "durability" | "holdMs">> &
  Pick<StoreOptions, "keys"> & { readonly admin: string };

/** Milliseconds between two tries of a server that is away. */
const AGAIN_MS = 500;
/** Milliseconds that a start waits for the process that has the embedded store: it may just be ending. */
const BUSY_MS = 2_000;
const BUSY_AGAIN_MS = 100;

/**
 * Opens a store; what it lacks (folder, tables) is made.
 *
 * @param url `embedded:<dir>`, `postgres://…`, or what parseRedisAddress takes: `redis://…`, `rediss://…`,
 *   `redis+unix://…`, `redis+sentinel://…`, `redis+cluster://…`.
 * @throws SluiceError SLUICE_CONFIG_INVALID for the address, SLUICE_STORE_AWAY when the server does not answer in time,
 *   SLUICE_STORE_LOGIN and SLUICE_STORE_TLS when it keeps us out, SLUICE_STORE_BUSY when another process has the
 *   embedded store, SLUICE_STORE_VERSION when it is too new.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const { owner, tell = () => {}, waitMs = 0, durability = "strict", holdMs = 0, keys } = options;
  const address = parseStoreUrl(url);
  const opening = { admin: owner?.admin ?? "", tell, durability, holdMs, keys };
  const from = performance.now();
  const until = from + waitMs;
  const busyUntil = from + Math.min(waitMs, BUSY_MS);
  let away: SluiceError | undefined;
  for (;;) {
    try {
      const store = await openOnce(address, opening);
      if (away !== undefined) tell({ type: "store.back" });
      return store;
    } catch (error) {
      const found = asFault(error);
      if (found.code === "SLUICE_STORE_BUSY" && performance.now() < busyUntil) {
        await setTimeout(BUSY_AGAIN_MS);
        continue;
      }
      if (!isWaitedFor(found) || performance.now() + AGAIN_MS > until) throw error;
      if (away === undefined) tell({ type: "store.away", reason: found.values["reason"] ?? found.message });
      away = found;
    }
    await setTimeout(AGAIN_MS);
  }
}

/** A password or a certificate may come a moment later than we do; room and another pooler never come by waiting. */
const isWaitedFor = (found: SluiceError): boolean =>
  isTrouble(found) && found.code !== "SLUICE_STORE_FULL" && found.code !== "SLUICE_STORE_POOLER";

async function openOnce(address: StoreAddress, opening: Opening): Promise<Store> {
  const { admin, tell, durability, holdMs, keys } = opening;
  // Nothing is probed before it is open.
  let probe = (): Promise<unknown> => Promise.resolve();
  const news = createStoreNews({ tell, probe: () => probe() });
  const onError = (error: unknown) => news.failed(error);
  const late = createLateClock();
  const { now } = late;
  const beside = { news, tell, late, keys, hold: createHold(news, holdMs) };
  if (address.kind === "redis") {
    // Each store's libraries are loaded where it is used: they take more time and memory than the embedded store itself.
    const [{ openRedis }, { createRedisLedger }] = await Promise.all([
      import("./redis/store.ts"),
      import("./ledger/redis/ledger.ts"),
    ]);
    const parts = await openRedis({ url: address.url, news, onError, durability, now });
    probe = parts.probe;
    const mark = redisMark(parts.redis, parts.prefix);
    const open = () => createRedisLedger({ ...parts, keys, clock: now });
    return assemble(address.name, parts, { ...beside, mark }, open);
  }
  if (address.kind === "embedded" && durability === "replicated")
    throw fault("SLUICE_CONFIG_INVALID", {
      key: "durability",
      reason:
        "the embedded store has no replicas; replicated takes Redis with replicas, or Postgres with a standby",
    });
  if (address.kind === "embedded") {
    const [{ openEmbedded }, { createSqliteLedger }] = await Promise.all([
      import("./embedded/store.ts"),
      import("./ledger/sqlite/ledger.ts"),
    ]);
    const parts = await openEmbedded({ folder: address.folder, admin, onError });
    return assemble(address.name, parts, { ...beside, mark: parts.mark }, () => {
      const ledger = createSqliteLedger({ ...parts, keys, clock: now, jumped: late.jumped });
      probe = () => ledger.ping();
      return ledger;
    });
  }
  const [{ openPostgres }, { createSqlLedger }] = await Promise.all([
    import("./postgres/store.ts"),
    import("./ledger/sql/ledger.ts"),
  ]);
  const parts = await openPostgres(address.url, onError, durability, now);
  return assemble(address.name, parts, { ...beside, mark: sqlMark(parts.sql) }, async () => {
    if (keys !== undefined) await prepareSqlMark(parts.sql);
    const ledger = await createSqlLedger({ ...parts, keys, clock: now, jumped: late.jumped });
    probe = () => ledger.ping();
    return ledger;
  });
}

interface Parts
  extends Required<Pick<Store, "queue" | "checks" | "close">>,
    Pick<Store, "announce" | "room"> {
  time(): Promise<number>;
}

interface Beside {
  readonly news: StoreNews;
  readonly tell: Tell;
  readonly late: LateClock;
  readonly mark: KeyMark;
  readonly keys: StoreKeys | undefined;
  readonly hold: Hold;
}

async function assemble(
  name: string,
  parts: Parts,
  { news, tell, late, mark, keys, hold }: Beside,
  openLedger: () => Store["ledger"] | Promise<Store["ledger"]>,
): Promise<Store> {
  try {
    const ledger = await openLedger();
    const clock = await openStoreClock({ ask: parts.time, highWater: ledger.highWater, tell });
    late.open(clock);
    if (keys !== undefined) await markKey(mark, keys);
    const own = keys === undefined ? [] : [keyCheck(mark, keys)];
    const close = async () => {
      clock.close();
      news.close();
      await ledger.close();
      await parts.close();
    };
    const { announce, room } = parts;
    const checks = () => [...parts.checks(), clock.check, ...own];
    const ports = { ledger: heard(ledger, news), queue: heard(parts.queue, news) };
    return {
      name,
      ...ports,
      hold,
      clock,
      checks,
      close,
      ...(announce && { announce }),
      ...(room && { room }),
    };
  } catch (error) {
    late.close();
    news.close();
    await parts.close();
    throw error;
  }
}
