/** The tally of an audit: what was counted from records, and in words what does not agree with it. */

import type { Audit, Outcome } from "../../core/ledger.ts";
import { OUTCOMES } from "../../core/ledger.ts";
import { VIOLATIONS_SHOWN } from "./limits.ts";

export interface Tally {
  delivery(outcome: Outcome): void;
  /** One object of a delivery, as `Kind namespace/name`: no two deliveries may have made it. */
  run(name: string, delivery: string): void;
  pending(job: string): void;
  violation(words: string): void;
  /** A violation only if no write came between: it was seen in two places at two moments. */
  unsure(words: string): void;
  /** Compares with totals that were kept along the way, of the same moment. */
  compare(totals: ReadonlyMap<Outcome, number>): void;
  /** Compares the number of records with the totals before and after a count that writes overtook. */
  compareTotal(before: number, after: number): void;
  audit(): Audit;
}

export function createTally(): Tally {
  const counts: Record<Outcome, number> = { created: 0, filtered: 0, duplicate: 0, dead: 0, pending: 0 };
  const owners = new Map<string, string>();
  const pendingJobs: string[] = [];
  const violations: string[] = [];
  const unsure: string[] = [];
  let unsaid = 0;
  let runs = 0;

  const accepted = () => OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  const violation = (words: string) => {
    if (violations.length < VIOLATIONS_SHOWN) violations.push(words);
    else unsaid++;
  };

  return {
    delivery: (outcome) => void counts[outcome]++,
    run(name, delivery) {
      const owner = owners.get(name);
      if (owner === undefined) {
        owners.set(name, delivery);
        runs++;
      } else if (owner !== delivery)
        violation(`${name} was created by two deliveries: ${owner} and ${delivery}`);
    },
    pending: (job) => void pendingJobs.push(job),
    violation,
    unsure: (words) => void unsure.push(words),
    compare(totals) {
      unsure.forEach(violation);
      for (const outcome of OUTCOMES) {
        const total = totals.get(outcome) ?? 0;
        if (total === counts[outcome]) continue;
        violation(`${total} deliveries were counted as ${outcome}, but ${counts[outcome]} records are`);
      }
    },
    compareTotal(before, after) {
      if (accepted() >= before && accepted() <= after) return;
      violation(
        `between ${before} and ${after} deliveries were counted, but there are ${accepted()} records`,
      );
    },
    audit: () => ({
      accepted: accepted(),
      ...counts,
      runs,
      pendingJobs,
      violations: unsaid === 0 ? violations : [...violations, `and ${unsaid} more`],
    }),
  };
}
