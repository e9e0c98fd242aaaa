/** What a backup of a ledger holds, whatever the store: each item is whole, and bytes are as they were stored. */

import type { Act, DeliverySummary, JobRecord, KeptBatch, Outcome, Page } from "./ledger.ts";

/** Raised when items of older versions would be misread; what is only added does not raise it. */
export const BACKUP_FORMAT = 1;

/** The searched fields of a delivery: written once, never changed. */
export type BackupFacts = Omit<DeliverySummary, "outcome" | "duplicateOf" | "dropped" | "reason" | "runs">;

/** A delivery with everything that the ledger knows of it. Requests keep the signature that they were stored with. */
export interface BackupDelivery {
  readonly type: "delivery";
  readonly facts: BackupFacts;
  readonly outcome: Outcome;
  readonly duplicateOf?: string;
  /** Request line and headers, in base64 as all bytes here; compressed and signed as they were stored. */
  readonly head: string;
  /** Absent where none is kept, or not any more. Compressed, and encrypted where that was set. */
  readonly body?: string;
  /** Absent while a worker has still to decide. */
  readonly decisions?: string;
  readonly said: string;
  readonly tried: string;
  /** How many decisions failed, and why the first of them did. */
  readonly failed: number;
  readonly failure: string;
  readonly death: string;
  readonly dropped?: string;
  readonly jobs: readonly { readonly id: string; readonly state: JobRecord["state"] }[];
  /** JSON of each try. */
  readonly attempts: readonly { readonly job: string; readonly number: number; readonly text: string }[];
  /** JSON of each created object, and of what has become of it. */
  readonly runs: readonly {
    readonly job: string;
    readonly name: string;
    readonly text: string;
    readonly phase?: string;
    readonly progress?: string;
  }[];
  readonly reopened: readonly { readonly job: string; readonly at: number; readonly attempts: number }[];
}

/** Who came first with a dedupe key: what duplicates are recognised by. */
export interface BackupClaim {
  readonly type: "claim";
  /** Hash of listener and dedupe key. */
  readonly key: string;
  readonly delivery: string;
  /** Milliseconds since the epoch; the duplicate window is counted from here. */
  readonly at: number;
  /** What became of the delivery, where that is forgotten by now. */
  readonly outcome?: Outcome;
}

export interface BackupAct {
  readonly type: "act";
  readonly act: Act;
}

export interface BackupBatch {
  readonly type: "batch";
  readonly batch: KeptBatch;
}

export type BackupItem = BackupDelivery | BackupClaim | BackupAct | BackupBatch;

/** In this order they stand in a backup: a claim counts only for a delivery that is there already. */
export const BACKUP_TYPES = [
  "delivery",
  "claim",
  "act",
  "batch",
] as const satisfies readonly BackupItem["type"][];

/** What only a ledger itself can put back; acts and batches go the way of new ones. */
export type BackupRecord = BackupDelivery | BackupClaim;

/** What became of items that were put into a ledger. */
export interface Restored {
  readonly added: number;
  /** Were there already, and stay as they are. */
  readonly known: number;
  /** Claims that no longer count, or of a delivery that is not there. */
  readonly void: number;
}

/**
 * Reads a page of everything that is kept. What was there before the first page is in it, each item as it was at one
 * moment; what came later may be. `next` outlives the process that gave it out.
 */
export type BackupRead = (cursor?: string) => Promise<Page<BackupItem>>;

/** A ledger that can be read whole, and put back. */
export interface Archive {
  /** @throws SluiceError SLUICE_REQUEST_INVALID for a cursor that it never gave out. */
  readonly backup: BackupRead;
  /** Puts deliveries and claims back, each whole; what is there already stays, so doing it twice is once. */
  restore(items: readonly BackupRecord[]): Promise<Restored>;
}
