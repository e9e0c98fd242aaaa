/** What a gateway is like for others while it is attacked: answers of health, latencies of small deliveries, memory. */

import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayProcess } from "../../test/helpers/gateway.ts";
import { quantile } from "../../test/helpers/load.ts";
import { peakRssMiB } from "../../test/helpers/process.ts";

export interface Probed {
  /** Milliseconds of /healthz, sorted. */
  readonly health: readonly number[];
  /** Milliseconds of small deliveries, sorted. */
  readonly deliveries: readonly number[];
  /** Small deliveries that were not answered 202. */
  readonly refused: number;
  readonly peakRssMiB: number;
}

/** Milliseconds between two questions. */
const EVERY_MS = 25;

/** Asks for health, and sends small deliveries to `path`, one after another each, until the attack has ended. */
export async function probe(
  gateway: GatewayProcess,
  path: string,
  attack: Promise<unknown>,
): Promise<Probed> {
  let over = false;
  const ended = attack.finally(() => {
    over = true;
  });
  const body = JSON.stringify({ text: "x".repeat(20_000) });
  const statuses: number[] = [];
  const repeat = async (ask: () => Promise<Response>): Promise<number[]> => {
    const times: number[] = [];
    while (!over) {
      const from = performance.now();
      const response = await ask();
      await response.arrayBuffer();
      times.push(performance.now() - from);
      if (response.url.includes(path)) statuses.push(response.status);
      await sleep(EVERY_MS);
    }
    return times.sort((a, b) => a - b);
  };
  const [health, deliveries] = await Promise.all([
    repeat(() => fetch(`${gateway.admin}/healthz`)),
    repeat(() => fetch(`${gateway.url}${path}`, { method: "POST", body })),
    ended,
  ]);
  const refused = statuses.filter((status) => status !== 202).length;
  return { health, deliveries, refused, peakRssMiB: peakRssMiB(gateway.pid) };
}

export const p99 = (sorted: readonly number[]): number => quantile(sorted, 0.99);
export const longest = (sorted: readonly number[]): number => sorted.at(-1) ?? 0;
