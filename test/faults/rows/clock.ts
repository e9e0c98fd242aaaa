/** Rows in which a gateway's clock is wrong: it must forget nothing by it, run nothing twice, and retry in time. */

import { randomUUID } from "node:crypto";
import type { Fault } from "../../helpers/api-server.ts";
import { wrongClock } from "../../helpers/faketime.ts";
import type { GatewayProcess } from "../../helpers/gateway.ts";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";

const REFUSED: Fault = { method: "POST", path: "/pipelineruns", action: { type: "status", status: 500 } };

/** Milliseconds for the retries of what the API server refused once or twice: they are due after seconds. */
const RETRIED_MS = 20_000;

/** A second gateway comes to a store that has deliveries; both are sent the same again, and more, while creates fail. */
const besideOthers = (by: string) =>
  async function wrong(stage: Stage): Promise<Course> {
    const half = stage.size.deliveries / 2;
    const ids = Array.from({ length: half }, () => randomUUID());
    const deliveryId = (index: number) => ids[index] ?? "";
    await stage.startGateway();
    const first = await stage.burst(half, { deliveryId }).done;
    await stage.drained();
    const gateway = await stage.startGateway({}, wrongClock(by));
    const again = await stage.burst(half, { deliveryId }).done;
    await stage.api.fault(Array.from({ length: half / 4 }, () => REFUSED));
    const more = await stage.burst(half).done;
    const drainMs = await stage.drained();
    const faults = [
      ...(await readinessFaults(gateway, 503, "SLUICE_CLOCK_SKEW")),
      ...(await prunedFaults(gateway)),
      ...(drainMs > RETRIED_MS ? [`retries took ${Math.round(drainMs)} ms`] : []),
    ];
    return { sent: [first, again, more], measured: { retriedMs: Math.round(drainMs) }, faults };
  };

/** The embedded store is on the machine whose clock is wrong: the same deliveries come again after the start. */
const alone = (by: string) =>
  async function wrong(stage: Stage): Promise<Course> {
    const half = stage.size.deliveries / 2;
    const ids = Array.from({ length: half }, () => randomUUID());
    const deliveryId = (index: number) => ids[index] ?? "";
    const right = await stage.startGateway();
    const first = await stage.burst(half, { deliveryId }).done;
    await stage.drained();
    await right.stop();
    const wrong = await stage.startGateway(right.ports, wrongClock(by));
    const again = await stage.burst(half, { deliveryId }).done;
    const faults = [
      ...(await readinessFaults(wrong, 200, "SLUICE_CLOCK_JUMP")),
      ...(await prunedFaults(wrong)),
    ];
    await stage.drained();
    await wrong.stop();
    const mended = await stage.startGateway(right.ports);
    const more = await stage.burst(half, { deliveryId }).done;
    return { sent: [first, again, more], faults: [...faults, ...(await prunedFaults(mended))] };
  };

async function readinessFaults(
  { admin }: GatewayProcess,
  status: number,
  code: string,
): Promise<readonly string[]> {
  const response = await fetch(`${admin}/readyz`);
  const text = await response.text();
  return [
    ...(response.status === status ? [] : [`readyz answers ${response.status}, not ${status}`]),
    ...(text.includes(code) ? [] : [`readyz does not name ${code}: ${text.slice(0, 300)}`]),
  ];
}

/** Deliveries of minutes ago are forgotten by nobody whose clock is right. */
async function prunedFaults({ admin }: GatewayProcess): Promise<readonly string[]> {
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  return [...metrics.matchAll(/^sluice_pruned_\w+_total ([1-9]\d*)$/gm)].map(
    ([line]) => `it forgot: ${line}`,
  );
}

export const CLOCK_ROWS = [
  { number: 15, name: "a gateway's clock is 1 h ahead", store: "redis", run: besideOthers("+1h") },
  { number: 16, name: "a gateway's clock is 1 h behind", store: "redis", run: besideOthers("-1h") },
  { number: 17, name: "a gateway's clock is 4 days ahead", store: "redis", run: besideOthers("+4d") },
  { number: 18, name: "a gateway's clock is 15 days ahead", store: "redis", run: besideOthers("+15d") },
  { number: 19, name: "embedded, clock 15 days ahead at a start", store: "embedded", run: alone("+15d") },
] as const satisfies readonly Row[];
