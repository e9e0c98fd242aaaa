/** BullMQ on Redis: connections for producer and workers, and the depth of the queue in one script. */

import { Queue as BullQueue, Worker as BullWorker } from "bullmq";
import type { Redis } from "ioredis";
import { ReplyError } from "ioredis";
import type { QueueDepth } from "../../core/queue.ts";
import { addEach } from "./add-each.ts";
import type { QueueDriver } from "./driver.ts";
import { createPause } from "./pause.ts";
import { DUE_AT, NO_EVENTS } from "./policy.ts";
import { redisBackendBy, shiftOf } from "./store-time.ts";
import { widen } from "./widen.ts";

export interface RedisDriverOptions {
  /** For producers and questions: must fail fast while the server is away (no offline queue). */
  readonly redis: Redis;
  /** Opens a connection for one worker: it must wait for the server however long that takes. */
  readonly connectWorker: () => Redis;
  /** Before every key; in braces, so that a Redis Cluster keeps all keys in one slot. */
  readonly prefix: string;
  /** The store's clock, milliseconds since the epoch; this process's by default. */
  readonly now?: () => number;
}

export function redisDriver(options: RedisDriverOptions): QueueDriver {
  const { redis, connectWorker, prefix, now = Date.now } = options;
  const backend = redisBackendBy(shiftOf(now));
  const key = (name: string, type: string) => `${prefix}:${name}:${type}`;
  return {
    pack: (data) => data,
    unpack: (data) => data,

    producer(name) {
      const queue = new BullQueue(name, { connection: redis, prefix, streams: NO_EVENTS });
      // Without a listener a lost connection would end the process. Callers hear of it from their own calls.
      queue.on("error", () => {});
      return {
        ...createPause(queue),
        // Commands of one turn leave together anyway; of a pipeline, BullMQ's functions keep its jobs until a full collection.
        add: (jobs) => addEach(queue, jobs),
        close: () => queue.close(),
      };
    },

    worker(name, process, options) {
      const connection = connectWorker();
      const worker = new Worker(name, process, { ...options, connection, prefix }, backend);
      const disconnect = (): void => {
        connection.disconnect();
        worker.letGo();
      };
      return { worker, widen: (concurrency) => widen(worker, concurrency), disconnect };
    },

    async depth(name): Promise<QueueDepth> {
      const keys = [key(name, "wait"), key(name, "active"), key(name, "delayed")];
      const reply = await redis.eval(DEPTH, keys.length, ...keys, key(name, ""), SAMPLE - 1, DUE_AT);
      const [waiting, active, delayed, oldest, due] = reply as [number, number, number, string, string];
      const ageOf = (since: string) => (since === "" ? 0 : Math.max(0, now() - Number(since)));
      return { waiting, active, delayed, oldestMs: ageOf(oldest), dueMs: ageOf(due) };
    },

    async holds(name, ids) {
      const pipeline = redis.pipeline();
      for (const id of ids) pipeline.exists(key(name, id));
      const replies = (await pipeline.exec()) ?? [];
      const held = new Set<string>();
      replies.forEach(([error, exists], index) => {
        if (error !== null) throw error;
        if (exists === 1) held.add(ids[index] as string);
      });
      return held;
    },

    now,
    ping: () => redis.ping(),

    // What the server itself answers is news; everything else is the connection's.
    isAway: (error) => !(error instanceof ReplyError),
  };
}

class Worker extends BullWorker {
  /** BullMQ's close() may wait for a server that is gone, and renews locks meanwhile: no process would ever end. */
  letGo(): void {
    void this.lockManager.close();
  }
}

/** Jobs looked at from either end of each list. */
const SAMPLE = 200;

// The oldest job may stand anywhere: retries wait by due time, and what a worker lost goes to the front. Both ends of
// each list are looked at; between them only thousands of jobs of one moment can hide. A job whose next try is to come
// was due at no time before that; one that an older version tried does not say when it is due: after its last start.
const DEPTH = `
local oldest, first = "", ""
local function earlier(a, b) return a and (b == "" or tonumber(a) < tonumber(b)) and a or b end
local function look(ids)
  for _, id in ipairs(ids) do
    local job = redis.call("HMGET", ARGV[1] .. id, "timestamp", "failedReason", "processedOn")
    oldest = earlier(job[1], oldest)
    local due = job[1]
    if job[2] then
      local told = job[2]:sub(1, #ARGV[3]) == ARGV[3] and job[2]:sub(#ARGV[3] + 1):match("^%d+$")
      due = told or redis.call("ZSCORE", KEYS[3], id) and tostring(math.floor(redis.call("ZSCORE", KEYS[3], id) / 4096)) or job[3]
    end
    first = earlier(due, first)
  end
end
local n = tonumber(ARGV[2])
local waiting = redis.call("LLEN", KEYS[1])
local active = redis.call("LLEN", KEYS[2])
local delayed = redis.call("ZCARD", KEYS[3])
look(redis.call("LRANGE", KEYS[1], 0, n))
look(redis.call("LRANGE", KEYS[1], -n - 1, -1))
look(redis.call("LRANGE", KEYS[2], 0, n))
look(redis.call("ZRANGE", KEYS[3], 0, n))
look(redis.call("ZRANGE", KEYS[3], -n - 1, -1))
return {waiting, active, delayed, oldest, first}
`;
