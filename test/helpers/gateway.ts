/** A gateway as a process of its own, and an API server as another: what end-to-end tests and the bench drive. */

import { request } from "node:https";
import { join } from "node:path";
import type { Audit } from "../../src/core/ledger.ts";
import type { ApiObject, Fault } from "./api-server.ts";
import { NODE, ROOT, type Running, start } from "./process.ts";

export interface GatewayProcess extends Running {
  /** Base URL of the webhook port. */
  readonly url: string;
  /** Base URL of the admin port. */
  readonly admin: string;
  /** Where it listens, to be given to the one that takes its place. */
  readonly ports: Ports;
  audit(): Promise<Audit>;
}

/** `host:port` of the webhook and of the admin port. */
export interface Ports {
  readonly listen?: string;
  readonly admin?: string;
}

/**
 * Starts `sluice serve` on free ports (or those given again after a kill) and waits until it is ready.
 *
 * @param env what its environment has beside ours.
 * @param root the folder of the version to start; by default the one at hand.
 */
export async function startGateway(
  args: readonly string[],
  ports: Ports = {},
  env: Readonly<Record<string, string>> = {},
  root = ROOT,
): Promise<GatewayProcess> {
  const where = ["--listen", ports.listen ?? "127.0.0.1:0", "--admin", ports.admin ?? "127.0.0.1:0"];
  // Nobody in front of it has to hear that it stops, unless a test says so; older versions know no such setting.
  const leave = root === ROOT ? ["--lame-duck", "0s"] : [];
  const options = ["--log-format", "json", ...leave, ...where];
  const command = [join(root, "src/cli/run.ts"), "serve", ...options, ...args];
  const running = await start(NODE, command, (line) => line.includes('"gateway.ready"'), env);
  const { listen, admin } = JSON.parse(running.line) as { listen: string; admin: string };
  return {
    ...running,
    url: listen,
    admin,
    ports: { listen: new URL(listen).host, admin: new URL(admin).host },
    async audit() {
      const response = await fetch(`${admin}/api/v1/audit`);
      return (await response.json()) as Audit;
    },
  };
}

export interface ApiServerProcess extends Running {
  readonly url: string;
  readonly kubeconfig: string;
  /** `namespace/name` of every object of a kind. */
  names(kind: string): Promise<readonly string[]>;
  count(kind: string): Promise<number>;
  /** The objects themselves. */
  items<T>(kind: string): Promise<readonly T[]>;
  /** The objects with the moment of their creation, milliseconds since the epoch. */
  created(kind: string): Promise<readonly { readonly object: ApiObject; readonly at: number }[]>;
  /** Arms faults, on top of those that are armed. */
  fault(faults: Fault | readonly Fault[]): Promise<void>;
  clearFaults(): Promise<void>;
  /** Breaks and refuses all connections for `ms`; the objects stay. */
  down(ms: number): Promise<void>;
  /** Removes all objects but namespaces, and forgets requests. */
  clear(): Promise<void>;
}

/** Starts the test API server as a process; its kubeconfig is written into `folder`. */
export async function startApiServerProcess(folder: string): Promise<ApiServerProcess> {
  const kubeconfig = join(folder, "kubeconfig.yaml");
  const main = join(import.meta.dirname, "api-server/main.ts");
  const running = await start(NODE, [main, "--kubeconfig", kubeconfig], (line) => line.startsWith("{"));
  const { url } = JSON.parse(running.line) as { url: string };
  const control = <T>(method: string, verb: string, body?: unknown) =>
    sendJson<T>(method, `${url}/__control/${verb}`, body);
  const objects = (kind: string) =>
    control<{ count: number; names: string[] }>("GET", `objects?kind=${kind}`);
  const full = <T>(kind: string) =>
    control<{ items: T[]; createdAt: number[] }>("GET", `objects?kind=${kind}&full=1`);
  return {
    ...running,
    url,
    kubeconfig,
    names: async (kind) => (await objects(kind)).names,
    count: async (kind) => (await objects(kind)).count,
    items: async <T>(kind: string) => (await full<T>(kind)).items,
    async created(kind) {
      const { items, createdAt } = await full<ApiObject>(kind);
      return items.map((object, index) => ({ object, at: createdAt[index] ?? 0 }));
    },
    async fault(faults) {
      await control("POST", "faults", faults);
    },
    async clearFaults() {
      await control("DELETE", "faults");
    },
    async down(ms) {
      await control("POST", "down", { ms });
    },
    async clear() {
      await control("DELETE", "objects");
      await control("POST", "reset");
    },
  };
}

function sendJson<T>(method: string, url: string, body?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, rejectUnauthorized: false, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as T);
        else reject(new Error(`${method} ${url} answered ${response.statusCode}: ${text}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/**
 * Asks until the answer is good.
 *
 * @param limit milliseconds after which the last answer is thrown as an error.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
  limit = 60_000,
  every = 50,
): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`not so within ${limit} ms; last: ${JSON.stringify(answer).slice(0, 500)}`);
    // Another process's state has no event to wait for.
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
