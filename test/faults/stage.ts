/** The stage of one row: a store, an API server and gateways as processes of their own, and a client that sends bursts. */

import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import type { Audit } from "../../src/core/ledger.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import {
  type ApiServerProcess,
  eventually,
  type GatewayProcess,
  type Ports,
  startApiServerProcess,
  startGateway,
} from "../helpers/gateway.ts";
import { type LoadOptions, type LoadResult, pullRequest, sendLoad } from "../helpers/load.ts";
import { NODE, ROOT } from "../helpers/process.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { type SentinelSetup, startSentinel } from "../helpers/redis-topologies.ts";
import type { Made } from "./judge.ts";
import { isPostgresStage, openPostgresStage, type PostgresStage } from "./postgres-stage.ts";

/** How much is sent. The short form is part of every test run, the long one is for nights. */
export interface Size {
  readonly form: "short" | "long";
  readonly deliveries: number;
  readonly concurrency: number;
}

export const SIZES = {
  short: { form: "short", deliveries: 200, concurrency: 16 },
  long: { form: "long", deliveries: 2_000, concurrency: 32 },
} as const satisfies Record<Size["form"], Size>;

export interface Burst {
  /** Resolves when `count` answers had this status; rejects when the burst ends before. */
  reached(status: number, count: number): Promise<void>;
  readonly done: Promise<LoadResult>;
}

export type BurstOptions = Partial<Pick<LoadOptions, "deliveryId" | "rate" | "url" | "stopped">> & {
  readonly onStatus?: (status: number) => void;
};

/** What a verb said, and its exit code. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Stage extends AsyncDisposable {
  readonly size: Size;
  /** The address of the store. */
  readonly url: string;
  readonly api: ApiServerProcess;
  /** @throws Error on the embedded store. */
  readonly redis: RedisServer;
  /** @throws Error unless the store is `sentinel`. */
  readonly sentinel: SentinelSetup;
  /** @throws Error unless the store is one of Postgres. */
  readonly postgres: PostgresStage;
  /**
   * Starts a gateway, on free ports unless told; requests go to all that were started and are not yet replaced.
   *
   * @param env what its environment has beside ours.
   */
  startGateway(
    ports?: Ports,
    env?: Readonly<Record<string, string>>,
    variant?: Variant,
  ): Promise<GatewayProcess>;
  /** Sends so many deliveries; three of four are sent again until they are accepted, the fourth is given up at once. */
  burst(count: number, options?: BurstOptions): Burst;
  /** Waits until nothing is pending and the queue is empty; milliseconds that it took. */
  drained(): Promise<number>;
  objects(): Promise<readonly (Made & { readonly at: number })[]>;
  /** A verb of the command line on the stage's store, as a process of its own. */
  sluice(...args: readonly string[]): Promise<Said>;
  /** Takes away everything that the store holds. No gateway may be running. */
  wipe(): Promise<void>;
  /** A path of its own for a file. */
  file(name: string): string;
  /** What `sluice audit` says, as a process of its own. */
  audit(): Promise<Audit>;
  /** What the gateways logged as defects of their own, as `where code: message`, and how often. */
  readonly defects: Readonly<Record<string, number>>;
  /** How often the gateways told of a fact, by its type. */
  readonly told: Readonly<Record<string, number>>;
}

/** A gateway that differs from the row's others. */
export interface Variant {
  /** The folder of another version. */
  readonly root?: string;
  readonly flags?: readonly string[];
}

/** The triggers of listener.yaml that match. */
export const TRIGGERS = ["build", "scan"] as const;

const LISTENER = join(import.meta.dirname, "listener.yaml");
const SECRET = "an example, not a secret";
/** Milliseconds: a worker's lock and the sweep after it, several times over. */
const DRAIN_MS = 180_000;

export type StageStore =
  | "redis"
  | "embedded"
  | "sentinel"
  | "postgres"
  | "standby"
  | "pgbouncer"
  | "small-disk";

