/** A real Postgres server for tests: own port, own folder, own user, as initdb refuses root. */

import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { ensureProgram } from "./programs.ts";
import { freePort, untilSays } from "./redis.ts";

export interface PostgresServer extends AsyncDisposable {
  /** Of the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Makes an empty database of its own and returns its URL. @param more of CREATE DATABASE. */
  createDatabase(more?: string): Promise<string>;
  /** Runs statements, each in a transaction of its own, in the database `postgres`. */
  run(...statements: readonly string[]): void;
  /** Ends it (SIGINT: connections are cut); the folder stays until disposal. */
  stop(): Promise<void>;
  /** Ends it at once (SIGQUIT): nothing is written down, as in a crash. */
  kill(): Promise<void>;
  /** Stops its processes without closing connections (SIGSTOP), and lets them go on (SIGCONT). */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same folder and port, ending a running one first. */
  restart(): Promise<void>;
}

export interface PostgresStandby extends PostgresServer {
  /** Makes a primary of it; resolves when it takes writes. */
  promote(): Promise<void>;
}

/** Nobody, in Debian and elsewhere. */
export const UNPRIVILEGED = 65_534;

/** Who runs it: initdb, postgres and pg_ctl refuse root. */
const owner = (): { uid?: number; gid?: number } =>
  process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};

/** All of the server's programs come with one package. */
function program(name: string): string {
  return join(dirname(realpathSync(ensureProgram("postgres", "postgresql", debianFolders))), name);
}

/** @param settings of postgresql.conf, before those that tests have anyway. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const folder = folderOfOwner();
  const data = join(folder.path, "data");
  run(program("initdb"), ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"], owner());
  return serve(folder, data, settings);
}

/** Starts a server that follows another one. */
export async function startStandby(
  of: PostgresServer,
  settings: readonly string[] = [],
): Promise<PostgresStandby> {
  const folder = folderOfOwner();
  const data = join(folder.path, "data");
  const from = ["-h", "127.0.0.1", "-p", String(of.port), "-U", "postgres"];
  run(program("pg_basebackup"), ["-D", data, "-R", "-c", "fast", ...from], owner());
  const server = await serve(folder, data, settings);
  return {
    ...server,
    async promote() {
      run(program("pg_ctl"), ["promote", "-D", data, "-w"], owner());
    },
  };
}

function folderOfOwner(): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder("sluice-pg-");
  const { uid, gid } = owner();
  if (uid !== undefined && gid !== undefined) chownSync(folder.path, uid, gid);
  return folder;
}

async function serve(
  folder: ReturnType<typeof temporaryFolder>,
  data: string,
  more: readonly string[],
): Promise<PostgresServer> {
  const port = await freePort();
  let server: ChildProcess | undefined;
  const start = async () => {
    // fsync off, unless asked for: what most tests kill is our processes, never the machine.
    const settings = [
      `port=${port}`,
      "listen_addresses=127.0.0.1",
      "fsync=off",
      "max_connections=60",
      ...more,
    ];
    const args = settings.flatMap((setting) => ["-c", setting]);
    const started = spawn(program("postgres"), ["-D", data, "-k", folder.path, ...args], {
      ...owner(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    server = started;
    await untilSays(started, /database system is ready to accept (read-only )?connections/);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = server;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, "exit");
    signalAll(ending, "SIGCONT");
    ending.kill(signal);
    await gone;
  };
  await start();

  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const psql = (statement: string) =>
    run(ensureProgram("psql", "postgresql-client"), ["-qX", urlOf("postgres"), "-c", statement], {});
  let databases = 0;
  return {
    port,
    url: urlOf("postgres"),
    async createDatabase(options = "") {
      const name = `sluice_${++databases}`;
      psql(`CREATE DATABASE ${name} ${options}`);
      return urlOf(name);
    },
    run: (...statements) => statements.forEach(psql),
    stop: () => end("SIGINT"),
    kill: () => end("SIGQUIT"),
    freeze: () => server && signalAll(server, "SIGSTOP"),
    thaw: () => server && signalAll(server, "SIGCONT"),
    async restart() {
      await end("SIGINT");
      await start();
    },
    async [Symbol.asyncDispose]() {
      await end("SIGQUIT");
      folder[Symbol.dispose]();
    },
  };
}

/** To the server and to its processes for connections, which are no group of its own. */
function signalAll({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  process.kill(pid, signal);
  for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")) {
    if (child === "") continue;
    try {
      process.kill(Number(child), signal);
    } catch (error) {
      // A connection may have ended since the list was read.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Debian keeps the server's programs off PATH, one folder for each major version. */
function debianFolders(): string[] {
  const root = "/usr/lib/postgresql";
  try {
    return readdirSync(root)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(root, version, "bin"));
  } catch {
    return [];
  }
}

function run(program: string, args: readonly string[], options: { uid?: number; gid?: number }): void {
  const done = spawnSync(program, args, { ...options, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${program} failed: ${done.stderr}${done.error ?? ""}`);
}
