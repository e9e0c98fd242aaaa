/** The ledger on Postgres. */

import type { Archive } from "../../../core/backup.ts";
import { fault, SluiceError } from "../../../core/errors.ts";
import type { StoreKeys } from "../../../core/integrity.ts";
import type { Ledger, Outcome } from "../../../core/ledger.ts";
import type { RefusalLog } from "../../../core/refusal.ts";
import type { Sql } from "../../../core/sql.ts";
import { deathOf, failureOf } from "../cause.ts";
import { claimOf } from "../claim.ts";
import { encodeDecisions } from "../codec.ts";
import { ATTEMPTS_KEPT, DEDUPE_WINDOW_MS } from "../limits.ts";
import { missingSql } from "../missing.ts";
import { failedOf, lineOf, lineOfAttempt, nameOfRun, refuseJob, triggersOf, workIdsOf } from "../record.ts";
import { createSeals } from "../sealed.ts";
import { createPatience } from "../stall-timeout.ts";
import { clean } from "../text.ts";
import { unprovedTotal } from "../totals.ts";
import { actsSql, recordSql } from "./acts.ts";
import { auditSql } from "./audit.ts";
import { backupSql } from "./backup.ts";
import { batchesSql, batchSql, keepBatchSql } from "./batches.ts";
import { deadGroupsSql, deadOfSql, dropSql, reopenSql } from "./dead.ts";
import { followSql, runningSql } from "./follow.ts";
import { decideLateSql } from "./late.ts";
import { migrate } from "./migrations.ts";
import { highWaterSql, pruneSql } from "./prune.ts";
import { findSql, loadSql, pendingSql } from "./reads.ts";
import { keepRefusedSql, refusedSql } from "./refusals.ts";
import { restoreSql } from "./restore.ts";
import { again } from "./retry-conflicts.ts";
import { askForRoom } from "./room.ts";
import { countSql, listSql } from "./search.ts";
import { ACCEPT, ATTEMPT, acceptValues, CLAIM, DECIDE } from "./writes.ts";

export interface SqlLedgerNeeds {
  /** Whoever opened it closes it. */
  readonly sql: Sql;
  /** Sign records and encrypt bodies; without them neither is done, and all is believed. */
  readonly keys?: StoreKeys | undefined;
  /** The store's clock, milliseconds since the epoch; only the memory of dedupe keys asks for it. */
  readonly clock?: () => number;
  /** Milliseconds that the clock may have jumped ahead: what is remembered ages without them. */
  readonly jumped?: () => number;
}

const USAGE = `SELECT
  (SELECT sum(count)::bigint FROM sluice.total WHERE outcome = 'bytes') AS bytes,
  (SELECT sum(count)::bigint FROM sluice.total WHERE outcome = $1) AS unproved`;

const stateOf = { done: "created", retry: "pending", dead: "dead" } as const;

/**
 * Opens the ledger in schema `sluice`, made or brought up to date first.
 *
 * @throws SluiceError SLUICE_STORE_AWAY, or SLUICE_STORE_VERSION when a newer version wrote there.
 */
