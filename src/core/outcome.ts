/** The class of the conservation law that a delivery belongs to: a function of its decisions and jobs. */

import { type Decision, isWaiting } from "./decision.ts";
import type { JobRecord, Outcome } from "./ledger.ts";

/**
 * pending while something is still to be decided or created; else dead when something waits for a person (a failed
 * decision, a dead job); else created when anything matched; else filtered.
 *
 * @param decisions undefined while a worker has still to decide.
 * @param jobs states of the matched decisions' jobs; a job that is not listed is pending.
 */
export function outcomeOf(
  decisions: readonly Pick<Decision, "result">[] | undefined,
  jobs: readonly Pick<JobRecord, "state">[] = [],
): Outcome {
  if (decisions === undefined || decisions.some(isWaiting)) return "pending";
  const matched = decisions.filter((decision) => decision.result === "matched").length;
  if (jobs.length < matched || jobs.some((job) => job.state === "pending")) return "pending";
  if (decisions.some((decision) => decision.result === "failed")) return "dead";
  if (jobs.some((job) => job.state === "dead")) return "dead";
  return matched > 0 ? "created" : "filtered";
}
