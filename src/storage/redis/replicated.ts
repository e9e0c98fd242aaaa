/** Synchronous replication on Redis: a write counts only when a replica has it (WAIT), one WAIT for all writes of a turn. */

import type { Redis } from "ioredis";
import { fault, reasonOf } from "../../core/errors.ts";
import { createReplicaProbe } from "./replica-probe.ts";

/** Replicas that must have a write. Sentinel and Cluster promote the replica that has received most. */
const REPLICAS = 1;
/** Milliseconds for which a write waits for its replica; the connection takes no other answer meanwhile. */
const WAIT_MS = 500;

/**
 * Opens the confirmation of one write. Called before the write is sent.
 *
 * @returns waits until a replica has the write. @throws SluiceError SLUICE_STORE_UNREPLICATED when none has it in time, or
 *   when the connection was made anew since: WAIT there would speak of another server's writes.
 * @throws SluiceError SLUICE_STORE_UNREPLICATED at once while no replica answers: nothing was written then.
 */
export type OpenConfirmation = () => () => Promise<void>;

export interface ReplicaConfirmation {
  readonly open: OpenConfirmation;
  close(): void;
}

/**
 * Makes it.
 *
 * @param server the connection whose writes are confirmed; of a Cluster the one to the master of our slot.
 * @param probe a small write on a connection of its own, and how many replicas had it; asked while none confirms, so that
 *   the shared connection is not blocked by one WAIT after another.
 */
export function createReplicaConfirmation(
  server: () => Redis,
  probe: () => Promise<number>,
): ReplicaConfirmation {
  let doubt: string | undefined;
  let gathered: { readonly stream: unknown; readonly answer: Promise<void> } | undefined;
  const probing = createReplicaProbe({
    probe: async () => (await probe()) >= REPLICAS,
    confirmed: () => {
      doubt = undefined;
    },
  });

  function refuse(reason: string): never {
    doubt = reason;
    probing.start();
    throw fault("SLUICE_STORE_UNREPLICATED", { reason });
  }

  async function wait(redis: Redis): Promise<void> {
    const replicas = await redis.wait(REPLICAS, WAIT_MS).catch((error: unknown) => refuse(reasonOf(error)));
    if (replicas < REPLICAS) refuse(`no replica had it within ${WAIT_MS} ms`);
  }

  /** All that was written on this connection until the end of the turn is covered by one WAIT. */
  function gather(redis: Redis, stream: unknown): Promise<void> {
    if (gathered !== undefined && gathered.stream === stream) return gathered.answer;
    const answer = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        gathered = undefined;
        if (redis.stream !== stream) reject(fault("SLUICE_STORE_UNREPLICATED", { reason: MOVED }));
        else wait(redis).then(resolve, reject);
      });
    });
    gathered = { stream, answer };
    return answer;
  }

  return {
    open() {
      if (doubt !== undefined) throw fault("SLUICE_STORE_UNREPLICATED", { reason: doubt });
      const redis = server();
      const { stream } = redis;
      return async () => {
        if (server() !== redis || redis.stream !== stream)
          throw fault("SLUICE_STORE_UNREPLICATED", { reason: MOVED });
        await gather(redis, stream);
        if (redis.stream !== stream) throw fault("SLUICE_STORE_UNREPLICATED", { reason: MOVED });
      };
    },
    close: probing.stop,
  };
}

const MOVED = "the connection was lost before a replica had it";
