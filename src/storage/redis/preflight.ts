/** What a Redis must hold to, judged from what it says of itself: that it forgets nothing, has room, and may be written. */

import type { Redis } from "ioredis";
import type { Check } from "../../core/check.ts";
import { reasonOf, SluiceError } from "../../core/errors.ts";
import type { Room } from "../../core/store.ts";
import { orAway } from "../queue/away.ts";
import type { Durability, Judge } from "../survey.ts";
import { degraded, failed, forgets, ok, surveyChecks } from "../survey.ts";
import { WHOLE_INFO } from "./info.ts";

/** What a server said. Values are as Redis spells them. */
export interface RedisSurvey {
  /** INFO: name to value. */
  readonly info: ReadonlyMap<string, string>;
  /** CONFIG GET: name to value; a text says why it could not be asked. */
  readonly config: ReadonlyMap<string, string> | string;
}

const CONFIG = [
  "appendfsync",
  "no-appendfsync-on-rewrite",
  "min-replicas-to-write",
  "min-replicas-max-lag",
] as const;

/** @throws whatever the client throws when INFO cannot be asked. */
export async function surveyRedis(server: Redis): Promise<RedisSurvey> {
  const [info, config] = await Promise.all([
    server.info(WHOLE_INFO),
    // Managed servers keep CONFIG to themselves, and users may lack the right.
    Promise.all(CONFIG.map((name) => server.config("GET", name))).then(readConfig, reasonOf),
  ]);
  return { info: readInfo(info), config };
}

/** What the checks are held to. */
export interface RedisDemands {
  readonly durability: Durability;
  /** True under Sentinel and in a Cluster: a replica may take the master's place at any time. */
  readonly failsOver: boolean;
}

/**
 * Makes the checks of a Redis store.
 *
 * @param server the one that holds our keys, now.
 */
export function redisChecks(server: () => Redis, demands: RedisDemands): readonly Check[] {
  return surveyChecks(async () => surveyRedis(server()), redisJudges(demands));
}

/** How full a server's memory is, where it has a limit and tells it. @throws SluiceError where it does not answer. */
export async function roomOf(server: Redis): Promise<Room | undefined> {
  const said = await orAway(server.info("memory"), ROOM_MS).catch((error: unknown) => {
    // A user without the right to ask: its deliveries are not refused for that.
    if (error instanceof SluiceError && error.code === "SLUICE_STORE_LOGIN") return "";
    throw error;
  });
  const info = readInfo(said);
  const [used, size] = [Number(info.get("used_memory")), Number(info.get("maxmemory"))];
  return used >= 0 && size > 0 ? { used, size } : undefined;
}

