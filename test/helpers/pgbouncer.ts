/** A real PgBouncer before a Postgres of postgres.ts: what connections share when others pool them. */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { UNPRIVILEGED } from "./postgres.ts";
import { ensureProgram } from "./programs.ts";
import { freePort, untilSays } from "./redis.ts";

export type PoolMode = "session" | "transaction" | "statement";

export interface PgBouncer extends AsyncDisposable {
  readonly url: string;
  /** Goes over to another mode, as after an edit of pgbouncer.ini and a RELOAD. */
  reload(mode: PoolMode): Promise<void>;
  /** Ends it (SIGKILL), which cuts all connections, and starts it again. */
  restart(): Promise<void>;
}

/**
 * @param url of a database, as postgres.ts has it.
 * @param settings further lines of pgbouncer.ini.
 */
export async function startPgBouncer(
  url: string,
  mode: PoolMode,
  settings: readonly string[] = [],
): Promise<PgBouncer> {
  const program = ensureProgram("pgbouncer", "pgbouncer");
  const folder = temporaryFolder("sluice-pgbouncer-");
  const { hostname, port: server, pathname } = new URL(url);
  const port = await freePort();
  const file = join(folder.path, "pgbouncer.ini");
  const users = join(folder.path, "users.txt");
  writeFileSync(users, '"postgres" ""\n');
  const write = (now: PoolMode): void =>
    writeFileSync(
      file,
      [
        "[databases]",
        `* = host=${hostname} port=${server}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = trust",
        `auth_file = ${users}`,
        "admin_users = postgres",
        `pool_mode = ${now}`,
        "default_pool_size = 40",
        ...settings,
        "",
      ].join("\n"),
    );
  write(mode);
  // It refuses to be root's.
  const root = process.getuid?.() === 0;
  if (root) for (const path of [folder.path, file, users]) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
  const owner = root ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(program, [file], { ...owner, stdio: ["ignore", "pipe", "pipe"] });
    await untilSays(started, /process up/);
    return started;
  };
  let child = await start();
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}${pathname}`,
    async reload(now) {
      write(now);
      const done = untilSays(child, /RELOAD|got SIGHUP/);
      child.kill("SIGHUP");
      await done;
    },
    async restart() {
      await end();
      child = await start();
    },
    async [Symbol.asyncDispose]() {
      await end();
      folder[Symbol.dispose]();
    },
  };
}
