/** Rows in which the store is lost, and put back from exports. */

import { randomUUID } from "node:crypto";
import { statSync, truncateSync } from "node:fs";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";

/** The first burst outlasts the start of a process that exports. */
const BURST_S = 8;

/**
 * One export is made in the midst of the burst, another behind it, which is cut off and gone on with. All is wiped, both
 * are put back, the older one first: what it calls pending was created since. Then every delivery is sent again.
 */
async function restored(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  const ids = Array.from({ length: deliveries }, () => randomUUID());
  const deliveryId = (index: number) => ids[index] ?? "";
  const faults: string[] = [];
  const sluice = async (expected: number, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await stage.sluice(...args);
    if (code !== expected) faults.push(`sluice ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  };
  const [older, newer] = [stage.file("older.ndjson"), stage.file("newer.ndjson")];

  const gateway = await stage.startGateway();
  const burst = stage.burst(deliveries, { deliveryId, rate: deliveries / BURST_S });
  await burst.reached(202, Math.floor(deliveries * 0.1));
  await sluice(0, "ledger", "export", older);
  const first = await burst.done;
  await stage.drained();
  await sluice(0, "ledger", "export", newer);
  // As a kill leaves it: in the midst of a line.
  truncateSync(newer, Math.floor(statSync(newer).size / 2) + 1);
  await sluice(1, "ledger", "import", newer, "--dry-run");
  await sluice(0, "ledger", "export", newer, "--resume");

  await gateway.stop();
  await stage.wipe();
  const imported: { readonly read: { readonly delivery: number } }[] = [];
  for (const file of [older, newer])
    imported.push(JSON.parse(await sluice(0, "ledger", "import", file, "-o", "json")));
  await stage.startGateway(gateway.ports);
  const again = await stage.burst(deliveries, { deliveryId }).done;
  // Who was answered before is answered the same; who gave up may have been stored or not.
  const events = new Map(first.deliveries.map(({ delivery, event }) => [delivery, event]));
  for (const { delivery, event } of again.deliveries) {
    const before = events.get(delivery);
    if (before !== undefined && before !== event) faults.push(`${delivery} was ${before}, and then ${event}`);
  }
  const [inOlder = 0, inNewer = 0] = imported.map(({ read }) => read.delivery);
  return { sent: [first, again], measured: { inOlder, inNewer }, faults };
}

export const BACKUP_ROWS = [
  { number: 31, name: "Redis wiped, and put back from exports", store: "redis", run: restored },
  { number: 32, name: "embedded store removed, and put back", store: "embedded", run: restored },
] as const satisfies readonly Row[];
