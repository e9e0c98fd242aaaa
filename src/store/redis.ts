/** The Redis store: a connection that fails fast for queue and ledger, and patient ones for workers. */

import type { RedisOptions } from "ioredis";
import { Redis } from "ioredis";
import type { Tell } from "../core/fact.ts";
import type { Queue } from "../core/queue.ts";
import { asAway, orAway } from "../enqueue/away.ts";
import { createBullQueue } from "../enqueue/bull.ts";
import { redisDriver } from "../enqueue/redis.ts";
import { checkRedisVersion } from "./version.ts";

/** Before every key. The braces keep all of them in one slot of a Redis Cluster, as scripts over several keys demand. */
export const PREFIX = "{sluice}";

/** Milliseconds that a start waits for the server. */
const OPEN_MS = 5_000;
const QUIT_MS = 1_000;

export interface RedisParts {
  readonly queue: Queue;
  /** For the ledger; fails at once while the server is away. */
  readonly redis: Redis;
  readonly prefix: string;
  close(): Promise<void>;
}

export interface RedisStoreOptions {
  readonly url: string;
  readonly tell: Tell;
  readonly onError: (error: unknown) => void;
}

/** @throws SluiceError SLUICE_STORE_AWAY, SLUICE_STORE_VERSION. */
export async function openRedis({ url, tell, onError }: RedisStoreOptions): Promise<RedisParts> {
  const redis = new Redis(url, {
    ...COMMON,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // A server that hangs without closing would keep each command waiting for ever.
    socketTimeout: 5_000,
  });
  // Unheard, the event would end the process; callers hear of it from their own commands.
  redis.on("error", () => {});
  try {
    await orAway(redis.connect(), OPEN_MS);
    await checkRedisVersion(redis, PREFIX);
  } catch (error) {
    redis.disconnect();
    throw asAway(error);
  }
  tellOfAbsence(redis, tell);

  const connectWorker = () => {
    // null: a worker's command waits until the server is back. Pipelining: jobs that end in one turn share a write,
    // which takes a third off the CPU time of a busy worker.
    const worker = new Redis(url, { ...COMMON, maxRetriesPerRequest: null, enableAutoPipelining: true });
    worker.on("error", () => {});
    return worker;
  };
  const queue = createBullQueue({ driver: redisDriver({ redis, connectWorker, prefix: PREFIX }), onError });
  const close = async () => {
    redis.removeAllListeners("close");
    await queue.close();
    // Lets what was written last go out; a server that is away is not waited for.
    if (redis.status === "ready") await orAway(redis.quit(), QUIT_MS).catch(() => {});
    redis.disconnect();
  };
  return { queue, redis, prefix: PREFIX, close };
}

const COMMON = {
  connectTimeout: 1_500,
  keepAlive: 10_000,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 1_000),
} satisfies RedisOptions;

function tellOfAbsence(redis: Redis, tell: Tell): void {
  let away = false;
  redis.on("close", () => {
    if (!away) tell({ type: "store.away", reason: "the connection to Redis was lost" });
    away = true;
  });
  redis.on("ready", () => {
    if (away) tell({ type: "store.back" });
    away = false;
  });
}
