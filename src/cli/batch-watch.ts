/** A batch under way on the command line: begun, watched to its end, cancelled by who stops the command. */

import { setTimeout as wait } from "node:timers/promises";
import type { Batch } from "../admin/batch.ts";
import { asFault } from "../core/errors.ts";
import { oneLine } from "./console.ts";
import type { Client } from "./http.ts";
import { askWithValues } from "./values.ts";
import type { VerbContext } from "./verb.ts";

/** How often progress is asked for, milliseconds. */
const EVERY_MS = 200;

/** Starts a batch and watches it to its end; who stops the command cancels the batch. */
export async function started(
  context: VerbContext,
  client: Client,
  path: string,
  body: object,
  at = path,
): Promise<Batch> {
  const { console } = context;
  const batch = await client.ask<Batch>("POST", at, body);
  if (batch.mode === "act") console.note(`${nameOf(batch)} ${at === path ? "begins" : "goes on"}`);
  try {
    return await watched(context, client, `${path}/${encodeURIComponent(batch.id)}`, batch);
  } catch (error) {
    console.status(undefined);
    // Whoever loses sight of it must know where to look for it.
    if (batch.mode === "act" && batch.verb === "replay" && asFault(error).code === "SLUICE_GATEWAY_AWAY")
      console.note("how it ends is not known here: sluice replay --list shows it");
    throw error;
  }
}

async function watched(
  { console, stop }: VerbContext,
  client: Client,
  one: string,
  begun: Batch,
): Promise<Batch> {
  let batch = begun;
  const stopped = stop.then(() => "stop" as const);
  let told = 0;
  while (batch.endedAt === undefined && batch.state !== "interrupted") {
    if ((await Promise.race([wait(EVERY_MS), stopped])) === "stop") {
      batch = await client.ask<Batch>("DELETE", one);
      break;
    }
    batch = await client.ask<Batch>("GET", one);
    const tenth = Math.floor((10 * worked(batch)) / Math.max(1, batch.total));
    if (console.interactive) console.status(bar(batch));
    else if (tenth > told && batch.endedAt === undefined) console.note(`${worked(batch)} of ${batch.total}`);
    told = Math.max(told, tenth);
  }
  console.status(undefined);
  // What would differ is told in values.
  const differs = batch.mode === "dry-run" && batch.different > 0 && batch.results !== undefined;
  return differs ? askWithValues<Batch>(console, client, one) : batch;
}

/** `replay 019ab…`. */
export const nameOf = ({ verb, id }: Batch): string => `${verb} ${oneLine(id)}`;

/** How far it is: `12 of 41, 1 failed`. */
export function counted(batch: Batch): string {
  const { failed, total } = batch;
  return `${worked(batch)} of ${total}${failed > 0 ? `, ${failed} failed` : ""}`;
}

/** Deliveries that were looked after, whatever became of them. */
const worked = ({ done, skipped, failed }: Batch): number => done + skipped + failed;

const WIDTH = 24;

/** `[########----------------] 12 of 41, 1 failed`. */
export function bar(batch: Batch): string {
  if (batch.state === "selecting") return `looking for deliveries: ${batch.total}`;
  const full = Math.floor((WIDTH * worked(batch)) / Math.max(1, batch.total));
  return `[${"#".repeat(full).padEnd(WIDTH, "-")}] ${counted(batch)}`;
}
