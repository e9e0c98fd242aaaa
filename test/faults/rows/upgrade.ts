/** Rows in which two versions work on one store: 0.1, then it and the one at hand, then 0.1 again. */

import { checkOut, lacksHistory, VERSION_0_1 } from "../../helpers/old-version.ts";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";

/** As docs/durability.md has it: while a version works there that does not sign, what is not signed is believed. */
const DURING = { flags: ["--store-integrity", "adopt"] } as const;

/**
 * A rolling upgrade and the way back, under load. Each gateway that leaves is told to stop; senders that it turned away
 * bring their deliveries again, with the same ids, to a gateway of the other version.
 */
async function thereAndBack(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  using old = checkOut(VERSION_0_1);
  const before = { root: old.root };
  const part = Math.floor(deliveries / 5);

  const [first, second] = [await stage.startGateway({}, before), await stage.startGateway({}, before)];
  const sent = [stage.burst(part)];
  await sent[0]?.done;

  const mixed = stage.burst(part);
  await mixed.reached(202, Math.floor(part / 4));
  const third = await stage.startGateway(portsOf(await leave(stage, first)), DURING);
  sent.push(mixed);
  await mixed.done;

  const after = stage.burst(part);
  await after.reached(202, Math.floor(part / 4));
  const fourth = await stage.startGateway(portsOf(await leave(stage, second)), DURING);
  sent.push(after);
  await after.done;

  const back = stage.burst(part);
  await back.reached(202, Math.floor(part / 4));
  await stage.startGateway(portsOf(await leave(stage, third)), before);
  sent.push(back);
  await back.done;

  const last = stage.burst(part);
  await last.reached(202, Math.floor(part / 4));
  await stage.startGateway(portsOf(await leave(stage, fourth)), before);
  sent.push(last);
  return { sent: await Promise.all(sent.map(({ done }) => done)) };
}

type Gateway = Awaited<ReturnType<Stage["startGateway"]>>;

async function leave(_stage: Stage, gateway: Gateway): Promise<Gateway> {
  await gateway.stop();
  return gateway;
}

/** Its successor listens where it did, so that the burst under way finds it. */
const portsOf = ({ ports }: Gateway): Gateway["ports"] => ports;

const lacks = (): string | undefined => lacksHistory(VERSION_0_1);

export const UPGRADE_ROWS = [
  { number: 50, name: "0.1 to this version and back, on Redis", store: "redis", run: thereAndBack, lacks },
  {
    number: 51,
    name: "0.1 to this version and back, on Postgres",
    store: "postgres",
    run: thereAndBack,
    lacks,
  },
] as const satisfies readonly Row[];
