/** What a queue's report means for people: whether it is worked on, and why a job is not. */

import type { QueueReport } from "../admin/index.ts";
import type { TargetState } from "../core/job.ts";
import type { JobRecord } from "../core/ledger.ts";

/** What keeps jobs from being tried: a pause, targets that are away; empty when nothing is known to. */
export function hindrances({ paused, note, targets = [] }: QueueReport): readonly string[] {
  const pause = paused ? [`the queue is ${pausedWords(note)}`] : [];
  return [...pause, ...targets.filter(({ away }) => away).map(awayWords)];
}

/** Why a pending job is not created yet: each cause that is known, else its turn, else who would know. */
export function whyPending(report: QueueReport, { job, attempts }: Pick<JobRecord, "job" | "attempts">) {
  const { targets, waiting, active } = report;
  const own = targets?.filter(({ cluster }) => cluster === job.cluster);
  const known = hindrances({ ...report, ...(own && { targets: own }) });
  const nextAt = attempts.at(-1)?.nextAt;
  const all = nextAt === undefined ? known : [...known, `next try at ${new Date(nextAt).toISOString()}`];
  if (all.length > 0) return all.join("; ");
  return targets === undefined ? ASK_WORKER : `for its turn: ${waiting} waiting, ${active} in hand`;
}

/** Said where the store alone was asked, or a gateway that only takes in. */
export const ASK_WORKER =
  "whether its target answers, only a gateway that creates knows: ask one with --gateway";

export function pausedWords(note: QueueReport["note"]): string {
  const who = note?.actor === undefined ? "" : ` by ${note.actor}`;
  const why = note?.reason === undefined ? "" : `: ${note.reason}`;
  const since = note === undefined ? "" : ` since ${new Date(note.at).toISOString()}`;
  return `paused${since}${who}${why}`;
}

function awayWords({ name, since, reason }: TargetState): string {
  const from = since === undefined ? "" : ` since ${new Date(since).toISOString()}`;
  return `target ${name} is away${from}${reason === undefined ? "" : `: ${reason}`}`;
}
