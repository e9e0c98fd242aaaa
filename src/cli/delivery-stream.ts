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
/** About so many deliveries are shown of one look: of what comes faster the newest are. */
const MOST = 2_000;
const REMEMBERED = 4 * MOST;

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
  /** Outcome by id, of what was seen; the oldest are forgotten. */
  const seen = new Map<string, string>();
  const isNew = ({ id, outcome }: DeliverySummary): boolean => seen.get(id) !== outcome;
  const remember = (item: DeliverySummary): void => {
    seen.delete(item.id);
    seen.set(item.id, item.outcome);
    const [oldest = ""] = seen.keys();
    if (seen.size > REMEMBERED) seen.delete(oldest);
  };
  const show = (item: DeliverySummary): void => {
    if (json) console.jsonLine(item);
    else printLine(console, item);
  };
  /** What is new in the window, oldest first; a page of which all is known ends the look. */
  const look = async (): Promise<readonly DeliverySummary[]> => {
    const since = Math.max(filter.since ?? 0, Date.now() - WINDOW_MS);
    const found: DeliverySummary[] = [];
    for await (const page of pages(client, { ...filter, since })) {
      const fresh = page.filter(isNew);
      found.push(...fresh);
      if ((fresh.length === 0 && page.length > 0) || found.length >= MOST) break;
    }
    return found.reverse();
  };
  // What came before the first list and is not in it is older than what that shows: only its end is news.
  if (follow) for (const item of await look()) remember(item);
  const first = await client.ask<Page<DeliverySummary>>("GET", pathOf({ ...filter, limit }));
  for (const item of first.items.toReversed()) {
    remember(item);
    show(item);
  }
  if (!follow) return;
  const stopped = stop.then(() => true);
  while (!(await Promise.race([wait(EVERY_MS, false), stopped]))) {
    for (const item of await look()) {
      remember(item);
      show(item);
    }
  }
}

/** Every delivery that matches, newest first, as the pages of the API come. @param cursor where a list ended. */
export async function* every(
  client: Client,
  filter: DeliveryFilter,
  cursor?: string,
): AsyncGenerator<DeliverySummary> {
  for await (const page of pages(client, filter, cursor)) yield* page;
}

async function* pages(
  client: Client,
  filter: DeliveryFilter,
  from?: string,
): AsyncGenerator<readonly DeliverySummary[]> {
  let cursor = from;
  do {
    const { items, next } = await client.ask<Page<DeliverySummary>>(
      "GET",
      pathOf({ ...filter, limit: PAGE, cursor }),
    );
    yield items;
    cursor = next;
  } while (cursor !== undefined);
}

const pathOf = (query: object): string => `/api/v1/deliveries${queryOf(query)}`;
