/** A gateway as a process of its own, and an API server as another: what end-to-end tests and the bench drive. */

import { once } from "node:events";
import { get } from "node:https";
import { join } from "node:path";
import type { Audit } from "../../src/core/ledger.ts";
import { NODE, ROOT, type Running, start } from "./process.ts";

export interface GatewayProcess extends Running {
  /** Base URL of the webhook port. */
  readonly url: string;
  /** Base URL of the admin port. */
  readonly admin: string;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  audit(): Promise<Audit>;
}

/** Starts `sluice serve` on free ports (or those given again after a kill) and waits until it is ready. */
export async function startGateway(
  args: readonly string[],
  ports: { readonly listen?: string; readonly admin?: string } = {},
): Promise<GatewayProcess> {
  const where = ["--listen", ports.listen ?? "127.0.0.1:0", "--admin", ports.admin ?? "127.0.0.1:0"];
  const options = ["--log-format", "json", ...where];
  const running = await start(NODE, [join(ROOT, "src/cli/run.ts"), "serve", ...options, ...args], (line) =>
    line.includes('"gateway.ready"'),
  );
  const { listen, admin } = JSON.parse(running.line) as { listen: string; admin: string };
  return {
    ...running,
    url: listen,
    admin,
    async kill() {
      const ended = once(running.child, "exit");
      running.child.kill("SIGKILL");
      await ended;
    },
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
}

/** Starts the test API server as a process; its kubeconfig is written into `folder`. */
export async function startApiServerProcess(folder: string): Promise<ApiServerProcess> {
  const kubeconfig = join(folder, "kubeconfig.yaml");
  const main = join(import.meta.dirname, "api-server/main.ts");
  const running = await start(NODE, [main, "--kubeconfig", kubeconfig], (line) => line.startsWith("{"));
  const { url } = JSON.parse(running.line) as { url: string };
  const objects = (kind: string) =>
    getJson<{ count: number; names: string[] }>(`${url}/__control/objects?kind=${kind}`);
  return {
    ...running,
    url,
    kubeconfig,
    names: async (kind) => (await objects(kind)).names,
    count: async (kind) => (await objects(kind)).count,
    items: async <T>(kind: string) =>
      (await getJson<{ items: T[] }>(`${url}/__control/objects?kind=${kind}&full=1`)).items,
  };
}

function getJson<T>(url: string): Promise<T> {
  return new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(JSON.parse(text) as T));
    }).on("error", reject);
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
