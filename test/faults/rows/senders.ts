/** Rows in which the sender repeats itself. */

import { randomUUID } from "node:crypto";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";

const TIMES = 10;

/** Ten senders bring the same delivery at the same moment. */
async function tenOfEach(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  const ids = Array.from({ length: deliveries / TIMES }, () => randomUUID());
  await stage.startGateway();
  const deliveryId = (index: number) => ids[Math.floor(index / TIMES)] ?? "";
  const sent = await stage.burst(deliveries, { deliveryId }).done;
  return { sent: [sent], measured: { ids: ids.length } };
}

export const SENDER_ROWS = [
  { number: 11, name: "ten identical deliveries each", store: "redis", run: tenOfEach },
] as const satisfies readonly Row[];
