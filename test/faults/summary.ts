/** What all runs of a row came to: sums of what was counted, the worst of what was measured. */

import type { Outcome } from "./perform.ts";

export interface RowSummary {
  readonly row: number;
  readonly name: string;
  readonly runs: number;
  readonly sent: number;
  readonly accepted: number;
  readonly unanswered: number;
  readonly objects: number;
  readonly lost: number;
  readonly twice: number;
  readonly strangers: number;
  /** Answers by status; 0 is none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds of the run that took longest. */
  readonly drainMs: number;
  /** The largest of each. */
  readonly measured: Readonly<Record<string, number>>;
  readonly defects: Readonly<Record<string, number>>;
  /** Of all runs; empty where each of them held. */
  readonly faults: readonly string[];
}

/** One for each row, in the order of their numbers. */
export function summarize(outcomes: readonly Outcome[]): readonly RowSummary[] {
  const rows = Map.groupBy(outcomes, ({ row }) => row);
  return [...rows.values()].map(summaryOf).sort((a, b) => a.row - b.row);
}

function summaryOf(outcomes: readonly Outcome[]): RowSummary {
  const { row = 0, name = "" } = outcomes[0] ?? {};
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((all, one) => all + count(one), 0);
  return {
    ...{ row, name, runs: outcomes.length },
    sent: sum(({ sent }) => sent),
    accepted: sum(({ accepted }) => accepted),
    unanswered: sum(({ unanswered }) => unanswered),
    objects: sum(({ objects }) => objects),
    lost: sum(({ lost }) => lost),
    twice: sum(({ twice }) => twice),
    strangers: sum(({ strangers }) => strangers),
    statuses: merged(outcomes, "statuses", (a, b) => a + b),
    drainMs: Math.max(...outcomes.map(({ drainMs }) => drainMs)),
    measured: merged(outcomes, "measured", Math.max),
    defects: merged(outcomes, "defects", (a, b) => a + b),
    faults: outcomes.flatMap(({ faults }) => faults),
  };
}

function merged(
  outcomes: readonly Outcome[],
  field: "statuses" | "measured" | "defects",
  merge: (a: number, b: number) => number,
): Record<string, number> {
  const all = new Map<string, number>();
  for (const outcome of outcomes) {
    for (const [key, value] of Object.entries(outcome[field])) {
      const known = all.get(key);
      all.set(key, known === undefined ? value : merge(known, value));
    }
  }
  return Object.fromEntries(all);
}
