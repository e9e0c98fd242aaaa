/** What BullMQ reads of INFO: all but the eviction policy, of which it would speak to the console in its own words. */

import type { Redis } from "ioredis";

/** The sections of a plain INFO, asked for by name: this answer is whole. */
export const WHOLE_INFO = "default";

/**
 * BullMQ (6.7.0) asks each connection a plain INFO for the server's version, and warns on the console when the policy is
 * one that forgets: a raw line among the log's JSON and the doctor's findings, for each queue and worker. The check
 * store-eviction says so with a cure. Plain answers therefore lack the policy, on this connection and its duplicates.
 */
export function keepPolicyBack(redis: Redis): Redis {
  const info = redis.info.bind(redis) as (...given: readonly unknown[]) => Promise<string>;
  const duplicate = redis.duplicate.bind(redis);
  return Object.assign(redis, {
    // ioredis itself asks with a callback, and gets what it asked for.
    info: (...given: readonly unknown[]) =>
      given.length > 0 ? info(...given) : info().then((said) => said.replace(/^maxmemory_policy:.*$/m, "")),
    duplicate: (...given: Parameters<typeof duplicate>) => keepPolicyBack(duplicate(...given)),
  });
}
