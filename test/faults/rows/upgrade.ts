/** Rows in which two versions work on one store: 0.1, then it and the one at hand, then 0.1 again. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, type GatewayProcess } from "../../helpers/gateway.ts";
import { checkOut, lacksHistory, VERSION_0_1 } from "../../helpers/old-version.ts";
import { NODE, ROOT } from "../../helpers/process.ts";
import type { Burst, Stage, Variant } from "../stage.ts";
import type { Course, Row } from "./row.ts";

/** As docs/durability.md has it: while a version works there that does not sign, what is not signed is believed. */
const DURING: Variant = { flags: ["--store-integrity", "adopt"] };

/** Objects that the API server refuses for good: their jobs die, and are retried by the other version. */
const REFUSED = 6;
const REFUSAL = { type: "status", status: 422, reason: "Invalid" } as const;
/** Milliseconds for which it is away while both versions work: jobs that one tries first, the other may try again. */
const AWAY_MS = 1_500;

/**
 * A rolling upgrade and the way back, under load. Senders that a gateway turned away as it left bring their deliveries
 * again, with the same ids, to its successor, which is of another version and listens where it did.
 */
async function thereAndBack(stage: Stage): Promise<Course> {
  using old = checkOut(VERSION_0_1);
  const before: Variant = { root: old.root };
  const part = Math.floor(stage.size.deliveries / 5);
  const bursts: Burst[] = [];
  const faults: string[] = [];

  /** Lets some die, and sees that they do. */
  const dieUnder = async (gateway: GatewayProcess): Promise<void> => {
    await stage.api.fault({ method: "POST", path: "/pipelineruns", times: REFUSED, action: REFUSAL });
    const burst = stage.burst(part);
    bursts.push(burst);
    await burst.done;
    const { dead } = await eventually(gateway.audit, ({ pending }) => pending === 0);
    if (dead === 0) faults.push("nothing died, so nothing shows that dead letters can be retried");
  };
  const replace = async (gateway: GatewayProcess, by: Variant): Promise<GatewayProcess> => {
    const burst = stage.burst(part);
    bursts.push(burst);
    await burst.reached(202, Math.floor(part / 4));
    await gateway.stop();
    const successor = await stage.startGateway(gateway.ports, {}, by);
    await burst.done;
    return successor;
  };
  const retryDead = async (root: string, gateway: GatewayProcess): Promise<void> => {
    const command = [join(root, "src/cli/run.ts"), "dead", "retry", "--all", "--yes", "--store", stage.url];
    await promisify(execFile)(NODE, command);
    const { dead } = await eventually(gateway.audit, ({ pending }) => pending === 0);
    if (dead !== 0) faults.push(`${dead} dead letters of the other version are dead after their retry`);
  };

  let first = await stage.startGateway({}, {}, before);
  let second = await stage.startGateway({}, {}, before);
  await dieUnder(first);
  first = await replace(first, DURING);
  await stage.api.down(AWAY_MS);
  second = await replace(second, DURING);
  await retryDead(ROOT, second);

  await dieUnder(second);
  first = await replace(first, before);
  await stage.api.down(AWAY_MS);
  second = await replace(second, before);
  await retryDead(old.root, second);
  return { sent: await Promise.all(bursts.map(({ done }) => done)), faults };
}

const lacks = (): string | undefined => lacksHistory(VERSION_0_1);

export const UPGRADE_ROWS = [
  { number: 29, name: "0.1 to this version and back, on Redis", store: "redis", run: thereAndBack, lacks },
  {
    ...{ number: 30, name: "0.1 to this version and back, on Postgres", store: "postgres" },
    ...{ run: thereAndBack, lacks },
  },
] as const satisfies readonly Row[];