export async function createSqlLedger(needs: SqlLedgerNeeds): Promise<Ledger & Archive & RefusalLog> {
  const { clock = Date.now, jumped = () => 0 } = needs;
  const window = () => DEDUPE_WINDOW_MS + jumped();
  const sql = again(needs.sql);
  let full = false;
  const ask = createPatience(undefined, (thrown) => {
    full ||= thrown instanceof SluiceError && thrown.code === "SLUICE_STORE_FULL";
  });
  const seals = createSeals(needs.keys);
  await migrate(sql);
  const backup = backupSql(sql);
  const restore = restoreSql(sql);

  return {
    async accept(entry) {
      type Row = { first: string | null; outcome: Outcome | null };
      const sealed = entry.keepsBody === false ? null : seals.body(entry.delivery);
      const body = sealed instanceof Promise ? await sealed : sealed;
      const [row] = await ask(
        sql.query<Row>(ACCEPT, acceptValues(entry, body, { now: clock(), window: window() }, seals)),
      );
      const first = row?.first ?? null;
      if (first === null) return { kind: "accepted" };
      const outcome = row?.outcome ?? (await outcomeOf(first));
      return { kind: "duplicate", of: first, outcome };
    },

    async claim({ id, listener }, dedupeKey) {
      const values = [id, claimOf(listener, dedupeKey), clock(), window()];
      const [row] = await ask(sql.query<{ id: string }>(CLAIM, values));
      return row?.id ?? id;
    },

    async decide(id, decisions) {
      const jobs = workIdsOf(id, decisions);
      const values = [id, lineOf(decisions), failedOf(decisions), encodeDecisions(decisions), jobs];
      const found = [failureOf(decisions), triggersOf(decisions)];
      const rows = await ask(sql.query(DECIDE, [...values, ...found]));
      if (rows.length === 0) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    },

    decideLate: (id, late) => ask(decideLateSql(sql, clean(id), late)),

    async attempt(job, attempt) {
      const names = attempt.runs.map(nameOfRun);
      const made = attempt.runs.map((run) => JSON.stringify(run));
      const tried = [JSON.stringify(attempt), lineOfAttempt(attempt), ATTEMPTS_KEPT];
      const values = [
        job.delivery,
        job.id,
        attempt.number,
        stateOf[attempt.outcome],
        ...tried,
        names,
        made,
        deathOf(attempt),
      ];
      const [row] = await ask(sql.query<{ place: number | null }>(ATTEMPT, values));
      if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id: job.delivery });
      if (row.place === null) refuseJob(job.delivery, job.id);
    },

    async forgetBody(id) {
      await ask(
        sql.query("UPDATE sluice.delivery SET body = NULL WHERE id = $1 AND outcome <> 'pending'", [
          clean(id),
        ]),
      );
    },

    async usage(listener = { namespace: "", name: "" }) {
      type Row = { bytes: number | string | null; unproved: number | string | null };
      const [row] = await ask(sql.query<Row>(USAGE, [unprovedTotal(listener)]));
      return { bytes: Number(row?.bytes ?? 0), unproved: Number(row?.unproved ?? 0) };
    },

    follow: (delivery, run, progress) => ask(followSql(sql, clean(delivery), run, progress)),
    running: (page) => ask(runningSql(sql, page)),
    find: (id) => ask(findSql(sql, clean(id))),
    load: (id) => ask(loadSql(sql, clean(id), seals)),
    list: (filter, page) => ask(listSql(sql, filter, page)),
    pending: (before, page) => ask(pendingSql(sql, before, page)),
    audit: () => auditSql(sql),
    count: (filter) => ask(countSql(sql, filter)),
    deadGroups: (filter) => ask(deadGroupsSql(sql, filter)),
    deadOf: (fingerprint, page) => ask(deadOfSql(sql, fingerprint, page)),
    reopen: (id, at, only) => ask(reopenSql(sql, clean(id), at, only)),
    drop: (id, act) => ask(dropSql(sql, clean(id), act)),
    record: (act) => ask(recordSql(sql, act)),
    keepBatch: (batch) => ask(keepBatchSql(sql, batch)),
    batches: () => ask(batchesSql(sql)),
    batch: (id) => ask(batchSql(sql, id)),
    acts: (page) => ask(actsSql(sql, page)),
    prune: (policy, now, limit) => pruneSql(sql, policy, now, limit),
    highWater: () => ask(highWaterSql(sql)),

    keepRefused: (refusals) => ask(keepRefusedSql(sql, refusals)),
    refused: (filter, limit) => ask(refusedSql(sql, filter, limit)),
    missing: (ids) => ask(missingSql(sql, ids)),
    backup: (cursor) => ask(backup(cursor)),
    restore: (items) => ask(restore(items)),

    async ping() {
      // A server that only answers may refuse every write: a standby, a full disk.
      await ask(sql.query("UPDATE sluice.sluice_migration SET at = at WHERE version = 1"));
      // A full disk takes a row that is changed in place, and no delivery.
      if (!full) return;
      await ask(askForRoom(sql));
      full = false;
    },

    async close() {},
  };

  /** The first one's row was committed while our statement waited for it. */
  async function outcomeOf(id: string): Promise<Outcome> {
    const [row] = await ask(
      sql.query<{ outcome: Outcome }>("SELECT outcome FROM sluice.delivery WHERE id = $1", [id]),
    );
    if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    return row.outcome;
  }
}
