/** One redis-server for all tests of a file. */

import { after, before } from "node:test";
import { type RedisServer, startRedis } from "./redis.ts";

/** Starts it before the file's tests. @returns the URL of another of its databases at each call: 16 in all. */
export function shareRedis(): () => string {
  let redis: RedisServer;
  let databases = 0;
  before(async () => {
    redis = await startRedis({ appendfsync: "no" });
  });
  after(() => redis[Symbol.asyncDispose]());
  return () => `redis://127.0.0.1:${redis.port}/${databases++}`;
}
