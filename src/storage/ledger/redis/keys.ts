/** The Redis driver's keys and the fields of its records, in one place. */

import type { ObjectName } from "../../../core/delivery.ts";
import type { Outcome } from "../../../core/ledger.ts";
import { claimOf } from "../claim.ts";
import type { Dropped, Facts, JobState, ReopenedJobs, StoredSummary } from "../record.ts";
import type { Term } from "./terms.ts";

export interface Keys {
  /** Written to see whether writes are taken. */
  readonly probe: string;
  /** Written by which version. */
  readonly version: string;
  /** Sorted set of all ids by time of arrival. */
  readonly index: string;
  /** The same of those with an outcome. */
  readonly outcomes: Readonly<Record<Outcome, string>>;
  /** The same of those that were pending when bodies of their age were forgotten. */
  readonly late: string;
  /**
   * Hash: `writes`; `bytes` that are kept; `forgotten` deliveries; `stripped`, the time up to which bodies were; `looked`,
   * when retention last did.
   */
  readonly totals: string;
  /** Hash: bytes that are kept of unproved deliveries, by `namespace/name` of the listener. */
  readonly unproved: string;
  /** Sorted set of the runs that have started and not ended, by when: delivery, tab, name. */
  readonly running: string;
  /** Sorted set of the listeners to which something was refused, `namespace/name`, by when that was last. */
  readonly refused: string;
  /** List of what was refused to one of them. */
  refusedOf(listener: string): string;
  /** Stream of what people did. */
  readonly acts: string;
  /** Hash of orders of many by id. */
  readonly batches: string;
  /** What every record's key starts with. */
  readonly records: string;
  /** What every claim's key starts with. */
  readonly claims: string;
  record(id: string): string;
  /** Sorted set of the ids that have a term. */
  term(term: Term): string;
  /** Who came first with this dedupe key; hashed, because the key is as long as its sender likes. */
  claim(listener: ObjectName, dedupeKey: string): string;
  /** Outcome of a delivery that was forgotten while its dedupe key still counts. */
  forgotten(id: string): string;
}

/** All keys share a hash tag: on a Cluster they live in one slot, where a script may touch them together (lua.ts). */
export function keysOf(prefix: string): Keys {
  const base = /\{[^}]+\}/.test(prefix) ? prefix : `{${prefix}}`;
  const outcomes = {
    created: `${base}:created`,
    filtered: `${base}:filtered`,
    duplicate: `${base}:duplicate`,
    dead: `${base}:dead`,
    pending: `${base}:pending`,
  };
  return {
    probe: `${base}:probe`,
    version: `${base}:version`,
    index: `${base}:deliveries`,
    outcomes,
    late: `${base}:late`,
    totals: `${base}:totals`,
    unproved: `${base}:unproved`,
    running: `${base}:running`,
    refused: `${base}:refused`,
    refusedOf: (listener) => `${base}:refused:${listener}`,
    acts: `${base}:acts`,
    batches: `${base}:batches`,
    records: `${base}:delivery:`,
    claims: `${base}:claim:`,
    record: (id) => `${base}:delivery:${id}`,
    term: (term) => `${base}:by:${term}`,
    claim: (listener, dedupeKey) => `${base}:claim:${claimOf(listener, dedupeKey)}`,
    forgotten: (id) => `${base}:forgotten:${id}`,
  };
}

/** Fields that a summary is made of, in the order of {@link readSummary}. */
export const SUMMARY_FIELDS = [
  ...["facts", "outcome", "first", "said", "tried", "jobs", "runs"],
  ...["failure", "death", "dropped"],
];

/** @returns undefined when no such record exists. */
export function readSummary(fields: readonly (string | null | undefined)[]): StoredSummary | undefined {
  const [facts, outcome, first, said, tried, jobs, runs, failure, death, dropped] = fields;
  if (typeof facts !== "string" || typeof outcome !== "string") return undefined;
  return {
    facts: JSON.parse(facts) as Facts,
    outcome: outcome as Outcome,
    ...(typeof first === "string" && { duplicateOf: first }),
    said: said ?? "",
    tried: tried ?? "",
    jobs: readJobs(jobs),
    failure: failure ?? "",
    death: death ?? "",
    ...(typeof dropped === "string" && { dropped: JSON.parse(dropped) as Dropped }),
    runs: readLines(runs).map(([, name]) => name),
  };
}

const letters = { p: "pending", d: "dead", c: "created" } as const;

/** Jobs that nobody has tried yet. */
export function writeJobs(ids: readonly string[]): string {
  return ids.length === 0 ? "" : `\n${ids.map((id) => `p${id}\n`).join("")}`;
}

export function readJobs(text: string | null | undefined): readonly JobState[] {
  const lines = (text ?? "").split("\n").filter((line) => line !== "");
  return lines.map((line) => ({ id: line.slice(1), state: letters[line[0] as keyof typeof letters] }));
}

/** Lines of job, number or name, and JSON. */
export function readLines(text: string | null | undefined): readonly (readonly [string, string, string])[] {
  const lines = (text ?? "").split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split("\t", 3) as [string, string, string]);
}

/** Lines of job, time and attempts. */
export function readReopened(text: string | null | undefined): ReopenedJobs {
  return new Map(
    readLines(text).map(([job, at, attempts]) => [job, { at: Number(at), attempts: Number(attempts) }]),
  );
}
