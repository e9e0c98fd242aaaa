/** A real Postgres server for tests: own port, own folder, own user, as initdb refuses root. */

import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { ensureProgram } from "./programs.ts";
import { freePort, untilSays } from "./redis.ts";

export interface PostgresServer extends AsyncDisposable {
  /** Of the database `postgres`. */
  readonly url: string;
  /** Makes an empty database of its own and returns its URL. */
  createDatabase(): Promise<string>;
  /** Ends it (SIGINT: connections are cut); the folder stays until disposal. */
  stop(): Promise<void>;
  /** Starts it again on the same folder and port, ending a running one first. */
  restart(): Promise<void>;
}

/** Nobody, in Debian and elsewhere. */
export const UNPRIVILEGED = 65_534;

export async function startPostgres(): Promise<PostgresServer> {
  const initdb = ensureProgram("initdb", "postgresql", debianFolders);
  const postgres = ensureProgram("postgres", "postgresql", debianFolders);
  const folder = temporaryFolder("sluice-pg-");
  const owner = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  if (owner.uid !== undefined) chownSync(folder.path, owner.uid, owner.gid);
  const data = join(folder.path, "data");
  run(initdb, ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"], owner);

  const port = await freePort();
  let server: ChildProcess | undefined;
  const start = async () => {
    // fsync off: what these tests kill is our processes, never the machine.
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "fsync=off", "max_connections=60"];
    const args = settings.flatMap((setting) => ["-c", setting]);
    const started = spawn(postgres, ["-D", data, "-k", folder.path, ...args], {
      ...owner,
      stdio: ["ignore", "pipe", "pipe"],
    });
    server = started;
    await untilSays(started, /database system is ready to accept connections/);
  };
  const end = async () => {
    const ending = server;
    server = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, "exit");
    ending.kill("SIGINT");
    await gone;
  };
  await start();

  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const psql = ensureProgram("psql", "postgresql-client", debianFolders);
  let databases = 0;
  return {
    url: urlOf("postgres"),
    async createDatabase() {
      const name = `sluice_${++databases}`;
      run(psql, ["-qX", urlOf("postgres"), "-c", `CREATE DATABASE ${name}`], {});
      return urlOf(name);
    },
    stop: end,
    async restart() {
      await end();
      await start();
    },
    async [Symbol.asyncDispose]() {
      await end();
      folder[Symbol.dispose]();
    },
  };
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
