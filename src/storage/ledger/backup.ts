/** What both drivers' backups share: the order of the sections, how a page ends, and the outcome of what is put back. */

import {
  BACKUP_TYPES,
  type BackupDelivery,
  type BackupItem,
  type BackupRead,
  type BackupRecord,
  type Restored,
} from "../../core/backup.ts";
import type { Outcome, Page } from "../../core/ledger.ts";
import { outcomeOf } from "../../core/outcome.ts";
import { refuseCursor } from "./acts.ts";
import { cursorOf, type Place } from "./page.ts";

/** Places looked at for one page of deliveries. */
export const BACKUP_PLACES = 200;
/** Stored bytes of one page of deliveries; a larger delivery is a page by itself. */
const PAGE_BYTES = 2 * 1_048_576;
/** Items written side by side. */
const TOGETHER = 16;

type Section = BackupItem["type"];

/** Reads a page of a section; `cursor` is empty at its beginning, `next` is absent at its end. */
export type ReadSection = (cursor: string) => Promise<Page<BackupItem>>;

/** Reads one section after the other. @throws SluiceError SLUICE_REQUEST_INVALID for a cursor that nobody gave out. */
export function readSections(sections: Readonly<Record<Section, ReadSection>>): BackupRead {
  return async (cursor = `${BACKUP_TYPES[0]}:`) => {
    const [type = "", ...rest] = cursor.split(":");
    const at = (BACKUP_TYPES as readonly string[]).indexOf(type);
    const section = BACKUP_TYPES[at];
    if (section === undefined) refuseCursor();
    const { items, next } = await sections[section](rest.join(":"));
    const following = BACKUP_TYPES[at + 1];
    if (next !== undefined) return { items, next: `${section}:${next}` };
    return following === undefined ? { items } : { items, next: `${following}:` };
  };
}

/** How many of some deliveries make a page. @param sizes their stored bytes, in order. */
export function fitting(sizes: readonly number[]): number {
  let sum = 0;
  const over = sizes.findIndex((size) => {
    sum += size;
    return sum > PAGE_BYTES;
  });
  return over === -1 ? sizes.length : Math.max(1, over);
}

/** Where deliveries go on behind these places; undefined when none can follow. */
export function onwards(taken: readonly Place[], looked: number): { readonly next?: string } {
  const last = taken.at(-1);
  const ended = last === undefined || (taken.length === looked && looked < BACKUP_PLACES);
  return ended ? {} : { next: cursorOf(last) };
}

/** Where a backup goes on that ended behind this delivery. */
export function behindDelivery({ facts }: BackupDelivery): string {
  return `${BACKUP_TYPES[0]}:${cursorOf(facts)}`;
}

/** The outcome that a record's own parts tell, as the SQL store derives it. */
export function derivedOutcome({
  duplicateOf,
  said,
  failed,
  jobs,
}: Pick<BackupDelivery, "duplicateOf" | "said" | "failed" | "jobs">): Outcome {
  if (duplicateOf !== undefined) return "duplicate";
  if (said === "") return "pending";
  const decisions = [
    ...Array.from({ length: Math.min(failed, 1) }, () => ({ result: "failed" as const })),
    ...jobs.map(() => ({ result: "matched" as const })),
  ];
  return outcomeOf(decisions, jobs);
}

/** Puts items back some at a time, claims behind the deliveries that hold them, and counts what became of them. */
export async function restoreEach(
  items: readonly BackupRecord[],
  restore: (item: BackupRecord) => Promise<keyof Restored>,
): Promise<Restored> {
  const counts = { added: 0, known: 0, void: 0 };
  for (const type of ["delivery", "claim"] as const) {
    const wanted = items.filter((item) => item.type === type);
    for (let from = 0; from < wanted.length; from += TOGETHER) {
      const results = await Promise.all(wanted.slice(from, from + TOGETHER).map(restore));
      for (const result of results) counts[result]++;
    }
  }
  return counts;
}

export const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
export const bytesOf = (text: string): Buffer => Buffer.from(text, "base64");
