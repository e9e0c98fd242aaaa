/** The Redis driver's keys and the fields of its records, in one place. */

import type { ObjectName } from "../core/delivery.ts";
import type { Outcome } from "../core/ledger.ts";
import { claimOf } from "./claim.ts";
import type { Facts, JobState, StoredSummary } from "./record.ts";

export interface Keys {
  /** Written by which version. */
  readonly version: string;
  /** Sorted set of all ids by time of arrival. */
  readonly index: string;
  /** The same of those whose outcome is pending. */
  readonly pending: string;
  /** Hash: deliveries by outcome, and `writes`. */
  readonly totals: string;
  /** What every record's key starts with. */
  readonly records: string;
  record(id: string): string;
  /** Who came first with this dedupe key; hashed, because the key is as long as its sender likes. */
  claim(listener: ObjectName, dedupeKey: string): string;
}

/** All keys share a hash tag: on a Cluster they live in one slot, where a script may touch them together. */
export function keysOf(prefix: string): Keys {
  const base = /\{[^}]+\}/.test(prefix) ? prefix : `{${prefix}}`;
  return {
    version: `${base}:version`,
    index: `${base}:deliveries`,
    pending: `${base}:pending`,
    totals: `${base}:totals`,
    records: `${base}:delivery:`,
    record: (id) => `${base}:delivery:${id}`,
    claim: (listener, dedupeKey) => `${base}:claim:${claimOf(listener, dedupeKey)}`,
  };
}

/** Fields that a summary is made of, in the order of {@link readSummary}. */
export const SUMMARY_FIELDS = ["facts", "outcome", "first", "said", "tried", "jobs", "runs"] as const;

/** @returns undefined when no such record exists. */
export function readSummary(fields: readonly (string | null | undefined)[]): StoredSummary | undefined {
  const [facts, outcome, first, said, tried, jobs, runs] = fields;
  if (typeof facts !== "string" || typeof outcome !== "string") return undefined;
  return {
    facts: JSON.parse(facts) as Facts,
    outcome: outcome as Outcome,
    ...(typeof first === "string" && { duplicateOf: first }),
    said: said ?? "",
    tried: tried ?? "",
    jobs: readJobs(jobs),
    runs: readLines(runs).map(([, name]) => name),
  };
}

const letters = { p: "pending", d: "dead", c: "created" } as const;

/** @param jobs undefined or empty when there are none. */
export function writeJobs(jobs: readonly { readonly id: string }[]): string {
  return jobs.length === 0 ? "" : `\n${jobs.map(({ id }) => `p${id}\n`).join("")}`;
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
