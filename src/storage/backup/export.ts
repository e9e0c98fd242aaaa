/** Writes an export, and finds where one that was cut off goes on. */

import type { BackupDelivery, BackupRead } from "../../core/backup.ts";
import { behindDelivery } from "../ledger/backup.ts";
import { type Counts, endLine, headLine, NOTHING, readHead, readLine } from "./format.ts";
import type { Line } from "./lines.ts";

/** Where an export goes on. */
export interface Beginning {
  /** Absent: with its first line. */
  readonly cursor?: string;
  /** What is in it already. */
  readonly counts: Counts;
}

export const START: Beginning = { counts: NOTHING };

export interface ExportNeeds {
  readonly read: BackupRead;
  /** Resolves when it has room for more. */
  readonly write: (text: string) => Promise<void>;
  /** True once nothing more is wanted. */
  readonly stopped: () => boolean;
  /** Hears how far it is. */
  readonly progress?: (counts: Counts) => void;
  readonly clock?: () => number;
}

/** @returns what is in the export; `whole` is false when it was stopped before its end. */
export async function writeExport(
  { read, write, stopped, progress, clock = Date.now }: ExportNeeds,
  { cursor: from, counts: before }: Beginning = START,
): Promise<{ readonly counts: Counts; readonly whole: boolean }> {
  const counts: Record<keyof Counts, number> = { ...before };
  if (from === undefined) await write(`${headLine(clock())}\n`);
  let cursor = from;
  do {
    if (stopped()) return { counts, whole: false };
    const page = await read(cursor);
    if (page.items.length > 0) await write(page.items.map((item) => `${JSON.stringify(item)}\n`).join(""));
    for (const { type } of page.items) counts[type]++;
    progress?.(counts);
    cursor = page.next;
  } while (cursor !== undefined);
  await write(`${endLine(counts)}\n`);
  return { counts, whole: true };
}

/** What an export that is there holds. */
export interface Begun extends Beginning {
  /** Bytes that are kept; what stands behind them is written anew. */
  readonly bytes: number;
  readonly whole: boolean;
}

/**
 * Finds where an export goes on: behind its last delivery. What follows the deliveries is short, and begins anew.
 *
 * @throws SluiceError SLUICE_EXPORT_INVALID, SLUICE_EXPORT_VERSION.
 */
export async function findEnd(lines: AsyncIterable<Line>): Promise<Begun> {
  let bytes = 0;
  let deliveries = 0;
  let last: BackupDelivery | undefined;
  for await (const { line, text, end } of lines) {
    if (line === 1) {
      readHead(text);
      bytes = end;
      continue;
    }
    const item = readLine(text, line);
    if (item.type === "end") return { bytes: end, counts: item.counts, whole: true };
    if (item.type !== "delivery") continue;
    [last, bytes] = [item, end];
    deliveries++;
  }
  const counts = { ...NOTHING, delivery: deliveries };
  if (last !== undefined) return { bytes, counts, whole: false, cursor: behindDelivery(last) };
  // Not even a delivery, or not even the first line: from the beginning, with a head of its own.
  return { bytes: 0, counts, whole: false };
}
