/** All that the embedded ledger does in the database's thread; each is atomic there. */

import type { BackupRecord } from "../../../core/backup.ts";
import type { LateDecision } from "../../../core/decision.ts";
import type { ObjectName } from "../../../core/delivery.ts";
import type { Act, DeliveryFilter, KeptBatch } from "../../../core/ledger.ts";
import type { RunName, RunProgress } from "../../../core/progress.ts";
import type { Refusal, RefusalFilter } from "../../../core/refusal.ts";
import type { SqliteConnections } from "../../../core/sqlite.ts";
import { groupOf } from "../dead-groups.ts";
import type { Forgettable } from "../prune.ts";
import { summaryOf } from "../record.ts";
import { attempt, type Try } from "./attempts.ts";
import { auditOperations } from "./audit.ts";
import * as backup from "./backup.ts";
import { follow, running } from "./follow.ts";
import * as operator from "./operator.ts";
import * as prune from "./prune.ts";
import * as reads from "./reads.ts";
import { keepRefused, refused } from "./refusals.ts";
import type { Decided } from "./rows.ts";
import { count, type PageOf, search } from "./search.ts";
import { accept, type ClaimTime, claim, decide, decideLate, type Entry } from "./writes.ts";

/** Bytes that a delivery with its decisions takes several times over. */
const ROOM = 256 * 1024;

export type LedgerOperations = ReturnType<typeof ledgerOperations>;

export function ledgerOperations({ db, reader }: SqliteConnections) {
  return {
    accept: (entry: Entry, key: string | undefined, time: ClaimTime) => accept(db, entry, key, time),
    claim: (id: string, key: string, time: ClaimTime) => claim(db, id, key, time).id,
    decide: (id: string, decided: Decided) => decide(db, id, decided),
    decideLate: (id: string, late: readonly LateDecision[]) => decideLate(db, id, late),
    attempt: (tried: Try) => attempt(db, tried),
    follow: (delivery: string, run: RunName, progress: RunProgress) => follow(db, delivery, run, progress),
    running: (page: PageOf) => running(db, page),
    find: (id: string) => reads.find(db, id),
    load: (id: string) => reads.load(db, id),
    forgetBody: (id: string) => prune.forgetBody(db, id),
    usage: (listener: ObjectName | undefined) => reads.usage(db, listener),
    list(filter: DeliveryFilter, page: PageOf) {
      const { items, next } = search(db, filter, page);
      return { items: items.map(summaryOf), ...(next !== undefined && { next }) };
    },
    dead: (filter: DeliveryFilter, page: PageOf) => search(db, { ...filter, outcome: "dead" }, page),
    deadOf(fingerprint: string, page: PageOf) {
      const { items, next } = search(
        db,
        { outcome: "dead" },
        page,
        (found) => groupOf(found) === fingerprint,
      );
      return { items: items.map(({ facts }) => facts.id), ...(next !== undefined && { next }) };
    },
    count: (filter: DeliveryFilter) => count(db, filter),
    pending: (before: number, page: PageOf) => reads.pending(db, before, page),
    missing: (ids: readonly string[]) => reads.missing(db, ids),
    reopen: (id: string, at: number, only: ReadonlySet<string> | undefined) =>
      operator.reopen(db, id, at, only),
    drop: (id: string, act: Act) => operator.drop(db, id, act),
    record: (act: Act) => operator.record(db, act),
    acts: (page: PageOf) => operator.acts(db, page),
    keepBatch: (batch: KeptBatch) => operator.keepBatch(db, batch),
    batches: () => operator.batches(db),
    batch: (id: string) => operator.batch(db, id),
    look: (now: number) => prune.look(db, now),
    highWater: () => prune.highWater(db),
    forget: (kind: Forgettable, before: number, atMost: number, now: number) =>
      prune.forget(db, kind, before, atMost, now),
    strip: (before: number, atMost: number) => prune.strip(db, before, atMost),
    kept: () => prune.kept(db),
    backupDeliveries: (cursor: string) => backup.deliveriesFrom(db, cursor),
    backupClaims: (cursor: string) => backup.claimsFrom(db, cursor),
    backupActs: (cursor: string) => backup.actsFrom(db, cursor),
    backupBatches: () => backup.batchesFrom(db),
    restore: (item: BackupRecord) => backup.restore(db, item),
    bodiless: (ids: readonly string[]) => prune.bodiless(db, ids),
    keepRefused: (refusals: readonly Refusal[]) => keepRefused(db, refusals),
    refused: (filter: RefusalFilter, limit: number) => refused(db, filter, limit),
    ...auditOperations({ reader }),
    /** A small write. */
    ping: (): void =>
      void db.run("INSERT OR REPLACE INTO total (name, count) VALUES ('pinged', ?)", Date.now()),
    /** Takes room as a delivery does; {@link giveRoom} gives it back. */
    takeRoom: (): void =>
      void db.run("INSERT OR REPLACE INTO content (id, head) VALUES ('room', zeroblob(?))", ROOM),
    giveRoom: (): void => void db.run("DELETE FROM content WHERE id = 'room'"),
  };
}
