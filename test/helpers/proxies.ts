/** Reverse proxies as people run them before gateways: nginx and HAProxy, with connections kept open to what is behind them. */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryFolder } from "./folder.ts";
import { ensureProgram } from "./programs.ts";
import { freePort } from "./redis.ts";

export interface ReverseProxy extends AsyncDisposable {
  /** Base URL. */
  readonly url: string;
  /** What it has complained of so far. */
  log(): string;
}

/** `host:port` of a gateway's two ports. */
export interface Behind {
  readonly listen: string;
  readonly admin: string;
}

/** Connections to each gateway that a proxy keeps open. */
const KEPT = 32;
const READY_MS = 10_000;

/**
 * nginx asks nobody whether he is well: it finds out when a connection is refused, and leaves that gateway out for a second.
 * What was sent on a connection and not answered is 502, as for every POST without `non_idempotent`.
 */
export async function startNginx(gateways: readonly Behind[]): Promise<ReverseProxy> {
  const program = ensureProgram("nginx", "nginx");
  return startProxy(program, ["-c"], (port, folder) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
pid ${folder}/pid;
error_log stderr error;
worker_processes 2;
events { worker_connections 512; }
http {
  access_log off;
  client_max_body_size 30m;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n")}
  upstream gateways {
    # What one worker has found out, the other knows too.
    zone gateways 64k;
${gateways.map(({ listen }) => `    server ${listen} fail_timeout=1s;`).join("\n")}
    keepalive ${KEPT};
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
  });
}

/** HAProxy asks `/readyz` twice a second, and takes a gateway out after two answers that are not 200. */
export async function startHaproxy(gateways: readonly Behind[]): Promise<ReverseProxy> {
  const program = ensureProgram("haproxy", "haproxy");
  const servers = gateways.map(
    ({ listen, admin }, index) =>
      `  server gateway${index} ${listen} check port ${new URL(`http://${admin}`).port} inter 500ms fall 2 rise 1`,
  );
  return startProxy(
    program,
    ["-db", "-f"],
    (port) => `
global
  maxconn 512
defaults
  mode http
  timeout connect 5s
  timeout check 5s
  timeout client 30s
  timeout server 30s
  retries 3
  option redispatch 1
frontend hooks
  bind 127.0.0.1:${port}
  default_backend gateways
backend gateways
  balance roundrobin
  http-reuse always
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
${servers.join("\n")}
`,
  );
}

async function startProxy(
  program: string,
  args: readonly string[],
  settings: (port: number, folder: string) => string,
): Promise<ReverseProxy> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder("sluice-proxy-"));
  const port = await freePort();
  const file = join(folder.path, "proxy.conf");
  const log = join(folder.path, "log");
  writeFileSync(file, settings(port, folder.path));
  const child = spawn("sh", ["-c", `exec "$0" "$@" >"${log}" 2>&1`, program, ...args, file], {
    stdio: "ignore",
  });
  opened.defer(() => ended(child));
  const end = Date.now() + READY_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > end)
      throw new Error(`${program} does not listen: ${readFileSync(log, "utf8").slice(-2_000)}`);
    // Neither says when it listens.
    await sleep(20);
  }
  const running = opened.move();
  return {
    url: `http://127.0.0.1:${port}`,
    log: () => readFileSync(log, "utf8"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  // nginx's master takes its workers along; SIGKILL would leave them.
  child.kill("SIGTERM");
  await gone;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
