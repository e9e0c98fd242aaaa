/** Rows in which the master under Sentinel hangs for a while and returns after it was deposed. */

import { eventually } from "../../helpers/gateway.ts";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";
import { wait } from "./row.ts";

/** Deliveries a second: the burst outlasts the hang and the failover. */
const RATE = 150;

/**
 * The master is frozen (connections stay, nothing is answered), its replica is promoted, and the old master goes on: until
 * Sentinel demotes it, it takes writes that the demotion erases.
 */
const hangs = (frozenMs: number) =>
  async function hung(stage: Stage): Promise<Course> {
    const { deliveries } = stage.size;
    const { master, role } = stage.sentinel;
    await stage.startGateway();
    await stage.startGateway();
    const burst = stage.burst(deliveries, { rate: RATE });
    await burst.reached(202, Math.floor(deliveries * 0.1));
    master.freeze();
    await wait(frozenMs);
    master.thaw();
    const sent = await burst.done;
    await eventually(
      () => role(master),
      (now) => now === "slave",
    );
    return { sent: [sent] };
  };

const FLAGS = ["--durability", "replicated"] as const;

export const SENTINEL_ROWS = [
  { number: 12, name: "Sentinel's master hangs 3.5 s", store: "sentinel", flags: FLAGS, run: hangs(3_500) },
  { number: 13, name: "Sentinel's master hangs 7 s", store: "sentinel", flags: FLAGS, run: hangs(7_000) },
] as const satisfies readonly Row[];
