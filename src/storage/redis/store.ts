/** The Redis store: a connection that fails fast for queue and ledger, and patient ones for workers. */

import type { Redis } from "ioredis";
import { Cluster } from "ioredis";
import type { Check } from "../../core/check.ts";
import type { SluiceError } from "../../core/errors.ts";
import { fault, reasonOf } from "../../core/errors.ts";
import type { Queue } from "../../core/queue.ts";
import type { Room } from "../../core/store.ts";
import { isTrouble } from "../../core/trouble.ts";
import type { StoreNews } from "../health.ts";
import { asAway, orAway } from "../queue/away.ts";
import { createBullQueue } from "../queue/bull.ts";
import { redisDriver } from "../queue/redis.ts";
import type { Durability } from "../survey.ts";
import { checkRedisVersion } from "../version.ts";
import { parseRedisAddress, placeInWords, type RedisPlace } from "./address.ts";
import { PREFIX, redisConnector, serverOf } from "./connect.ts";
import { redisChecks, roomOf } from "./preflight.ts";
import { createReplicaConfirmation, type ReplicaConfirmation } from "./replicated.ts";

/** Milliseconds that a start waits for the server. */
const OPEN_MS = 5_000;
const QUIT_MS = 1_000;
/** Milliseconds that the server may take to tell the time. */
const TIME_MS = 1_500;
/** Milliseconds that a probe's key is kept. */
const PROBE_KEPT_MS = 1_000;

export interface RedisParts {
  readonly queue: Queue;
  /** For the ledger; fails at once while the server is away. */
  readonly redis: Redis;
  readonly prefix: string;
  /** Opens the confirmation of a write by a replica, where the durability asks for one. */
  readonly confirm?: ReplicaConfirmation["open"];
  checks(): readonly Check[];
  /** As Store has it. */
  room(): Promise<Room | undefined>;
  /** The clock of the server that holds our keys, milliseconds since the epoch. */
  time(): Promise<number>;
  /** A small write. */
  probe(): Promise<unknown>;
  close(): Promise<void>;
}

export interface RedisStoreOptions {
  /** As parseRedisAddress takes it. */
  readonly url: string;
  /** Hears when the connection is lost and made again. */
  readonly news: Pick<StoreNews, "lost" | "reached">;
  readonly onError: (error: unknown) => void;
  readonly durability?: Durability;
  /** The store's clock, milliseconds since the epoch; this machine's by default. */
  readonly now?: () => number;
}

/** @throws SluiceError SLUICE_CONFIG_INVALID, SLUICE_STORE_VERSION, or a trouble of core/trouble.ts that says what was tried. */
export async function openRedis({
  url,
  news,
  onError,
  durability = "strict",
  now = Date.now,
}: RedisStoreOptions): Promise<RedisParts> {
  const address = parseRedisAddress(url);
  const connect = redisConnector(address);
  const redis = connect("quick");
  // Says why (a certificate, a password) where the failed command only says that it is closed.
  let heard: unknown;
  const hear = (error: unknown) => {
    heard = error;
  };
  redis.on("error", hear);
  try {
    await orAway(redis.connect(), OPEN_MS);
    await orAway(checkRedisVersion(redis, PREFIX), OPEN_MS);
  } catch (error) {
    redis.disconnect();
    const found = asAway(error);
    throw tried(
      address.place,
      found.code === "SLUICE_STORE_AWAY" && heard !== undefined ? asAway(lastOf(heard)) : found,
    );
  }
  redis.off("error", hear);
  const absence = tellOfAbsence(redis, news);

  const connectWorker = () => connect("patient");
  const queue = createBullQueue({
    driver: redisDriver({ redis, connectWorker, prefix: PREFIX, now }),
    onError,
  });
  const present = () => {
    const reason = absence();
    if (reason !== undefined) throw fault("SLUICE_STORE_AWAY", { reason });
    return serverOf(redis);
  };
  const failsOver = address.place.kind === "sentinel" || address.place.kind === "cluster";
  const checks = redisChecks(present, { durability, failsOver });
  const replicated = durability === "replicated" ? openReplication(redis, connect("quick")) : undefined;
  const close = async () => {
    redis.removeAllListeners("close");
    redis.removeAllListeners("-node");
    replicated?.close();
    await queue.close();
    // Lets what was written last go out; a server that is away is not waited for.
    if (redis.status === "ready") await orAway(redis.quit(), QUIT_MS).catch(() => {});
    redis.disconnect();
  };
  const probe = replicated?.probe ?? (() => writeProbe(redis));
  const confirm = replicated && { confirm: replicated.open };
  const room = () => roomOf(present());
  const time = async () => timeOf(await orAway(present().time(), TIME_MS));
  return { queue, redis, prefix: PREFIX, ...confirm, checks: () => checks, room, time, probe, close };
}

/** @param reply of TIME: seconds and microseconds. */
function timeOf(reply: readonly (number | string)[]): number {
  const [seconds = 0, micros = 0] = reply.map(Number);
  return seconds * 1_000 + micros / 1_000;
}

const writeProbe = (redis: Redis) => redis.set(`${PREFIX}:probe`, "", "PX", PROBE_KEPT_MS);

/** Milliseconds for which a probe waits for a replica. */
const CONFIRM_MS = 1_000;

/** @param own a connection for probes alone: WAIT blocks it. */
function openReplication(redis: Redis, own: Redis) {
  const confirmations = async () => {
    if (own.status === "wait") await own.connect();
    await writeProbe(own);
    return own.wait(1, CONFIRM_MS);
  };
  const { open, close } = createReplicaConfirmation(() => serverOf(redis), confirmations);
  return {
    open,
    async probe() {
      if ((await confirmations()) === 0) throw fault("SLUICE_STORE_UNREPLICATED", { reason: "none answers" });
    },
    close() {
      close();
      own.disconnect();
    },
  };
}

/** Trouble at the start says what was tried: replies and certificates do not name the server, and Sentinels are many. */
function tried(place: RedisPlace, found: SluiceError): SluiceError {
  if (!isTrouble(found)) return found;
  const reason = `${placeInWords(place)}: ${found.values["reason"]}`;
  return fault(found.code, { reason }, { cause: found.cause });
}

/** What the last node of a Cluster said, which ioredis keeps beside "all failed". */
function lastOf(heard: unknown): unknown {
  const last = heard instanceof Error && "lastNodeError" in heard ? heard.lastNodeError : undefined;
  return last instanceof Error ? last : heard;
}

/** @returns tells why the server cannot be asked just now; undefined while it can. */
function tellOfAbsence(redis: Redis | Cluster, news: RedisStoreOptions["news"]): () => string | undefined {
  let away: string | undefined;
  let heard: unknown;
  redis.on("error", (error: unknown) => {
    heard = lastOf(error);
  });
  const lost = () => {
    away = `the connection to Redis is lost${heard === undefined ? "" : `: ${reasonOf(heard)}`}`;
    news.lost(away);
  };
  const found = () => {
    away = undefined;
    heard = undefined;
    news.reached();
  };
  redis.on("close", lost);
  redis.on("ready", found);
  const why = () => away;
  if (!(redis instanceof Cluster)) return why;
  // The Cluster may stay while the one node that matters goes, and comes back as another.
  redis.on("-node", () => {
    if (!isServed(redis)) lost();
  });
  redis.on("refresh", () => {
    if (away !== undefined) redis.ping().then(found, () => {});
  });
  return why;
}

function isServed(cluster: Cluster): boolean {
  try {
    serverOf(cluster);
    return true;
  } catch {
    return false;
  }
}
