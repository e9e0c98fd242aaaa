/** Rows in which Redis dies, is away, or has no room. */

import { Redis } from "ioredis";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";
import { wait } from "./row.ts";

/** With appendfsync always, what was answered stands in the append-only file. */
async function killed(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  await stage.startGateway();
  const burst = stage.burst(deliveries);
  for (const part of [0.25, 0.5]) {
    await burst.reached(202, Math.floor(deliveries * part));
    await stage.redis.kill();
    await stage.redis.restart();
  }
  return { sent: [await burst.done] };
}

/** A server that hangs looks like nothing to a socket; one that was shut down refuses. */
async function away(stage: Stage): Promise<Course> {
  const { deliveries, form } = stage.size;
  const outage = form === "long" ? 10_000 : 2_500;
  await stage.startGateway();
  const burst = stage.burst(deliveries);
  await burst.reached(202, Math.floor(deliveries * 0.25));
  stage.redis.freeze();
  await wait(outage);
  stage.redis.thaw();
  await burst.reached(202, Math.floor(deliveries * 0.5));
  await stage.redis.stop();
  await wait(outage);
  await stage.redis.restart();
  return { sent: [await burst.done] };
}

/** Bytes left when the limit is set: enough for some deliveries, not for all. */
const ROOM = 256 * 1_024;
/** Refusals to wait for, and how long workers go without a write after them. */
const REFUSALS = 20;
const FULL_MS = 1_000;

async function full(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  await stage.startGateway();
  const redis = new Redis(stage.redis.url);
  try {
    const burst = stage.burst(deliveries);
    await burst.reached(202, Math.floor(deliveries * 0.25));
    const used = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
    await redis.config("SET", "maxmemory", String(used + ROOM));
    await burst.reached(503, REFUSALS);
    await wait(FULL_MS);
    await redis.config("SET", "maxmemory", "0");
    const sent = await burst.done;
    const odd = Object.keys(sent.statuses).filter((status) => status !== "202" && status !== "503");
    const faults = odd.map((status) => `a full Redis was answered with status ${status}, expected 503`);
    return { sent: [sent], measured: { refused: sent.statuses[503] ?? 0 }, faults };
  } finally {
    redis.disconnect();
  }
}

/** Answers, but refuses every write: too few replicas. Readiness says so, and it is one outage, not a defect for each call. */
async function refusing(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  const gateway = await stage.startGateway();
  const redis = new Redis(stage.redis.url);
  try {
    const burst = stage.burst(deliveries);
    await burst.reached(202, Math.floor(deliveries * 0.25));
    await redis.config("SET", "min-replicas-to-write", "1");
    await burst.reached(503, REFUSALS);
    const { status } = await fetch(`${gateway.admin}/readyz`);
    await wait(FULL_MS);
    await redis.config("SET", "min-replicas-to-write", "0");
    const sent = await burst.done;
    const odd = Object.keys(stage.defects).map((defect) => `told as a defect: ${defect}`);
    const faults = status === 503 ? odd : [`/readyz said ${status} while all writes were refused`, ...odd];
    return { sent: [sent], measured: { refused: sent.statuses[503] ?? 0 }, faults };
  } finally {
    redis.disconnect();
  }
}

export const REDIS_ROWS = [
  { number: 3, name: "redis-server killed twice", store: "redis", run: killed },
  { number: 4, name: "Redis frozen, then shut down", store: "redis", run: away },
  { number: 5, name: "Redis at maxmemory", store: "redis", run: full },
  { number: 14, name: "Redis answers, but refuses writes", store: "redis", run: refusing },
] as const satisfies readonly Row[];
