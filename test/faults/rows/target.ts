/** Rows in which the API server is away, answers badly, or refuses one trigger's objects for ever. */

import type { Fault } from "../../helpers/api-server.ts";
import { eventually } from "../../helpers/gateway.ts";
import { type LoadResult, quantile } from "../../helpers/load.ts";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";

const CREATE = { method: "POST", path: "/pipelineruns" } as const;

async function down(stage: Stage): Promise<Course> {
  const { deliveries, form } = stage.size;
  await stage.startGateway();
  const burst = stage.burst(deliveries);
  await burst.reached(202, Math.floor(deliveries * 0.25));
  await stage.api.down(form === "long" ? 20_000 : 3_000);
  return { sent: [await burst.done] };
}

/** Everything that an overloaded API server does, mixed: busy, broken, slow, and gone after the work was done. */
async function unwell(stage: Stage): Promise<Course> {
  const { deliveries, form } = stage.size;
  const kinds: readonly Fault[] = [
    { ...CREATE, action: { type: "status", status: 429, retryAfter: "1" } },
    { ...CREATE, action: { type: "status", status: 500 } },
    { ...CREATE, action: { type: "delay", ms: form === "long" ? 5_000 : 1_000 } },
    { ...CREATE, action: { type: "drop", when: "after" } },
    { ...CREATE, action: { type: "drop", when: "before" } },
  ];
  await stage.startGateway();
  await stage.api.fault(Array.from({ length: deliveries / 10 }, () => kinds).flat());
  const burst = stage.burst(deliveries);
  return { sent: [await burst.done] };
}

/** Deliveries a second: a gateway that is not busy, so that waiting behind the sick is all that could take time. */
const RATE = 50;
const HEALTHY = "build";
/** Two runs on a busy machine differ by that much. Milliseconds. */
const NOISE_MS = 250;
/** Objects that do not exist so long after the burst count as this late. Milliseconds. */
const PATIENCE_MS = 30_000;

const SICK = { ...CREATE, text: '"triggers.tekton.dev/trigger":"scan"', times: 0 } as const;
/** Deliveries beside a trigger whose creates hang: three times as many as a worker has slots. */
const HANGING = 100;
/** A create that hangs is given up after 10 s; who waits for one waits longer than this. Milliseconds. */
const HUNG_MS = 5_000;

/** Objects of `scan` are refused for ever, then hang; those of `build` must not come later for it. */
async function oneSickTrigger(stage: Stage): Promise<Course> {
  const { deliveries, form } = stage.size;
  await stage.startGateway();
  const warm = await stage.burst(deliveries / 4, { rate: RATE }).done;
  const alone = await stage.burst((deliveries * 3) / 8, { rate: RATE }).done;
  const aloneMs = await createdP95(stage, alone);
  await stage.drained();
  await stage.api.fault({ ...SICK, action: { type: "status", status: 500 } });
  const beside = await stage.burst((deliveries * 3) / 8, { rate: RATE }).done;
  const besideMs = await createdP95(stage, beside);
  await stage.api.clearFaults();
  const fault = `p95 of healthy objects rose from ${aloneMs} to ${besideMs} ms`;
  // Other tests run beside the short form: there only what waits for the sick, not what is slow, is at fault.
  const bar = form === "long" ? 2 * aloneMs + NOISE_MS : HUNG_MS;
  const course = {
    sent: [warm, alone, beside],
    measured: { p95AloneMs: aloneMs, p95BesideSickMs: besideMs },
    faults: besideMs <= bar ? [] : [fault],
  };
  return besideHanging(stage, course);
}

async function besideHanging(stage: Stage, { sent, measured, faults }: Required<Course>): Promise<Course> {
  await stage.drained();
  await stage.api.fault({ ...SICK, action: { type: "hang", when: "before" } });
  const burst = await stage.burst(HANGING, { rate: RATE }).done;
  const p95BesideHangingMs = await createdP95(stage, burst);
  await stage.api.clearFaults();
  const waited = `p95 of healthy objects beside hanging ones was ${p95BesideHangingMs} ms`;
  return {
    sent: [...sent, burst],
    measured: { ...measured, p95BesideHangingMs },
    faults: p95BesideHangingMs <= HUNG_MS ? faults : [...faults, waited],
  };
}

/** 95 of 100 healthy objects existed so many milliseconds after their delivery was first sent. */
async function createdP95(stage: Stage, burst: LoadResult): Promise<number> {
  const accepted = burst.deliveries.filter(({ event }) => event !== undefined);
  const created = async () => {
    const healthy = (await stage.objects()).filter(({ trigger }) => trigger === HEALTHY);
    return new Map(healthy.map(({ delivery, at }) => [delivery, at]));
  };
  const end = Date.now() + PATIENCE_MS;
  const complete = (createdAt: ReadonlyMap<string, number>) =>
    Date.now() > end || accepted.every(({ delivery }) => createdAt.has(delivery));
  const createdAt = await eventually(created, complete, 2 * PATIENCE_MS, 250);
  const latencies = accepted.map(({ delivery, at }) => (createdAt.get(delivery) ?? at + PATIENCE_MS) - at);
  const sorted = latencies.sort((a, b) => a - b);
  return quantile(sorted, 0.95);
}

export const TARGET_ROWS = [
  { number: 6, name: "API server down", store: "redis", run: down },
  { number: 7, name: "API server 429, 500, slow, cut off", store: "redis", run: unwell },
  { number: 8, name: "one trigger that always fails", store: "redis", run: oneSickTrigger },
] as const satisfies readonly Row[];
