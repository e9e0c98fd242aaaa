/** Tries of jobs, and what they made, in the embedded ledger. */

import { fault } from "../../../core/errors.ts";
import type { SqliteDatabase } from "../../../core/sqlite.ts";
import { ATTEMPTS_KEPT } from "../limits.ts";
import type { JobState } from "../record.ts";
import { refuseJob } from "../record.ts";
import { jobsIn, jobsText, moveOutcome, outcomeIn, reopenedIn, rowOf } from "./rows.ts";

/** One try of a job, as columns; made outside of the database's thread. */
export interface Try {
  readonly delivery: string;
  readonly job: string;
  readonly number: number;
  /** What the job is by it. */
  readonly state: JobState["state"];
  /** The attempt as JSON. */
  readonly text: string;
  /** Why it did not succeed; empty when it did. */
  readonly line: string;
  /** The cause, of a try that gave up; else empty. */
  readonly death: string;
  readonly runs: readonly { readonly name: string; readonly text: string }[];
}

/**
 * States only rise (pending, dead, created): it does not matter in which order, or how often, tries are recorded. A number
 * that is there already is replaced only by a try that moves the job. A try from before a job was reopened can no longer
 * kill it: it is stale.
 */
export function attempt(db: SqliteDatabase, tried: Try): void {
  const { delivery, job, number, state, line, death } = tried;
  const row = rowOf(db, delivery);
  if (row === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id: delivery });
  const jobs = jobsIn(row);
  const before = jobs.find(({ id }) => id === job)?.state;
  if (before === undefined) refuseJob(delivery, job);
  const stale = state === "dead" && number <= (reopenedIn(row).get(job)?.attempts ?? 0);
  const rises = (before === "pending" && state !== "pending") || (before === "dead" && state === "created");
  const moves = rises && !stale;
  const known = db.get(
    "SELECT 1 FROM attempt WHERE delivery = ? AND job = ? AND number = ?",
    delivery,
    job,
    number,
  );
  if (moves || known === undefined) {
    const tells = !stale && (moves || before === state);
    const outlived = state !== "dead" && jobs.some((one) => one.state === "dead");
    const after = moves ? jobs.map((one) => (one.id === job ? { id: job, state } : one)) : jobs;
    const outcome = moves ? outcomeIn(row, after) : row.outcome;
    db.run(
      "UPDATE delivery SET jobs = ?, outcome = ?, tried = ?, death = ? WHERE id = ?",
      ...[moves ? jobsText(after) : row.jobs, outcome, tells && !outlived && line !== "" ? line : row.tried],
      ...[tells && death !== "" ? death : row.death, delivery],
    );
    moveOutcome(db, row.outcome, outcome);
    db.run(
      "INSERT OR REPLACE INTO attempt (delivery, job, number, body) VALUES (?, ?, ?, ?)",
      delivery,
      job,
      number,
      tried.text,
    );
  }
  if (number > ATTEMPTS_KEPT)
    db.run(
      "DELETE FROM attempt WHERE delivery = ? AND job = ? AND number <= ?",
      delivery,
      job,
      number - ATTEMPTS_KEPT,
    );
  for (const { name, text } of tried.runs) insertRun(db, { delivery, job, name, text });
}

export interface RunText {
  readonly delivery: string;
  readonly job: string;
  /** `Kind namespace/name`. */
  readonly name: string;
  readonly text: string;
  readonly phase?: string | undefined;
  readonly progress?: string | undefined;
}

export function insertRun(db: SqliteDatabase, { delivery, job, name, text, phase, progress }: RunText): void {
  db.run(
    "INSERT OR IGNORE INTO run (delivery, job, name, object, body, phase, progress) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ...[delivery, job, name, name.split("/")[1] ?? "", text, phase ?? null, progress ?? null],
  );
}
