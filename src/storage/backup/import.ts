/** Reads an export into a ledger: what is there already stays, so an import that was cut off is simply made again. */

import { hash } from "node:crypto";
import type { Archive, BackupDelivery, BackupItem, BackupRecord, Restored } from "../../core/backup.ts";
import { type StoreKeys, unknownKey } from "../../core/integrity.ts";
import type { Act, Ledger } from "../../core/ledger.ts";
import { derivedOutcome } from "../ledger/backup.ts";
import { type Counts, invalidLine, NOTHING, readHead, readLine } from "./format.ts";
import type { Line } from "./lines.ts";
import { judgeDelivery, type Trust } from "./trust.ts";

/** Where an export is put. */
export type ImportLedger = Archive & Pick<Ledger, "acts" | "batch" | "keepBatch" | "record">;

export interface Imported {
  /** False when the export was cut off: it may lack deliveries, and all that duplicates are recognised by. */
  readonly whole: boolean;
  readonly at: number;
  readonly read: Counts;
  readonly result: Restored;
  /** Deliveries by what their signatures are worth under the store's keys. */
  readonly trust: Readonly<Record<Trust, number>>;
  /** Fingerprints of the keys that the store does not have. */
  readonly unknownKeys: readonly string[];
}

export interface ImportNeeds {
  readonly lines: AsyncIterable<Line>;
  /** Of the store. */
  readonly keys: StoreKeys | undefined;
  /** Absent: all is read and checked, and nothing is put anywhere. */
  readonly ledger?: ImportLedger;
  readonly progress?: (read: Counts) => void;
}

/** What is put into the ledger at once: items, and characters of their lines. */
const CHUNK = { items: 200, characters: 4 * 1_048_576 };

/**
 * @throws SluiceError SLUICE_EXPORT_INVALID, SLUICE_EXPORT_VERSION; SLUICE_STORE_KEY for a delivery with work to do that
 *   no gateway under these keys would do.
 */
export async function readExport({ lines, keys, ledger, progress }: ImportNeeds): Promise<Imported> {
  const read: Record<keyof Counts, number> = { ...NOTHING };
  const trust: Record<Trust, number> = { held: 0, unsigned: 0, unknown: 0, forged: 0 };
  const unknown = new Set<string>();
  const put = ledger && createPut(ledger);
  let result: Restored = { added: 0, known: 0, void: 0 };
  let at: number | undefined;
  let whole = false;
  let chunk: BackupItem[] = [];
  let characters = 0;

  const flush = async (): Promise<void> => {
    if (put !== undefined && chunk.length > 0) result = sum(result, await put(chunk));
    [chunk, characters] = [[], 0];
    progress?.(read);
  };

  for await (const { line, text } of lines) {
    if (at === undefined) {
      ({ at } = readHead(text));
      continue;
    }
    if (whole) throw invalidLine(line, "something stands behind its end");
    const item = readLine(text, line);
    if (item.type === "end") {
      whole = true;
      if (Object.entries(item.counts).some(([type, count]) => read[type as keyof Counts] !== count))
        throw invalidLine(line, "it counts other lines than there are");
      continue;
    }
    read[item.type]++;
    if (item.type === "delivery") {
      const judged = judgeDelivery(keys, item, line);
      trust[judged.trust]++;
      if (judged.trust === "unknown") unknown.add(refuseWork(keys, item, judged.key ?? ""));
    }
    chunk.push(item);
    characters += text.length;
    if (chunk.length >= CHUNK.items || characters >= CHUNK.characters) await flush();
  }
  await flush();
  if (at === undefined) throw invalidLine(1, "it is empty, or its first line was cut off");
  return { whole, at, read, result, trust, unknownKeys: [...unknown] };
}

/** What is over is kept under any key; work that nobody would believe in must not look as if it were restored. */
function refuseWork(keys: StoreKeys | undefined, item: BackupDelivery, key: string): string {
  if (derivedOutcome(item) === "pending" && keys?.adopt !== true)
    throw unknownKey(keys?.keyring, `pending delivery ${item.facts.id} of the export`, key);
  return key;
}

function createPut(ledger: ImportLedger): (items: readonly BackupItem[]) => Promise<Restored> {
  let acts: Promise<Set<string>> | undefined;

  async function one(item: BackupItem): Promise<keyof Restored> {
    if (item.type === "batch") {
      if ((await ledger.batch(item.batch.id)) !== undefined) return "known";
      await ledger.keepBatch(item.batch);
      return "added";
    }
    if (item.type !== "act") return "void";
    acts ??= digestsOf(ledger);
    if ((await acts).has(digest(item.act))) return "known";
    await ledger.record(item.act);
    return "added";
  }

  return async (items) => {
    const records = items.filter(
      (item): item is BackupRecord => item.type === "delivery" || item.type === "claim",
    );
    const counts = { ...(await ledger.restore(records)) };
    // One after the other: lists of them are in the order in which they were written.
    for (const item of items) if (item.type === "act" || item.type === "batch") counts[await one(item)]++;
    return counts;
  };
}

/** Acts have no ids; what they say, to the millisecond, tells one from the other. */
function digest({ at, verb, subject, actor, reason }: Act): string {
  return hash("sha256", JSON.stringify([at, verb, subject, actor, reason]), "base64url").slice(0, 22);
}

async function digestsOf(ledger: Pick<Ledger, "acts">): Promise<Set<string>> {
  const found = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await ledger.acts({ limit: 500, ...(cursor !== undefined && { cursor }) });
    for (const act of page.items) found.add(digest(act));
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

const sum = (one: Restored, other: Restored): Restored => ({
  added: one.added + other.added,
  known: one.known + other.known,
  void: one.void + other.void,
});
