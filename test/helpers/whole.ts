/** A whole gateway in temporary folders and in this process: settings that lead there, requests, readiness. */

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load.ts";
import { startGateway } from "../../src/main.ts";
import { listen, yamlOf } from "./flows.ts";
import { temporaryFolder } from "./folder.ts";
import type { Arrival, Written } from "./objects.ts";

export interface Place extends Disposable {
  readonly objects: string;
  readonly runs: string;
  readonly flags: Readonly<Record<string, unknown>>;
  declare(objects: readonly Written[] | string): void;
  files(): readonly string[];
}

/** Folders for objects and runs, and settings that lead there; free ports on loopback. */
export function place(objects: readonly Written[], store: string): Place {
  const folder = temporaryFolder("sluice-main-");
  const file = join(folder.path, "objects.yaml");
  const runs = join(folder.path, "runs");
  const declare: Place["declare"] = (next) =>
    writeFileSync(file, typeof next === "string" ? next : yamlOf(next));
  declare(objects);
  const addresses = { listen: "127.0.0.1:0", admin: "127.0.0.1:0" };
  return {
    objects: file,
    runs,
    flags: {
      ...addresses,
      config: [file],
      create: `directory:${runs}`,
      store: store || `embedded:${join(folder.path, "store")}`,
    },
    declare,
    files: () =>
      existsSync(runs)
        ? readdirSync(runs, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".yaml"))
        : [],
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

export async function started(
  flags: Readonly<Record<string, unknown>>,
  options: { readonly stopping?: Promise<unknown> } = {},
) {
  const ear = listen();
  const gateway = await startGateway(loadSettings({ flags }), {
    color: false,
    log: false,
    listener: ear.tell,
    ...options,
  });
  return { ...gateway, ...ear, [Symbol.asyncDispose]: () => gateway.stop("the test is over") };
}

export async function send(base: string | undefined, { headers, body }: Arrival, path = "/ci/git") {
  const pairs = Object.entries(headers).map(([name, values]): [string, string] => [name, values[0] ?? ""]);
  const response = await fetch(`${base}${path}`, { method: "POST", headers: pairs, body: body.toString() });
  const connection = response.headers.get("connection");
  return { status: response.status, connection, body: (await response.json()) as Record<string, string> };
}

export async function readyz(admin: string) {
  const response = await fetch(`${admin}/readyz`);
  type Ready = {
    ready: boolean;
    degraded: string[];
    checks: { name: string; message: string; faults?: unknown[] }[];
  };
  const { degraded, ...ready } = (await response.json()) as Ready;
  // The store of these tests may forget, as its checks rightly say.
  const others = degraded.filter((name) => name !== "store-fsync");
  return { status: response.status, ...ready, degraded: others };
}
