/** Why a delivery is dead: the code and reason that its dead letters are grouped by. */

import type { Decision } from "../../core/decision.ts";
import type { Attempt } from "../../core/job.ts";
import { LINE_CHARS } from "./limits.ts";
import type { StoredSummary } from "./record.ts";
import { clean } from "./text.ts";

export interface Cause {
  /** From the error table; `unknown` where none was given. */
  readonly code: string;
  readonly reason: string;
}

const UNKNOWN = "unknown";

/** The first decision that failed, as it is stored; empty when none did. */
export function failureOf(decisions: readonly Decision[]): string {
  const failed = decisions.find((decision) => decision.result === "failed");
  return failed === undefined ? "" : writeCause(failed);
}

/** An attempt that gave up, as it is stored; empty for any other. */
export function deathOf(attempt: Attempt): string {
  return attempt.outcome === "dead" ? writeCause(attempt) : "";
}

/**
 * The cause of a dead delivery: what killed a job goes before what a decision failed of, as in its one-line reason.
 * Records written before causes were kept have only that line; its code is split off where it begins with one.
 */
export function causeOf(stored: StoredSummary): Cause {
  const byJob = stored.jobs.some((job) => job.state === "dead");
  const cause = byJob ? stored.death : stored.failure;
  if (cause !== "") return readCause(cause);
  const line = byJob ? stored.tried : stored.said;
  const [, code, reason] = /^(SLUICE_[A-Z_]+): (.*)$/s.exec(line) ?? [];
  return { code: code ?? UNKNOWN, reason: reason ?? line };
}

// Cleaned text holds no tab, so the first one parts the two.
function writeCause({
  code = UNKNOWN,
  reason = "",
}: {
  readonly code?: string;
  readonly reason?: string;
}): string {
  return `${code}\t${clean(reason, LINE_CHARS)}`;
}

function readCause(text: string): Cause {
  const tab = text.indexOf("\t");
  return { code: text.slice(0, tab), reason: text.slice(tab + 1) };
}