/** The checks by name; each reads one matter from the survey. */
export function redisJudges({
  durability,
  failsOver,
}: RedisDemands): Readonly<Record<string, Judge<RedisSurvey>>> {
  return {
    "store-eviction": ({ info }) => {
      const policy = info.get("maxmemory_policy");
      if (policy === undefined) return unasked("maxmemory-policy", "INFO does not say it");
      if (policy === "noeviction") return ok("noeviction: a full memory refuses, it does not forget");
      return forgets(
        durability,
        `maxmemory-policy ${policy}: when memory is full, accepted deliveries are thrown away`,
        "CONFIG SET maxmemory-policy noeviction, and write it into redis.conf.",
      );
    },

    "store-aof": ({ info }) => {
      const on = info.get("aof_enabled");
      if (on === undefined) return unasked("appendonly", "INFO does not say it");
      if (on === "1") return ok("appendonly yes");
      return forgets(
        durability,
        "appendonly no: a restart forgets everything accepted since the last snapshot",
        "CONFIG SET appendonly yes, and write it into redis.conf.",
      );
    },

    "store-fsync": ({ config }) => {
      if (typeof config === "string") return unasked("appendfsync", config);
      const policy = config.get("appendfsync");
      if (policy === undefined) return unasked("appendfsync", "CONFIG GET does not say it");
      if (policy === "always") {
        if (config.get("no-appendfsync-on-rewrite") !== "yes")
          return ok("appendfsync always: a 202 is on disk");
        return degraded(
          "no-appendfsync-on-rewrite yes: while the log is rewritten, a crash loses what was accepted",
          "CONFIG SET no-appendfsync-on-rewrite no, and write it into redis.conf.",
        );
      }
      const loss = policy === "everysec" ? "up to 2 s" : "some 30 s";
      return degraded(
        `appendfsync ${policy}: a crash of the machine loses ${loss} of accepted deliveries`,
        "CONFIG SET appendfsync always; docs/durability.md tells what it costs.",
      );
    },

    "store-disk": ({ info }) => {
      for (const [key, what] of WRITES) {
        const status = info.get(key);
        if (status !== undefined && status !== "ok")
          return degraded(
            `${what} says ${status}`,
            "Look at Redis's log: usually its disk is full or read-only.",
          );
      }
      return ok("the last writes of log and snapshot succeeded");
    },

    "store-memory": ({ info }) => {
      const set = Number(info.get("maxmemory") ?? 0);
      const most = set > 0 ? set : Number(info.get("total_system_memory") ?? 0);
      const used = Number(info.get("used_memory") ?? 0);
      if (!(most > 0)) return unasked("maxmemory", "INFO does not say it");
      const message = `${mebibytes(used)} of ${mebibytes(most)} used${set > 0 ? "" : " (no maxmemory: the machine's)"}`;
      if (used <= most * (1 - HEAD_ROOM)) return ok(message);
      return degraded(
        `${message}: when it is full, deliveries are refused with 503`,
        "Raise maxmemory, or keep deliveries for a shorter time.",
      );
    },

    "store-role": ({ info }) => {
      if (info.get("loading") === "1")
        return failed("still reading its data from disk", "Wait until it has read them.");
      const role = info.get("role") ?? "unknown";
      if (role === "master") return ok("master");
      return failed(
        `its role is ${role}: it cannot be written to`,
        "Name the master, or let redis+sentinel:// find it.",
      );
    },

    "store-replication": ({ info, config }) => {
      const replicas = Number(info.get("connected_slaves") ?? 0);
      const least = typeof config === "string" ? 0 : Number(config.get("min-replicas-to-write") ?? 0);
      const good = Number(info.get("min_slaves_good_slaves") ?? replicas);
      if (good < least)
        return failed(
          `${good} of ${replicas} connected replicas count, and min-replicas-to-write is ${least}: every write is refused`,
          "Bring the replicas back (INFO replication shows their state), or lower min-replicas-to-write.",
        );
      if (durability === "replicated") {
        if (replicas > 0) return ok("a delivery is accepted only when a replica has it");
        return failed(
          "no replica follows the master: with --durability replicated nothing is accepted",
          "Start a replica, or look at why it does not follow (INFO replication on it).",
        );
      }
      if (replicas === 0) {
        if (!failsOver) return ok("no replicas: no failover");
        return degraded(
          "no replica follows the master: what is accepted now is lost if an old replica takes its place",
          "Start a replica, or look at why it does not follow (INFO replication on it).",
        );
      }
      if (typeof config === "string") return unasked("min-replicas-to-write", config);
      const lag = Number(config.get("min-replicas-max-lag") ?? 0);
      if (least > 0 && lag > 0) return ok(`a failover loses at most what came in the last ${lag} s`);
      return degraded(
        "a failover loses what the replica had not received yet: replication does not wait",
        "Start with --durability replicated, or CONFIG SET min-replicas-to-write 1 on every server; docs/durability.md tells what remains.",
      );
    },

    "store-version": ({ info }) => {
      const version = info.get("redis_version") ?? "";
      const [major = 0, minor = 0] = version.split(".").map(Number);
      if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return ok(version);
      return degraded(
        `Redis ${version} is older than ${OLDEST.join(".")}`,
        "Use Redis 7.2 or Valkey, or newer.",
      );
    },
  };
}

/** What BullMQ 6 recommends; it refuses those before 5.0 itself. */
const OLDEST = [6, 2] as const;

/** Milliseconds that a delivery waits to know how much room there is. */
const ROOM_MS = 1_500;

/** Part of the memory that should be free. */
const HEAD_ROOM = 0.1;

/** Fields of INFO that say `ok` or `err`. */
const WRITES = [
  ["aof_last_write_status", "the last write to the append-only file"],
  ["aof_last_bgrewrite_status", "the last rewriting of the append-only file"],
  ["rdb_last_bgsave_status", "the last snapshot"],
] as const;

function unasked(setting: string, reason: string) {
  return degraded(
    `${setting} could not be asked: ${reason}`,
    "Grant +config|get, or make sure of it yourself; docs/durability.md lists what is needed.",
  );
}

function readInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.split("\r\n").map((line) => [line, line.indexOf(":")] as const);
  return new Map(
    pairs.filter(([, at]) => at > 0).map(([line, at]) => [line.slice(0, at), line.slice(at + 1)]),
  );
}

/** @param replies lists of name and value, or what RESP 3 makes of them. */
function readConfig(replies: readonly unknown[]): ReadonlyMap<string, string> {
  const flat = replies.flat().map(String);
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ""] as const] : [])));
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;
