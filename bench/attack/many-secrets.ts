/** One large body under a wrong signature, against listeners with one secret and with two hundred. */

import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { yamlOf } from "../../test/helpers/flows.ts";
import { temporaryFolder } from "../../test/helpers/folder.ts";
import { startGateway } from "../../test/helpers/gateway.ts";
import { github, listener, secret, trigger } from "../../test/helpers/objects.ts";
import { cpuMs, peakRssMiB, rssMiB } from "../../test/helpers/process.ts";
import { startRedis } from "../../test/helpers/redis.ts";
import type { AttackRow, Figure } from "./row.ts";

const MANY = 200;
const BYTES = 25_000_000;

interface Cost {
  readonly cpu: number;
  /** MiB that the attack added at its peak. */
  readonly peak: number;
  /** Milliseconds of the slowest answers of /healthz meanwhile: the 99th of a hundred. */
  readonly health: number;
}

export const manySecrets: AttackRow = {
  name: "many-secrets",
  attack: `one ${BYTES / 1e6} MB POST under a wrong signature, to a listener with ${MANY} secrets and to one with 1`,
  async run(): Promise<readonly Figure[]> {
    const one = await costWith(1);
    const many = await costWith(MANY);
    return [
      { what: "CPU with 1 secret, ms", measured: one.cpu },
      { what: `CPU more with ${MANY} secrets, ms`, measured: many.cpu - one.cpu, atMost: 400 },
      { what: "RSS added with 1 secret, MiB", measured: one.peak },
      { what: `RSS added more with ${MANY} secrets, MiB`, measured: many.peak - one.peak, atMost: 40 },
      { what: `/healthz p99 with ${MANY} secrets, ms`, measured: many.health, atMost: 250 },
    ];
  },
};

async function costWith(count: number): Promise<Cost> {
  await using redis = await startRedis();
  using folder = temporaryFolder("sluice-attack-");
  const names = Array.from({ length: count }, (_, i) => `hook-${i}`);
  const file = join(folder.path, "objects.yaml");
  const triggers = names.map((name) => trigger(name, [github(name)]));
  writeFileSync(file, yamlOf([...names.map((name) => secret(name, name)), listener("git", triggers)]));
  const runs = `directory:${join(folder.path, "runs")}`;
  const gateway = await startGateway(["--config", file, "--store", redis.url, "--create", runs]);
  try {
    // The first answers load code.
    await attack(gateway.url, 100_000);
    await health(gateway.admin);
    // proc(5): forgets the peak so far, which was that of the start.
    writeFileSync(`/proc/${gateway.pid}/clear_refs`, "5");
    const resident = rssMiB(gateway.pid);
    const before = cpuMs(gateway.pid);
    const times: number[] = [];
    let over = false;
    const watching = (async () => {
      while (!over || times.length < 100) times.push(await health(gateway.admin));
    })();
    await attack(gateway.url, BYTES);
    const cpu = cpuMs(gateway.pid) - before;
    over = true;
    await watching;
    times.sort((a, b) => a - b);
    return {
      cpu,
      peak: peakRssMiB(gateway.pid) - resident,
      health: times[Math.ceil(times.length * 0.99) - 1] ?? 0,
    };
  } finally {
    await gateway.stop();
  }
}

async function attack(url: string, bytes: number): Promise<void> {
  const body = Buffer.alloc(bytes, 32);
  const wrong = createHmac("sha256", "guess").update(body).digest("hex");
  const headers = { "x-github-event": "push", "x-hub-signature-256": `sha256=${wrong}` };
  const response = await fetch(`${url}/ci/git`, { method: "POST", headers, body });
  await response.arrayBuffer();
  if (response.status !== 401 && response.status !== 413) throw new Error(`answered ${response.status}`);
}

async function health(admin: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${admin}/healthz`);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`/healthz answered ${response.status}`);
  return performance.now() - start;
}
