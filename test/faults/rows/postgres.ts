/** Rows in which Postgres is succeeded by its standby, refuses to write, has no room, or stands behind PgBouncer. */

import { lacksSmallDisk } from "../postgres-stage.ts";
import { watchReadiness } from "../readiness.ts";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";
import { wait } from "./row.ts";

/** Deliveries a second where the burst is to outlast what happens. */
const RATE = 100;

/** The primary crashes; what it acknowledged, its standby has. */
async function succeeded(stage: Stage): Promise<Course> {
  const { server, standby } = stage.postgres;
  const { deliveries } = stage.size;
  await stage.startGateway();
  await stage.startGateway();
  const burst = stage.burst(deliveries);
  await burst.reached(202, Math.floor(deliveries * 0.25));
  await server.kill();
  await standby.promote();
  return { sent: [await burst.done] };
}

/** The primary hangs, is deposed, and returns as one that still believes in itself: its commits wait for nobody. */
async function deposed(stage: Stage): Promise<Course> {
  const { server, standby } = stage.postgres;
  const { deliveries, form } = stage.size;
  await stage.startGateway();
  await stage.startGateway();
  const burst = stage.burst(deliveries, { rate: RATE });
  await burst.reached(202, Math.floor(deliveries * 0.1));
  server.freeze();
  await wait(form === "long" ? 7_000 : 2_000);
  await standby.promote();
  server.thaw();
  return { sent: [await burst.done] };
}

/** Each connection is cut, and the next ones find PgBouncer gone for a moment. */
async function pooled(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  await stage.startGateway();
  const burst = stage.burst(deliveries);
  for (const part of [0.25, 0.5]) {
    await burst.reached(202, Math.floor(deliveries * part));
    await stage.postgres.bouncer.restart();
  }
  return { sent: [await burst.done] };
}

/** Refusals to wait for, and how long nothing is taken after them. */
const REFUSALS = 20;
const REFUSING_MS = 4_000;

/** The server answers and refuses: readiness says so, it is one outage, and nothing of it is a defect. */
const refusing = (begin: (stage: Stage) => void, end: (stage: Stage) => void) =>
  async function refused(stage: Stage): Promise<Course> {
    const { deliveries } = stage.size;
    const gateway = await stage.startGateway();
    const readiness = watchReadiness(gateway);
    const burst = stage.burst(deliveries, { rate: RATE, onStatus: readiness.answered });
    await burst.reached(202, Math.floor(deliveries * 0.25));
    begin(stage);
    await burst.reached(503, REFUSALS);
    await wait(REFUSING_MS);
    end(stage);
    const sent = await burst.done;
    const { faults: untrue, wrongMs } = await readiness.end();
    const outages = stage.told["store.away"] ?? 0;
    const faults = [
      ...untrue,
      ...Object.keys(stage.defects).map((defect) => `told as a defect: ${defect}`),
      ...(outages === 1 ? [] : [`one outage was told of ${outages} times`]),
      ...Object.keys(sent.statuses).flatMap((status) =>
        status === "202" || status === "503" ? [] : [`answered with status ${status}, expected 503`],
      ),
    ];
    return { sent: [sent], measured: { refused: sent.statuses[503] ?? 0, untrueMs: wrongMs }, faults };
  };

const readOnly = (on: boolean) => (stage: Stage) =>
  stage.postgres.server.run(
    `ALTER SYSTEM SET default_transaction_read_only = ${on ? "on" : "off"}`,
    "SELECT pg_reload_conf()",
  );

export const POSTGRES_ROWS = [
  { number: 24, name: "Postgres killed, its standby promoted", store: "standby", run: succeeded },
  { number: 25, name: "Postgres hangs, is deposed, returns", store: "standby", run: deposed },
  { number: 26, name: "PgBouncer restarted twice", store: "pgbouncer", run: pooled },
  {
    ...{ number: 27, name: "Postgres read-only", store: "postgres" },
    run: refusing(readOnly(true), readOnly(false)),
  },
  {
    ...{ number: 28, name: "Postgres on a full disk", store: "small-disk", lacks: lacksSmallDisk },
    run: refusing(
      (stage) => stage.postgres.disk.fill(),
      (stage) => stage.postgres.disk.free(),
    ),
  },
] as const satisfies readonly Row[];
