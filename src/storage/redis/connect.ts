/** Connections to Redis, wherever it is: how long they wait, how they come back, and a Cluster made to look like one server. */

import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { RedisOptions } from "ioredis";
import { Cluster, Redis } from "ioredis";
import { fault, reasonOf } from "../../core/errors.ts";
import type { RedisAddress, TlsFiles } from "./address.ts";
import { keepPolicyBack } from "./info.ts";
import { SteadySentinelConnector } from "./sentinel.ts";
import { sendTogether } from "./together.ts";

/** Before every key. The braces keep all of them in one slot of a Redis Cluster, as scripts over several keys demand. */
export const PREFIX = "{sluice}";

/** The slot of {@link PREFIX}, as CLUSTER KEYSLOT tells it. */
export const SLOT = 59;

/**
 * quick: for callers who want an answer now; fails at once while the server is away, and connects when told to.
 * patient: for workers; a command waits until the server is back.
 */
export type Temper = "quick" | "patient";

/** ioredis's constructor does not take an undefined there, though its own type allows it. */
type Options = Omit<RedisOptions, "replyMapping">;

export type Connect = (temper: Temper) => Redis;

/** So many tries come close together: a restart takes no longer, and deliveries wait for it. */
const EARLY_TRIES = 30;
const EARLY_MS = 100;
const LATER_MS = 1_000;

/** Milliseconds from one try to the next. */
const backoff = (times: number): number => (times <= EARLY_TRIES ? EARLY_MS : LATER_MS);

/**
 * Prepares connections to an address.
 *
 * @returns opens one; of a Cluster too it is used like a Redis, because all keys are in one slot.
 * @throws SluiceError SLUICE_CONFIG_INVALID when a file of the address cannot be read.
 */
export function redisConnector({ place, login, db, tls }: RedisAddress): Connect {
  const secure = tls === undefined ? undefined : readTls(tls);
  return (temper) => {
    const shared = {
      ...login,
      ...COMMON,
      ...TEMPERS[temper],
      ...(secure && { tls: secure }),
    } satisfies Options;
    const lazyConnect = temper === "quick";
    const redis =
      place.kind === "cluster"
        ? asOne(
            new Cluster([...place.nodes], {
              lazyConnect,
              enableOfflineQueue: temper === "patient",
              clusterRetryStrategy: backoff,
              slotsRefreshInterval: 2_000,
              // Names stay names: certificates are made out to them.
              dnsLookup: (host, found) => found(null, host),
              redisOptions: shared,
            }),
          )
        : new Redis({
            ...shared,
            ...whereOf(place, secure),
            db,
            lazyConnect,
            enableOfflineQueue: temper === "patient",
            retryStrategy: backoff,
          });
    // Unheard, the event would end the process; callers hear of it from their own commands.
    redis.on("error", () => {});
    if (redis instanceof Redis) sendTogether(redis);
    return keepPolicyBack(redis);
  };
}

const COMMON = {
  connectTimeout: 1_500,
  keepAlive: 10_000,
  // A server that reads its data says how long it will take, in whole seconds: by its own guess, at the least one.
  maxLoadingRetryTime: EARLY_MS,
  // A master that has become a replica behind the same name: only a new connection finds the new one.
  reconnectOnError: (error) => error.message.startsWith("READONLY "),
} satisfies RedisOptions;

const TEMPERS = {
  // A server that hangs without closing would keep each command waiting for ever.
  quick: { maxRetriesPerRequest: 0, socketTimeout: 5_000 },
  patient: { maxRetriesPerRequest: null },
} as const satisfies Record<Temper, RedisOptions>;

function whereOf(
  place: Exclude<RedisAddress["place"], { kind: "cluster" }>,
  tls: ConnectionOptions | undefined,
): Options {
  if (place.kind === "server") return { host: place.host, port: place.port };
  if (place.kind === "socket") return { path: place.path };
  const { username, password } = place.login;
  return {
    sentinels: [...place.sentinels],
    name: place.master,
    // A master that hangs keeps its connections, and goes on taking writes after its replica was promoted.
    failoverDetector: true,
    Connector: SteadySentinelConnector,
    sentinelRetryStrategy: backoff,
    sentinelReconnectStrategy: backoff,
    sentinelCommandTimeout: 1_500,
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

function readTls({ ca, cert, key, servername }: TlsFiles): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca: readPem(ca) }),
    ...(cert !== undefined && { cert: readPem(cert) }),
    ...(key !== undefined && { key: readPem(key) }),
    ...(servername !== undefined && { servername }),
  };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fault("SLUICE_CONFIG_INVALID", { key: "store", reason: reasonOf(error) }, { cause: error });
  }
}

/**
 * The server that holds our keys: of a Cluster the master of our slot, else the connection itself.
 *
 * @throws SluiceError SLUICE_STORE_AWAY while the Cluster has none.
 */
export function serverOf(redis: Redis | Cluster): Redis {
  if (!(redis instanceof Cluster)) return redis;
  const key = redis.slots[SLOT]?.[0];
  const found = redis.nodes("master").find(({ options }) => `${options.host}:${options.port}` === key);
  if (found === undefined) throw fault("SLUICE_STORE_AWAY", { reason: `no master serves slot ${SLOT}` });
  return found;
}

/** Commands that name no key would go to any node of the Cluster; here they go to the one that has our keys. */
function asOne(cluster: Cluster): Redis {
  const ping: Redis["ping"] = async () => serverOf(cluster).ping();
  const scan = async (...args: Parameters<Redis["scan"]>) => serverOf(cluster).scan(...args);
  const wait: Redis["wait"] = async (...args: Parameters<Redis["wait"]>) => serverOf(cluster).wait(...args);
  // A Cluster has every command that a Redis has; what differs in type are its options.
  return Object.assign(cluster, { ping, scan, wait }) as unknown as Redis;
}
