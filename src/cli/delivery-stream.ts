/** Deliveries without end: followed as they come, or exported one after another. */

import { setTimeout as wait } from "node:timers/promises";
import type { DeliveryFilter, DeliverySummary, Page } from "../core/ledger.ts";
import type { Console } from "./console.ts";
import { printLine } from "./delivery-list.ts";
import { queryOf } from "./filters.ts";
import type { Client } from "./http.ts";

const EVERY_MS = 1_000;
/** How far back each look goes: gateways store at the same time, and what is pending comes to an end. */
const WINDOW_MS = 60_000;
const PAGE = 200;

export interface TailOptions {
  /** How many of those that came before are shown first. */
  readonly limit: number;
  readonly follow: boolean;
  readonly json: boolean;
}

/** Prints the latest deliveries, oldest first; then each that comes, and each that comes to an end, until stopped. */
export async function tail(
  console: Console,
  client: Client,
  filter: DeliveryFilter,
  { limit, follow, json }: TailOptions,
  stop: Promise<string>,
): Promise<void> {
  /** Outcome by id, of what was shown; the oldest are forgotten. */
  const shown = new Map<string, string>();
  const show = (items: readonly DeliverySummary[]): void => {
    for (const item of [...items].reverse()) {
      if (shown.get(item.id) === item.outcome) continue;
      shown.delete(item.id);
      shown.set(item.id, item.outcome);
      if (json) console.out(JSON.stringify(item));
      else printLine(console, item);
    }
    for (const id of [...shown.keys()].slice(0, -10 * PAGE)) shown.delete(id);
  };
  const list = (query: object) =>
    client.ask<Page<DeliverySummary>>("GET", `/api/v1/deliveries${queryOf({ ...filter, ...query })}`);

  show((await list({ limit })).items);
  if (!follow) return;
  const stopped = stop.then(() => true);
  while (!(await Promise.race([wait(EVERY_MS, false), stopped]))) {
    const since = Math.max(filter.since ?? 0, Date.now() - WINDOW_MS);
    show((await list({ limit: PAGE, since })).items);
  }
}

/** Every delivery that matches, newest first, as the pages of the API come. */
export async function* every(client: Client, filter: DeliveryFilter): AsyncGenerator<DeliverySummary> {
  let cursor: string | undefined;
  do {
    const path = `/api/v1/deliveries${queryOf({ ...filter, limit: PAGE, cursor })}`;
    const page = await client.ask<Page<DeliverySummary>>("GET", path);
    yield* page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}
