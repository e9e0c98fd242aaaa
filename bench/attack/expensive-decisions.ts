/** Row: forty expensive triggers, small bodies, several senders at once; health and another listener are timed. */

import { expensiveBody, writeListeners } from "../../test/attack/expensive-events.ts";
import { temporaryFolder } from "../../test/helpers/folder.ts";
import { startGateway } from "../../test/helpers/gateway.ts";
import { startRedis } from "../../test/helpers/redis.ts";
import type { AttackRow } from "./row.ts";

const ATTACK_MS = 20_000;
const SENDERS = 8;
const HEADERS = { "Content-Type": "application/json" };

export const expensiveDecisions: AttackRow = {
  name: "expensive-decisions",
  attack: `40 expensive triggers, bodies of 3.9 and 109 kB by ${SENDERS} senders for ${ATTACK_MS / 1_000} s`,
  async run() {
    using folder = temporaryFolder("sluice-attack-");
    await using redis = await startRedis();
    const config = writeListeners(folder.path, 40);
    const gateway = await startGateway(["--config", config, "--store", redis.url, "--create", "dry-run"]);
    await using _ = { [Symbol.asyncDispose]: () => gateway.stop() };
    const bodies = [expensiveBody(3_900), expensiveBody(109_000)];
    const end = performance.now() + ATTACK_MS;
    const statuses = new Map<number, number>();
    const post = (listener: string, body: string) =>
      fetch(`${gateway.url}/default/${listener}`, { method: "POST", headers: HEADERS, body });
    const attack = async (sender: number) => {
      for (let i = sender; performance.now() < end; i++) {
        const answer = await post("attacked", bodies[i % bodies.length] ?? "");
        await answer.arrayBuffer();
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      }
    };
    const timed = async (ask: () => Promise<Response>) => {
      const times: number[] = [];
      while (performance.now() < end) {
        const from = performance.now();
        await (await ask()).arrayBuffer();
        times.push(performance.now() - from);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return times.sort((a, b) => a - b);
    };
    const [health, other] = await Promise.all([
      timed(() => fetch(`${gateway.admin}/healthz`)),
      timed(() => post("other", '{"n":"x"}')),
      ...Array.from({ length: SENDERS }, (_, sender) => attack(sender)),
    ]);
    return [
      { what: "/healthz p99, ms", measured: p99(health ?? []), atMost: 250 },
      { what: "other listener p99, ms", measured: p99(other ?? []), atMost: 1_000 },
      { what: "other listener answers", measured: other?.length ?? 0 },
      { what: "attacking deliveries answered 202", measured: statuses.get(202) ?? 0 },
      { what: "attacking deliveries answered 503", measured: statuses.get(503) ?? 0 },
    ];
  },
};

const p99 = (times: readonly number[]): number => times[Math.ceil(times.length * 0.99) - 1] ?? Number.NaN;
