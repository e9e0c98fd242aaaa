/** Acts: what a person does is written down before it is done, so that nothing is done that nobody answers for. */

import type { Act, ActNote, Ledger, Page } from "../core/ledger.ts";
import { actorOf } from "./access.ts";
import { readOrder } from "./batch-kept.ts";
import { isId, words } from "./fields.ts";
import type { Caller } from "./route.ts";
import { ALL } from "./select.ts";
import type { ApiServices } from "./services.ts";

/** Who and why, as a request says it. */
export const NOTE = {
  reason: words("why; kept with what is done"),
  actor: words("who asks, beside the token's name"),
} as const;

export type Signed = ActNote & { readonly actor: string };

/** The note that is kept: the token's name is always part of it. */
export function signed(caller: Caller, { reason, actor }: ActNote): Signed {
  return { actor: actorOf(caller, actor), ...(reason !== undefined && { reason }) };
}

/** Something that a person does to something. */
export interface Deed {
  readonly verb: string;
  readonly subject: string;
  /** The order of many that it begins; that somebody goes on with one is an act of its own. */
  readonly batch?: string;
  readonly note: Signed;
}

type Needs = Pick<ApiServices, "ledger" | "tell" | "clock">;

/**
 * Writes a deed down, does it, and tells that it is done.
 *
 * @throws SluiceError SLUICE_STORE_AWAY before anything is done; whatever `work` throws.
 */
export async function onRecord<T>(needs: Needs, deed: Deed, work: () => Promise<T>): Promise<T> {
  await writeDown(needs, deed);
  const result = await work();
  needs.tell({ type: "act.done", verb: deed.verb, subject: deed.subject, ...deed.note });
  return result;
}

export function writeDown(
  { ledger, clock = Date.now }: Needs,
  { verb, subject, note, batch }: Deed,
): Promise<void> {
  return ledger.record({ at: clock(), verb, subject, ...note, ...(batch !== undefined && { batch }) });
}

/** An act in a list, or all acts of one order: then how many deliveries it was done to, of drops so far in the list. */
export type FoldedAct = Act & { readonly count?: number };

/** Reads of one page: an order of many may fill all of them, and then goes on with the next page. */
const MOST_READS = 50;

/**
 * The acts, newest first, those of one order of many as one: its words and its reason, the time of the latest.
 *
 * @returns at most `limit`; an order that is longer than a page has an entry on each.
 */
export async function foldedActs(
  ledger: Pick<Ledger, "acts" | "batch">,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<FoldedAct>> {
  const entries: FoldedAct[] = [];
  const places = new Map<string, number>();
  let next = cursor;
  for (let reads = 0; entries.length < limit && reads < MOST_READS; reads++) {
    const rest = limit - entries.length;
    const found = await ledger.acts(next === undefined ? { limit: rest } : { limit: rest, cursor: next });
    for (const act of found.items) {
      const place = act.batch === undefined ? undefined : places.get(act.batch);
      if (act.batch !== undefined && place === undefined) places.set(act.batch, entries.length);
      const before = place === undefined ? undefined : entries[place];
      // What ordered it names no delivery, and is the oldest: its words stand for all.
      const count = (before?.count ?? 0) + (isDropOfOne(act) ? 1 : 0);
      const entry = { ...act, ...(before && { at: before.at }), ...(count > 0 && { count }) };
      if (place === undefined) entries.push(entry);
      else entries[place] = entry;
    }
    next = found.next;
    if (next === undefined) break;
  }
  const items = await Promise.all(entries.map((entry) => counted(ledger, entry)));
  return { items, ...(next !== undefined && { next }) };
}

/** Drops alone are written down one by one; an order of all has a subject that looks like an id. */
function isDropOfOne({ batch, verb, subject }: Act): boolean {
  return batch !== undefined && verb === "drop" && subject !== ALL && isId(subject);
}

/** Of other orders the batch knows to how many it was done, as long as it is kept. */
async function counted(ledger: Pick<Ledger, "batch">, entry: FoldedAct): Promise<FoldedAct> {
  const { batch, verb, count } = entry;
  if (batch === undefined || count !== undefined) return entry;
  const kept = await ledger.batch(batch);
  const done = kept && readOrder(kept, kept.at).batch.done;
  // The drops of such an order stand on the page before.
  if (done === undefined || (verb === "drop" && done > 0)) return entry;
  return { ...entry, count: done };
}
