/** The audit of the embedded ledger: rows are counted again, some at a time, in one snapshot, and compared. */

import { decideJobId } from "../../../core/identity.ts";
import { type Audit, OUTCOMES, type Outcome } from "../../../core/ledger.ts";
import type { SqliteCall, SqliteConnections } from "../../../core/sqlite.ts";
import { createTally, type Tally } from "../audit.ts";
import { total } from "./reads.ts";
import { type DeliveryRow, jobsIn, outcomeIn } from "./rows.ts";

/** Rows read in one step: others wait for it, and so does this process's event loop for its tally. */
const STEP = 1_000;

/** What an audit needs of a delivery. */
export interface AuditedDelivery {
  readonly id: string;
  readonly outcome: Outcome;
  /** What its own columns say that it is. */
  readonly derived: Outcome;
  /** Ids of the jobs that the queue must hold. */
  readonly open: readonly string[];
}

export interface AuditedRun {
  readonly seq: number;
  readonly name: string;
  readonly delivery: string;
}

/** The steps of an audit, for the thread. */
export function auditOperations({ reader }: Pick<SqliteConnections, "reader">) {
  return {
    auditBegin(): void {
      if (!reader.isTransaction()) reader.run("BEGIN");
    },
    auditEnd(): void {
      if (reader.isTransaction()) reader.run("COMMIT");
    },

    auditDeliveries(behind: string): readonly AuditedDelivery[] {
      type Row = Pick<DeliveryRow, "id" | "outcome" | "duplicate_of" | "said" | "failed" | "jobs">;
      const rows = reader.all<Row>(
        "SELECT id, outcome, duplicate_of, said, failed, jobs FROM delivery WHERE id > ? ORDER BY id LIMIT ?",
        ...[behind, STEP],
      );
      return rows.map((row) => {
        const { id, outcome, said } = row;
        const jobs = jobsIn(row);
        const open = jobs.filter(({ state }) => state === "pending").map((job) => job.id);
        const undecided = outcome === "pending" && said === "" ? [decideJobId(id)] : [];
        return { id, outcome, derived: outcomeIn(row, jobs), open: [...undecided, ...open] };
      });
    },

    auditRuns: (behind: number): readonly AuditedRun[] =>
      reader.all<AuditedRun>(
        "SELECT seq, name, delivery FROM run WHERE seq > ? ORDER BY seq LIMIT ?",
        behind,
        STEP,
      ),

    auditTotals: (): readonly (readonly [Outcome, number])[] =>
      OUTCOMES.map((outcome) => [outcome, total(reader, outcome) ?? 0]),
  };
}

export type AuditOperations = ReturnType<typeof auditOperations>;

/** Makes the audit of one ledger. Its connection has one snapshot at a time, so audits take turns. */
export function createSqliteAudit(call: SqliteCall<AuditOperations>): () => Promise<Audit> {
  let turn: Promise<unknown> = Promise.resolve();

  async function audit(): Promise<Audit> {
    const tally = createTally();
    try {
      await call("auditBegin");
      await tallyDeliveries(tally);
      await tallyRuns(tally);
      tally.compare(new Map(await call("auditTotals")));
    } finally {
      await call("auditEnd");
    }
    return tally.audit();
  }

  async function tallyDeliveries(tally: Tally): Promise<void> {
    for (let behind = "", more = true; more; ) {
      const rows = await call("auditDeliveries", behind);
      for (const { id, outcome, derived, open } of rows) {
        tally.delivery(outcome);
        for (const job of open) tally.pending(job);
        if (outcome !== derived)
          tally.violation(`delivery ${id} says ${outcome}, but its jobs say ${derived}`);
        behind = id;
      }
      more = rows.length === STEP;
    }
  }

  async function tallyRuns(tally: Tally): Promise<void> {
    for (let behind = 0, more = true; more; ) {
      const rows = await call("auditRuns", behind);
      for (const { seq, name, delivery } of rows) {
        tally.run(name, delivery);
        behind = seq;
      }
      more = rows.length === STEP;
    }
  }

  return () => {
    const made = turn.then(audit);
    turn = made.catch(() => {});
    return made;
  };
}
