/** Rows in which gateways die or are told to stop. */

import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";

/** The default of --shutdown-grace, milliseconds. */
const GRACE_MS = 25_000;

/** Kills the gateway several times, spread over the first half of the burst, and starts it again where it was. */
async function killedAgainAndAgain(stage: Stage): Promise<Course> {
  const { deliveries, form } = stage.size;
  // A start costs a second of CPU time, on the embedded store three.
  const kills = form === "long" ? 5 : 2;
  let gateway = await stage.startGateway();
  const burst = stage.burst(deliveries);
  for (let kill = 1; kill <= kills; kill++) {
    await burst.reached(202, Math.floor((deliveries / 2) * (kill / kills)));
    await gateway.kill();
    gateway = await stage.startGateway(gateway.ports);
  }
  return { sent: [await burst.done], measured: { kills } };
}

/** The one that is left takes over the sender's deliveries and the dead one's jobs. */
async function oneOfTwoKilled(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  await stage.startGateway();
  const victim = await stage.startGateway();
  const burst = stage.burst(deliveries);
  await burst.reached(202, Math.floor(deliveries / 3));
  await victim.kill();
  return { sent: [await burst.done] };
}

async function toldToStop(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  const gateway = await stage.startGateway();
  const burst = stage.burst(deliveries);
  await burst.reached(202, Math.floor(deliveries / 3));
  const from = performance.now();
  await gateway.stop();
  const took = performance.now() - from;
  const { code, signal } = await gateway.ended;
  await stage.startGateway(gateway.ports);
  const faults = [
    ...(code === 0 ? [] : [`SIGTERM ended it with code ${code}, signal ${signal}`]),
    ...(took <= GRACE_MS ? [] : [`SIGTERM took ${Math.round(took)} ms, its grace is ${GRACE_MS}`]),
  ];
  return { sent: [await burst.done], measured: { stopMs: Math.round(took) }, faults };
}

export const GATEWAY_ROWS = [
  { number: 1, name: "gateway killed again and again", store: "redis", run: killedAgainAndAgain },
  { number: 2, name: "one of two gateways killed", store: "redis", run: oneOfTwoKilled },
  { number: 9, name: "embedded store killed again and again", store: "embedded", run: killedAgainAndAgain },
  { number: 10, name: "SIGTERM during a burst", store: "redis", run: toldToStop },
] as const satisfies readonly Row[];
