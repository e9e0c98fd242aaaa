/** Several redis-servers that belong together: a master with a replica under a Sentinel, and a Cluster. */

import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { temporaryFolder } from "./folder.ts";
import { ensureProgram } from "./programs.ts";
import type { RedisServer } from "./redis.ts";
import { freePort, startRedis, untilSays } from "./redis.ts";

const run = promisify(execFile);

export interface SentinelSetup extends AsyncDisposable {
  /** `redis+sentinel://…/sluice`. */
  readonly url: string;
  /** At the start. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** What a server says it is now: `master` or `slave`, or `away` while it does not answer. */
  role(server: RedisServer): Promise<string>;
}

/** A master, a replica that follows it, and one Sentinel that calls the master dead after half a second. */
export async function startSentinel(): Promise<SentinelSetup> {
  await using opened = new AsyncDisposableStack();
  const master = opened.use(await startRedis());
  const replica = opened.use(
    await startRedis({
      settings: () => ({ replicaof: `127.0.0.1 ${master.port}`, "repl-diskless-sync-delay": "0" }),
    }),
  );
  await until(replica.port, async (redis) =>
    (await redis.info("replication")).includes("master_link_status:up"),
  );

  const folder = opened.use(temporaryFolder("sluice-sentinel-"));
  const port = await freePort();
  const file = join(folder.path, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder.path}`,
    `sentinel monitor sluice 127.0.0.1 ${master.port} 1`,
    "sentinel down-after-milliseconds sluice 500",
    "sentinel failover-timeout sluice 3000",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const program = ensureProgram("redis-server", "redis-server");
  const sentinel = spawn(program, [file, "--sentinel"], { stdio: ["ignore", "pipe", "inherit"] });
  opened.defer(() => ended(sentinel));
  await untilSays(sentinel, /\+monitor master/);
  await until(port, async (redis) => {
    const replicas = (await redis.call("SENTINEL", "REPLICAS", "sluice")) as unknown[];
    return replicas.length === 1;
  });

  const running = opened.move();
  return {
    url: `redis+sentinel://127.0.0.1:${port}/sluice`,
    master,
    replica,
    role: ({ port }) =>
      withRedis(port, async (redis) => String(((await redis.call("ROLE")) as unknown[])[0])).catch(
        () => "away",
      ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export interface ClusterSetup extends AsyncDisposable {
  /** `redis+cluster://…` with all nodes. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** The node that is master of a key's slot, as the others see it. */
  masterOf(key: string): Promise<RedisServer>;
}

/** Three masters, and a replica for each; a master is called dead after a second. */
export async function startCluster(): Promise<ClusterSetup> {
  await using opened = new AsyncDisposableStack();
  const nodes: RedisServer[] = [];
  for (let i = 0; i < 6; i++) {
    const bus = String(await freePort());
    const settings = () => ({
      "cluster-enabled": "yes",
      "cluster-port": bus,
      "cluster-node-timeout": "1000",
      "repl-diskless-sync-delay": "0",
    });
    nodes.push(opened.use(await startRedis({ settings })));
  }
  const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const cli = ensureProgram("redis-cli", "redis-tools");
  await run(cli, ["--cluster", "create", ...places, "--cluster-replicas", "1", "--cluster-yes"]);
  for (const { port } of nodes)
    await until(port, async (redis) => (await redis.cluster("INFO")).includes("cluster_state:ok"));
  for (const { port } of nodes.slice(3))
    await until(port, async (redis) => (await redis.info("replication")).includes("master_link_status:up"));

  const running = opened.move();
  return {
    url: `redis+cluster://${places.join(",")}`,
    nodes,
    async masterOf(key) {
      for (const node of nodes) {
        const found = await masterPort(node.port, key).catch(() => undefined);
        const master = nodes.find(({ port }) => port === found);
        if (master !== undefined) return master;
      }
      throw new Error(`nobody knows who has ${key}`);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function masterPort(asked: number, key: string): Promise<number> {
  return withRedis(asked, async (redis) => {
    const slot = await redis.cluster("KEYSLOT", key);
    const ranges = await redis.cluster("SLOTS");
    const [, , master] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? [];
    if (master === undefined) throw new Error(`slot ${slot} is nobody's`);
    return master[1];
  });
}

async function withRedis<T>(port: number, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(port, "127.0.0.1", { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on("error", () => {});
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Asks a server again and again until it says yes; rejects after 20 s. */
async function until(port: number, question: (redis: Redis) => Promise<boolean>): Promise<void> {
  await withRedis(port, async (redis) => {
    const deadline = performance.now() + 20_000;
    while (!(await question(redis))) {
      if (performance.now() > deadline) throw new Error(`the server on port ${port} did not come to it`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