/** @param flags further flags of every gateway. */
export async function openStage(
  store: StageStore,
  size: Size,
  flags: readonly string[] = [],
): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder("sluice-faults-"));
  const api = opened.adopt(await startApiServerProcess(folder.path), (process) => process.kill());
  const redis = store === "redis" ? opened.use(await startRedis({ appendfsync: "always" })) : undefined;
  const sentinel = store === "sentinel" ? opened.use(await startSentinel()) : undefined;
  const postgres = isPostgresStage(store) ? opened.use(await openPostgresStage(store)) : undefined;
  const url = sentinel?.url ?? redis?.url ?? postgres?.url ?? `embedded:${join(folder.path, "store")}`;
  const settings = ["--config", LISTENER, "--store", url, "--create", "kubernetes", ...flags];
  const body = pullRequest();
  const gateways = new Map<string, GatewayProcess>();
  const defects: Record<string, number> = {};
  const told: Record<string, number> = {};
  const state = { closed: false };
  const running = opened.move();

  const anyGateway = (): GatewayProcess => {
    const found = [...gateways.values()].find(
      ({ child }) => child.exitCode === null && child.signalCode === null,
    );
    if (found === undefined) throw new Error("no gateway is running");
    return found;
  };

  const sluice = async (...args: readonly string[]): Promise<Said> => {
    const command = [join(ROOT, "src/cli/run.ts"), ...args, "--store", url];
    try {
      return { code: 0, ...(await promisify(execFile)(NODE, command)) };
    } catch (error) {
      const { code, stdout, stderr } = error as Error & Said;
      if (typeof code !== "number") throw error;
      return { code, stdout, stderr };
    }
  };

  return {
    size,
    url,
    api,
    defects,
    told,
    get redis() {
      if (redis === undefined) throw new Error("this stage has no Redis");
      return redis;
    },
    get sentinel() {
      if (sentinel === undefined) throw new Error("this stage has no Sentinel");
      return sentinel;
    },

    get postgres() {
      if (postgres === undefined) throw new Error("this stage has no Postgres");
      return postgres;
    },

    async startGateway(ports = {}, env = {}, { root, flags: own = [] } = {}) {
      const args = [...settings, "--kubeconfig", api.kubeconfig, ...own];
      const started = await startGateway(args, ports, env, root);
      const gateway = running.adopt(started, (process) => process.kill());
      gateways.set(gateway.url, gateway);
      createInterface({ input: gateway.child.stdout ?? process.stdin }).on("line", (line) => {
        const fact = /"fact":"([a-z.-]+)"/.exec(line)?.[1];
        if (fact !== undefined) told[fact] = (told[fact] ?? 0) + 1;
        if (fact !== "defect") return;
        const { where, code, message } = JSON.parse(line) as Record<string, string>;
        const defect = `${where} ${code}: ${message?.slice(0, 120)}`;
        defects[defect] = (defects[defect] ?? 0) + 1;
      });
      return gateway;
    },

    burst(count, { onStatus, ...options } = {}) {
      const urls = [...gateways.keys()];
      const watch = createWatch();
      let turn = 0;
      const done = sendLoad({
        url: () => `${urls[turn++ % urls.length]}/default/faults`,
        ...{ secret: SECRET, body, count, concurrency: size.concurrency },
        resend: (index) => index % 4 !== 3,
        onAnswer: (_answered, status) => {
          watch.saw(status);
          onStatus?.(status);
        },
        ...options,
        stopped: () => state.closed || options.stopped?.() === true,
      });
      done.then(watch.end, watch.end);
      running.defer(() => done.then(() => {}));
      running.defer(() => {
        state.closed = true;
      });
      return { reached: watch.reached, done };
    },

    async drained() {
      const from = performance.now();
      const { admin, audit } = anyGateway();
      await eventually(audit, ({ pending }) => pending === 0, DRAIN_MS, 500);
      await eventually(
        () => queued(admin),
        (jobs) => jobs === 0,
        DRAIN_MS,
        500,
      );
      return performance.now() - from;
    },

    async objects() {
      const created = await api.created("PipelineRun");
      return created.map(({ object: { metadata }, at }) => ({
        name: metadata.name,
        delivery: metadata.annotations?.["faults/delivery"] ?? "",
        event: metadata.labels?.["triggers.tekton.dev/triggers-eventid"] ?? "",
        trigger: metadata.labels?.["triggers.tekton.dev/trigger"] ?? "",
        at,
      }));
    },

    sluice,
    file: (name) => join(folder.path, name),

    async wipe() {
      rmSync(join(folder.path, "store"), { recursive: true, force: true });
      if (redis === undefined) return;
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },

    async audit() {
      // Exit code 1 says that something does not add up: what, stands in the output, and the judge reads it.
      const { stdout, stderr } = await sluice("audit", "-o", "json");
      if (!stdout.startsWith("{")) throw new Error(stderr);
      return JSON.parse(stdout) as Audit;
    },

    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Jobs that the queue holds, in any state; undefined while it cannot be asked. */
async function queued(admin: string): Promise<number | undefined> {
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  const samples = [...metrics.matchAll(/^sluice_queue_jobs\{.*\} (\d+)$/gm)];
  return samples.length === 0 ? undefined : samples.reduce((sum, [, jobs]) => sum + Number(jobs), 0);
}

/** Lets rows wait for the course of a burst. */
function createWatch() {
  const seen = new Map<number, number>();
  const waiting = new Set<{ status: number; count: number; resolve(): void; reject(error: Error): void }>();
  let ended = false;

  const look = (): void => {
    for (const one of waiting) {
      const { status, count } = one;
      if ((seen.get(status) ?? 0) >= count) one.resolve();
      else if (ended) one.reject(new Error(`the burst ended before ${count} answers had status ${status}`));
      else continue;
      waiting.delete(one);
    }
  };
  return {
    saw(status: number): void {
      seen.set(status, (seen.get(status) ?? 0) + 1);
      look();
    },
    end(): void {
      ended = true;
      look();
    },
    reached(status: number, count: number): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.add({ status, count, resolve, reject });
      look();
      return promise;
    },
  };
}
