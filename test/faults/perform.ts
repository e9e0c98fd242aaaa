/** One row from its stage to its verdict. */

import type { Verdict } from "./judge.ts";
import { judge } from "./judge.ts";
import type { Row } from "./rows/row.ts";
import type { Size } from "./stage.ts";
import { openStage, TRIGGERS } from "./stage.ts";

export interface Outcome extends Verdict {
  readonly row: number;
  readonly name: string;
  /** Deliveries; one that was sent again counts once. */
  readonly sent: number;
  /** Answers by status; 0 is none. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly objects: number;
  /** Milliseconds from the end of the burst until nothing was pending and the queue was empty. */
  readonly drainMs: number;
  /** Milliseconds in all, stage included. */
  readonly tookMs: number;
  readonly measured: Readonly<Record<string, number>>;
  /** What gateways logged as defects of their own, and how often; no fault of the row, but worth a look. */
  readonly defects: Readonly<Record<string, number>>;
}

/**
 * Performs a row and judges it. Everything that was started is gone when it returns or throws.
 *
 * @param interrupted rejects to end it before its time.
 */
export async function perform(
  row: Row,
  size: Size,
  interrupted = new Promise<never>(() => {}),
): Promise<Outcome> {
  const from = performance.now();
  await using stage = await openStage(row.store, size, row.flags);
  const work = async (): Promise<Outcome> => {
    const { sent, measured = {}, faults = [] } = await row.run(stage);
    const drainMs = await stage.drained();
    const objects = await stage.objects();
    const deliveries = sent.flatMap((burst) => burst.deliveries);
    const verdict = judge({ triggers: TRIGGERS, sent: deliveries, objects, audit: await stage.audit() });
    return {
      ...{ row: row.number, name: row.name, sent: new Set(deliveries.map(({ delivery }) => delivery)).size },
      ...verdict,
      statuses: sum(sent.map(({ statuses }) => statuses)),
      objects: objects.length,
      drainMs: Math.round(drainMs),
      tookMs: Math.round(performance.now() - from),
      measured,
      faults: [...faults, ...verdict.faults],
      defects: stage.defects,
    };
  };
  return await Promise.race([work(), interrupted]);
}

function sum(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const count of counts)
    for (const [key, value] of Object.entries(count)) total[key] = (total[key] ?? 0) + value;
  return total;
}
