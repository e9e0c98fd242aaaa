/** A real redis-server for tests: own port, own folder, and the ways it can go away and come back. */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { temporaryFolder } from "./folder.ts";
import { ensureProgram } from "./programs.ts";

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Where it keeps its files. */
  readonly folder: string;
  /** Ends it orderly (SIGTERM); the folder stays until disposal. */
  stop(): Promise<void>;
  /** Ends it at once (SIGKILL). */
  kill(): Promise<void>;
  /** Stops its process without closing connections (SIGSTOP), and lets it go on (SIGCONT). */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same folder and port, ending a running one first. */
  restart(): Promise<void>;
}

/**
 * Starts a redis-server with its append-only file on.
 *
 * @param appendfsync how often the file is forced to disk; `always` is what production has.
 * @param settings more of redis.conf, or other values, by the port that was chosen; each start asks again.
 */
export async function startRedis({
  appendfsync = "everysec",
  settings: own = () => ({}),
}: {
  readonly appendfsync?: "always" | "everysec" | "no";
  readonly settings?: (port: number) => Readonly<Record<string, string>>;
} = {}): Promise<RedisServer> {
  const program = ensureProgram("redis-server", "redis-server");
  const folder = temporaryFolder("sluice-redis-");
  const port = await freePort();
  let server: ChildProcess | undefined;

  const start = async () => {
    const settings = {
      port: String(port),
      bind: "127.0.0.1",
      dir: folder.path,
      save: "",
      appendonly: "yes",
      appendfsync,
      "maxmemory-policy": "noeviction",
      ...own(port),
    };
    const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
    const started = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    server = started;
    await untilSays(started, /ready to accept connections/i);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = server;
    server = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, "exit");
    ending.kill("SIGCONT");
    ending.kill(signal);
    await gone;
  };

  await start();
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    folder: folder.path,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    freeze: () => void server?.kill("SIGSTOP"),
    thaw: () => void server?.kill("SIGCONT"),
    async restart() {
      await end("SIGTERM");
      await start();
    },
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      folder[Symbol.dispose]();
    },
  };
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Resolves when the child has printed `text` on either stream; rejects when it ends before. */
export async function untilSays(child: ChildProcess, text: RegExp): Promise<void> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: string) => {
      said += chunk;
      if (text.test(said)) resolve();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`it ended with code ${code}, having said: ${said}`)));
  });
}
