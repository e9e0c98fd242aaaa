/** Batches that are kept in the store: listed, and ended, whichever gateway works on them. */

import type { Batch } from "../admin/batch.ts";
import { counted, nameOf } from "./batch-watch.ts";
import { ago, type Console } from "./console.ts";
import type { Client } from "./http.ts";
import { EXIT, type Exit, type Options } from "./verb.ts";

/** Shows the latest, newest first. */
export async function listBatches(
  console: Console,
  client: Client,
  path: string,
  options: Options,
): Promise<Exit> {
  const found = await client.ask<{ readonly items: readonly Batch[] }>("GET", path);
  if (options["output"] === "json") console.json(found);
  else if (found.items.length === 0) console.note("nothing of many was ordered yet");
  else {
    const now = Date.now();
    const rows = found.items.map((batch) => {
      const { id, startedAt, actor, selection, reason = "" } = batch;
      return [id, ago(startedAt, now), stateOf(batch, now), counted(batch), actor, selection, reason];
    });
    console.table(["ID", "AGE", "STATE", "DONE", "WHO", "WHICH", "WHY"], rows);
  }
  return EXIT.ok;
}

/** Ends one after the delivery in hand. */
export async function cancelBatch(
  console: Console,
  client: Client,
  path: string,
  id: string,
  options: Options,
): Promise<Exit> {
  const batch = await client.ask<Batch>("DELETE", `${path}/${encodeURIComponent(id)}`);
  if (options["output"] === "json") console.json(batch);
  else {
    console.out(`${nameOf(batch)} is ${batch.state}: ${counted(batch)}`);
    if (batch.endedAt === undefined)
      console.note("its gateway was asked to end it, which it does when it speaks next and is done with one");
  }
  return batch.endedAt === undefined ? EXIT.no : EXIT.ok;
}

/** A process speaks each second; more than this is worth a word, milliseconds. */
const QUIET_MS = 5_000;

function stateOf({ state, saidAt, mode }: Batch, now: number): string {
  const how = mode === "act" ? state : `${state} (${mode})`;
  return saidAt !== undefined && now - saidAt > QUIET_MS ? `${how}, last heard ${ago(saidAt, now)}` : how;
}
